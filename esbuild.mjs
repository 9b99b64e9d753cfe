// Bundles everything that runs into dist/: `node esbuild.mjs`, or with `--watch` again at every change.
import * as esbuild from 'esbuild';
import { chmodSync, existsSync, mkdirSync, readFileSync, readdirSync, realpathSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = dirname(fileURLToPath(import.meta.url));

/** The two programs that are nearly the same code. Output: `dist/<name>.js`, and what they share as `dist/part-….js` beside them. */
const trainers = [
  { name: 'cli', source: 'backend/cli.ts' },
  { name: 'backend', source: 'backend/main.ts' },
];

/** Programs that trainers start: `dist/<name>.js`. */
const children = [
  { name: 'engine', source: 'backend/engine/local/process.ts' },
  { name: 'grader', source: 'backend/rewards/graderWorker.ts' },
  { name: 'computeEngine', source: 'backend/rewards/math/computeEngine.ts' },
  { name: 'proxyFetch', source: 'backend/net/proxyFetch.ts', isCommand: false },
  { name: 'rewardFunction', source: 'backend/rewards/ownFunction/rewardFunction.ts' },
];

/** Pages, each with its stylesheet: `dist/webview/<name>.js` and `.css`. */
const pages = ['run', 'rollouts', 'lab', 'experiment', 'gallery'].map((name) => ({ name, source: `webview/${name}/main.ts` }));

const extension = { name: 'extension', source: 'extension/extension.ts' };

/** Files that pages load as they are: output below `dist/webview/`, and source. */
const copies = [
  { name: 'codicon.css', source: 'node_modules/@vscode/codicons/dist/codicon.css' },
  { name: 'codicon.ttf', source: 'node_modules/@vscode/codicons/dist/codicon.ttf' },
  { name: 'gallery.html', source: 'webview/gallery/gallery.html' },
];

/** Packages with native code stay outside; they find their binary beside themselves. */
const nativePackages = ['onnxruntime-node', '@photostructure/sqlite'];
/** `ws` takes these when they are there; it needs none. */
const optionalPackages = ['bufferutil', 'utf-8-validate'];

// CommonJS packages in an ES module bundle call `require` for Node's own modules.
const requireShim = "import { createRequire as createRequireOfBundle } from 'node:module';\nconst require = createRequireOfBundle(import.meta.url);";

/** @type {esbuild.BuildOptions} */
const shared = {
  absWorkingDir: root,
  bundle: true,
  // jsonc-parser's `main` is a UMD file that no bundler can follow.
  mainFields: ['module', 'main'],
  sourcemap: true,
  logLevel: 'warning',
  write: false,
};

/** @type {esbuild.BuildOptions} */
const ofBackend = {
  ...shared,
  outdir: 'dist',
  platform: 'node',
  target: 'node20',
  format: 'esm',
  external: [...nativePackages, ...optionalPackages],
  banner: { js: requireShim },
};

/** @type {(entries: readonly { name: string, source: string }[]) => esbuild.BuildOptions} */
function trainerOptions(entries) {
  return {
    ...ofBackend,
    entryPoints: Object.fromEntries(entries.map(({ name, source }) => [name, source])),
    splitting: true,
    // Not in a folder of their own: programs look for each other beside the file that their code stands in.
    chunkNames: 'part-[hash]',
    metafile: true,
    plugins: [loadedLate, wholeFiles((path) => (basename(path) === 'cli.js' ? 0o755 : 0o644)), sweptParts, recorded('trainers')],
  };
}

/** @type {(entry: { name: string, source: string }) => esbuild.BuildOptions} */
function childOptions({ name, source }) {
  return {
    ...ofBackend,
    entryPoints: { [name]: source },
    // All of it is a library's: nobody reads it, and the package is smaller.
    minify: name === 'computeEngine' || name === 'proxyFetch',
    plugins: [loadedLate, wholeFiles()],
  };
}

/** @returns {esbuild.BuildOptions} */
function extensionOptions() {
  return {
    ...shared,
    entryPoints: { [extension.name]: extension.source },
    outdir: 'dist',
    outExtension: { '.js': '.cjs' },
    platform: 'node',
    // The Node of the oldest VS Code in engines.vscode.
    target: 'node22',
    format: 'cjs',
    external: ['vscode', ...optionalPackages],
    plugins: [wholeFiles()],
  };
}

/** @type {(entries: typeof pages, isMinified: boolean) => esbuild.BuildOptions} */
function pageOptions(entries, isMinified) {
  return {
    ...shared,
    entryPoints: Object.fromEntries(entries.map(({ name, source }) => [name, source])),
    outdir: 'dist/webview',
    platform: 'browser',
    target: 'es2022',
    format: 'esm',
    // What a page imports when it is needed becomes a file of its own.
    splitting: true,
    chunkNames: 'chunks/[name]-[hash]',
    assetNames: 'fonts/[name]',
    mainFields: ['browser', 'module', 'main'],
    // toolkit and lit ship a chattier build for development.
    conditions: isMinified ? ['production'] : ['development'],
    loader: { '.woff2': 'file', '.ttf': 'file' },
    minify: isMinified,
    metafile: true,
    plugins: [modernFontsOnly, wholeFiles(), sweptFolder, recorded('webview')],
  };
}

/**
 * Libraries that few processes ever need: programs of their own in `dist/`, which others import when they do.
 * @type {esbuild.Plugin}
 */
const loadedLate = {
  name: 'loaded-late',
  setup(build) {
    build.onResolve({ filter: /\/(?:computeEngine|proxyFetch)\.ts$/ }, ({ kind, path }) =>
      kind === 'dynamic-import' ? { path: `./${basename(path, '.ts')}.js`, external: true } : null,
    );
  },
};

/**
 * KaTeX names each font in three formats, best first; browsers that run the editor take the first.
 * @type {esbuild.Plugin}
 */
const modernFontsOnly = {
  name: 'modern-fonts-only',
  setup(build) {
    build.onResolve({ filter: /KaTeX_.*\.(woff|ttf)$/ }, ({ path }) => ({ path, external: true }));
  },
};

/**
 * Writes what is in each bundle to `dist/<name>.json`.
 * @param {string} name
 * @returns {esbuild.Plugin}
 */
function recorded(name) {
  return {
    name: 'recorded',
    setup(build) {
      build.onEnd(({ metafile, errors }) => {
        if (errors.length === 0) replaceFile(join(root, `dist/${name}.json`), Buffer.from(JSON.stringify(metafile)));
      });
    },
  };
}

/**
 * Removes the parts of earlier builds, once no program that was started from them can still want to load one.
 * @type {esbuild.Plugin}
 */
const sweptParts = {
  name: 'swept-parts',
  setup(build) {
    build.onEnd(({ outputFiles, errors }) => {
      if (errors.length > 0) return;
      const kept = new Set((outputFiles ?? []).map(({ path }) => path));
      const aDayAgo = Date.now() - 24 * 3600 * 1000;
      const parts = readdirSync(join(root, 'dist')).filter((name) => /^part-.*\.js(\.map)?$/.test(name));
      for (const path of parts.map((name) => join(root, 'dist', name))) {
        if (!kept.has(path) && statSync(path).mtimeMs < aDayAgo) rmSync(path, { force: true });
      }
    });
  },
};

/**
 * Keeps no chunk of an earlier build, and adds the copied files.
 * @type {esbuild.Plugin}
 */
const sweptFolder = {
  name: 'swept-folder',
  setup(build) {
    build.onEnd(({ outputFiles, errors }) => {
      if (errors.length > 0) return;
      const folder = join(root, 'dist/webview');
      const present = copies.filter(({ source }) => existsSync(join(root, source)));
      for (const { name, source } of present) replaceFile(join(folder, name), readFileSync(join(root, source)));
      const kept = new Set([...(outputFiles ?? []).map(({ path }) => path), ...present.map(({ name }) => join(folder, name))]);
      for (const path of filesBelow(folder)) if (!kept.has(path) && !path.endsWith('.partial')) rmSync(path, { force: true });
    });
  },
};

/**
 * @param {(path: string) => number} [mode]
 * @returns {esbuild.Plugin}
 */
function wholeFiles(mode = () => 0o644) {
  return {
    name: 'whole-files',
    setup(build) {
      build.onEnd(({ outputFiles }) => {
        for (const file of outputFiles ?? []) replaceFile(file.path, file.contents, mode(file.path));
      });
    },
  };
}

/**
 * Renamed into place, and only if it differs: a program that starts during a build never reads half a file.
 * @param {string} path
 * @param {Uint8Array} contents
 * @param {number} [mode]
 */
function replaceFile(path, contents, mode = 0o644) {
  if (existsSync(path) && readFileSync(path).equals(contents)) return;
  mkdirSync(dirname(path), { recursive: true });
  const partial = `${path}.${process.pid}.partial`;
  writeFileSync(partial, contents);
  chmodSync(partial, mode);
  renameSync(partial, path);
}

/** @param {string} folder */
function filesBelow(folder) {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name));
}

/** @param {boolean} isMinified */
function allOptions(isMinified) {
  const presentPages = pages.filter(isPresent);
  return [
    trainerOptions(trainers.filter(isPresent)),
    ...children.filter(isPresent).map(childOptions),
    ...(isPresent(extension) ? [extensionOptions()] : []),
    ...(presentPages.length > 0 ? [pageOptions(presentPages, isMinified)] : []),
  ];
}

/** @param {{ name: string, source: string }} entry */
function isPresent({ name, source }) {
  const exists = existsSync(join(root, source));
  if (!exists) console.log(`${name} is left out: there is no ${source} yet.`);
  return exists;
}

export async function buildAll() {
  await Promise.all(allOptions(true).map((options) => esbuild.build(options)));
}

async function watchAll() {
  for (const options of allOptions(false)) {
    const context = await esbuild.context({ ...options, logLevel: 'info' });
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
