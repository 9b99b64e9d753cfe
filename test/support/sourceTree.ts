/** The source files of the repository, for tests that read them as text. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { SourceTree } from './layers.ts';

export const repositoryRoot = fileURLToPath(new URL('../..', import.meta.url));

/** Every `.ts` file under the given folders of the repository; a folder that is not there holds none. */
export function readSources(folders: readonly string[]): SourceTree {
  const tree = new Map<string, string>();
  for (const folder of folders) {
    if (!existsSync(join(repositoryRoot, folder))) continue;
    const files = readdirSync(join(repositoryRoot, folder), { recursive: true, encoding: 'utf8' });
    for (const file of files.filter((name) => name.endsWith('.ts')).sort()) {
      const path = `${folder}/${file.replaceAll('\\', '/')}`;
      tree.set(path, readFileSync(join(repositoryRoot, path), 'utf8'));
    }
  }
  return tree;
}
