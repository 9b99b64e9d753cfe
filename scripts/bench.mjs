// Runs the benchmarks, each a script in test/bench/ that prints its numbers: `npm run bench`, or `npm run bench -- name …` for some.
import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const folder = join(root, 'test', 'bench');
const wanted = process.argv.slice(2);
const found = existsSync(folder)
  ? readdirSync(folder)
      .filter((file) => file.endsWith('.ts'))
      .map((file) => basename(file, '.ts'))
      .sort()
  : [];
const unknown = wanted.filter((name) => !found.includes(name));

if (unknown.length > 0 || found.length === 0) {
  console.error(`No benchmark ${unknown.join(', ')} in test/bench. There: ${found.join(', ') || 'none'}.`);
  process.exitCode = 1;
} else {
  for (const name of wanted.length > 0 ? wanted : found) {
    console.log(`\n> ${name}`);
    const { status } = spawnSync(process.execPath, ['--import', 'tsx', join(folder, `${name}.ts`)], { cwd: root, stdio: 'inherit' });
    if (status !== 0) process.exitCode = 1;
  }
}
