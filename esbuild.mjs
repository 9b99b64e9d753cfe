// Bundles the programs of this package into dist/: `node esbuild.mjs`, or with `--watch` again at every change.
import * as esbuild from 'esbuild';
import { chmodSync, existsSync, mkdirSync, readFileSync, realpathSync, renameSync, writeFileSync } from 'node:fs';
import { basename, dirname } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = dirname(fileURLToPath(import.meta.url));

/** Every program: its source and whether a person starts it. Output: `dist/<name>.js`. */
const programs = [
  { name: 'cli', source: 'backend/cli.ts', isCommand: true },
  { name: 'engine', source: 'backend/engine/local/process.ts', isCommand: false },
  { name: 'grader', source: 'backend/rewards/graderWorker.ts', isCommand: false },
];

/** Packages with native code stay outside; they find their binary beside themselves. */
const nativePackages = ['onnxruntime-node', '@photostructure/sqlite'];

// CommonJS packages in an ES module bundle call `require` for Node's own modules.
const requireShim = "import { createRequire as createRequireOfBundle } from 'node:module';\nconst require = createRequireOfBundle(import.meta.url);";

/** @type {(program: (typeof programs)[number]) => esbuild.BuildOptions} */
function optionsOf({ name, source, isCommand }) {
  return {
    absWorkingDir: root,
    entryPoints: { [name]: source },
    outdir: 'dist',
    bundle: true,
    platform: 'node',
    target: 'node20',
    format: 'esm',
    // jsonc-parser's `main` is a UMD file that no bundler can follow.
    mainFields: ['module', 'main'],
    external: nativePackages,
    sourcemap: true,
    logLevel: 'warning',
    write: false,
    banner: { js: isCommand ? `#!/usr/bin/env node\n${requireShim}` : requireShim },
    plugins: [
      {
        name: 'write-whole-files',
        setup(build) {
          build.onEnd(({ outputFiles }) => {
            for (const file of outputFiles ?? []) replaceFile(file.path, file.contents, isCommand && file.path.endsWith('.js') ? 0o755 : 0o644);
          });
        },
      },
    ],
  };
}

/**
 * Renamed into place, and only if it differs: a program that starts during a build never reads half a file.
 * @param {string} path
 * @param {Uint8Array} contents
 * @param {number} mode
 */
function replaceFile(path, contents, mode) {
  if (existsSync(path) && readFileSync(path).equals(contents)) return;
  mkdirSync(dirname(path), { recursive: true });
  const partial = `${path}.${process.pid}.partial`;
  writeFileSync(partial, contents);
  chmodSync(partial, mode);
  renameSync(partial, path);
}

function existingPrograms() {
  return programs.filter(({ name, source }) => {
    const exists = existsSync(`${root}/${source}`);
    if (!exists) console.log(`dist/${name}.js is left out: there is no ${source} yet.`);
    return exists;
  });
}

export async function buildAll() {
  await Promise.all(existingPrograms().map((program) => esbuild.build(optionsOf(program))));
}

async function watchAll() {
  for (const program of existingPrograms()) {
    const context = await esbuild.context({ ...optionsOf(program), logLevel: 'info' });
    await context.watch();
  }
}

const isStartedDirectly = process.argv[1] !== undefined && realpathSync(process.argv[1]) === fileURLToPath(import.meta.url);
if (isStartedDirectly) {
  const isWatch = process.argv.includes('--watch');
  try {
    await (isWatch ? watchAll() : buildAll());
  } catch (error) {
    // esbuild has printed the places already.
    console.error(`${basename(import.meta.url)}: ${error instanceof Error ? (error.message.split('\n')[0] ?? '') : String(error)}`);
    process.exitCode = 1;
  }
}
