// Opens the packaged extension in a VS Code in the browser: `npm run workbench`, or `-- <folder>` for a folder of yours. Loopback only.
import { mkdirSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { buildAll } from '../esbuild.mjs';
import { installExtension, startCodeServer } from './codeServer.mjs';
import { packageFor, thisTarget } from './package.mjs';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const folder = join(root, '.critique-grpo', 'workbench');
// `npm run` changes the folder to the package's; a path means where the person is.
const wanted = process.argv[2];
const workspace = wanted === undefined ? join(folder, 'demo') : resolve(process.env['INIT_CWD'] ?? '.', wanted);

try {
  mkdirSync(folder, { recursive: true });
  mkdirSync(workspace, { recursive: true });
  await buildAll();
  installExtension(folder, packageFor(thisTarget));
  const server = await startCodeServer({ folder, port: Number(process.env['PORT'] ?? 8139) });
  console.log(
    `VS Code with the extension: ${server.url(workspace)}\nPress F1 and choose "Critique-GRPO: Start Training". Ctrl+C ends the editor; a run in progress goes on.`,
  );
  for (const signal of ['SIGINT', 'SIGTERM']) {
    process.once(signal, () => void server.stop().then(() => process.exit(0)));
  }
} catch (error) {
  console.error(error instanceof Error ? error.message : String(error));
  process.exitCode = 1;
}
