/** Writes the generated files into `media/demo`: `npx tsx backend/data/demo/writeFiles.ts`. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { demoFiles } from './files.ts';

const folder = join(import.meta.dirname, '../../../media/demo');
for (const [path, text] of Object.entries(demoFiles())) {
  mkdirSync(dirname(join(folder, path)), { recursive: true });
  writeFileSync(join(folder, path), text);
}
