// Packages the extension: `npm run package` for this platform, `-- --target win32-x64` for another, `-- --all` for every one.
// Each .vsix holds the native files of its platform only. Output: `dist/<name>-<target>.vsix`.
import { spawnSync } from 'node:child_process';
import {
  copyFileSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  realpathSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { buildAll } from '../esbuild.mjs';
import { filesOf, readMetafile } from './bundles.mjs';

const root = dirname(dirname(fileURLToPath(import.meta.url)));

/** Platforms that onnxruntime-node brings a library for. */
export const targets = ['linux-x64', 'linux-arm64', 'darwin-arm64', 'win32-x64', 'win32-arm64'];
export const thisTarget = `${process.platform}-${process.arch}`;

const trainers = ['cli.js', 'backend.js'];
const otherPrograms = ['engine.js', 'grader.js', 'computeEngine.js', 'proxyFetch.js', 'rewardFunction.js', 'extension.cjs'];
const pages = ['run', 'rollouts', 'lab', 'experiment'];
const otherFiles = ['codicon.css', 'codicon.ttf'].map((name) => `dist/webview/${name}`);
/** Below media/: pictures of the README and reports stay out. */
const media = ['icon.png', 'activityBar.svg', 'panels', 'walkthrough', 'demo', 'prompts', 'schema'];

/** @param {string} target */
export function vsixPath(target) {
  return join(root, 'dist', `critique-grpo-workbench-${target}.vsix`);
}

/**
 * Makes the package of a built tree and returns its path.
 * @param {string} target
 */
export function packageFor(target) {
  if (!targets.includes(target)) throw new Error(`There is no package for ${target}. Targets: ${targets.join(', ')}.`);
  const stage = mkdtempSync(join(tmpdir(), 'critique-grpo-package-'));
  try {
    fillStage(stage, target);
    const vsce = join(root, 'node_modules/@vscode/vsce/vsce');
    const args = ['package', '--target', target, '--no-dependencies', '--allow-missing-repository', '--out', vsixPath(target)];
    const { status, stdout, stderr } = spawnSync(process.execPath, [vsce, ...args], { cwd: stage, encoding: 'utf8' });
    if (status !== 0) throw new Error(`vsce does not package ${target}:\n${stdout}${stderr}`);
  } finally {
    rmSync(stage, { recursive: true, force: true });
  }
  return vsixPath(target);
}

/**
 * The tree as it will be installed.
 * @param {string} stage
 * @param {string} target
 */
function fillStage(stage, target) {
  const copy = (/** @type {string} */ path) => {
    mkdirSync(dirname(join(stage, path)), { recursive: true });
    cpSync(join(root, path), join(stage, path), { recursive: true });
  };
  const whole = { withLazy: true };
  const trainerFiles = trainers.flatMap((name) => filesOf(readMetafile('trainers'), `dist/${name}`, whole));
  const pageFiles = pages.flatMap((name) => filesOf(readMetafile('webview'), `dist/webview/${name}.js`, whole));
  for (const path of new Set([...trainerFiles, ...otherPrograms.map((name) => `dist/${name}`), ...pageFiles, ...otherFiles, 'LICENSE'])) copy(path);
  for (const name of media) if (existsSync(join(root, 'media', name))) copy(`media/${name}`);
  copyNativePackages(stage, target);
  writeFileSync(join(stage, 'package.json'), JSON.stringify(manifest(), null, 2));
  writeFileSync(join(stage, 'README.md'), readme());
}

/** What the development of the extension needs is not the installed one's. */
function manifest() {
  /** @type {unknown} */
  const whole = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
  const ofDevelopment = ['private', 'bin', 'scripts', 'allowScripts', 'dependencies', 'devDependencies'];
  return Object.fromEntries(Object.entries(/** @type {object} */ (whole)).filter(([key]) => !ofDevelopment.includes(key)));
}

/** Without pictures and links to files of the repository: the page of an installed extension shows neither. */
function readme() {
  return readFileSync(join(root, 'README.md'), 'utf8')
    .replaceAll(/^!\[[^\]]*\]\((?!https:)[^)]*\)\n\n?/gm, '')
    .replaceAll(/(?<!!)\[([^\]]*)\]\((?!https?:|#)[^)]*\)/g, '$1');
}

/**
 * Beside the programs that import them, not in a node_modules of the package, which vsce would take for its own business.
 * @param {string} stage
 * @param {string} target
 */
function copyNativePackages(stage, target) {
  const [platform, arch] = /** @type {[string, string]} */ (target.split('-'));
  const take = (/** @type {string} */ packageName, /** @type {(path: string) => boolean} */ isWanted) => {
    const from = join(root, 'node_modules', packageName);
    const to = join(stage, 'dist/node_modules', packageName);
    for (const path of readdirSync(from, { recursive: true, encoding: 'utf8' }).map((name) => name.replaceAll('\\', '/'))) {
      if (!isWanted(path) || !statSync(join(from, path)).isFile()) continue;
      mkdirSync(dirname(join(to, path)), { recursive: true });
      copyFileSync(join(from, path), join(to, path));
    }
  };
  const isText = (/** @type {string} */ path) => path === 'package.json' || /^LICENSE/.test(path);
  const library = `bin/napi-v6/${platform}/${arch}/`;
  // The macOS library is there under two names; the binding asks for the shorter.
  const isSecondCopy = (/** @type {string} */ path) => /libonnxruntime\.\d+\.\d+\.\d+\.dylib$/.test(path);
  take('onnxruntime-node', (path) => isText(path) || /^dist\/.*\.js$/.test(path) || (path.startsWith(library) && !isSecondCopy(path)));
  take('onnxruntime-common', (path) => isText(path) || /^dist\/cjs\/.*\.js(on)?$/.test(path));
  // onnxruntime is for glibc only, so SQLite's build for musl would never be used.
  take(
    '@photostructure/sqlite',
    (path) => isText(path) || path === 'dist/index.cjs' || (path.startsWith(`prebuilds/${target}/`) && !path.endsWith('.musl.node')),
  );
  take('node-gyp-build', (path) => isText(path) || ['index.js', 'node-gyp-build.js'].includes(path));
}

const isStartedDirectly = process.argv[1] !== undefined && realpathSync(process.argv[1]) === fileURLToPath(import.meta.url);
if (isStartedDirectly) {
  const args = process.argv.slice(2);
  const wanted = args.includes('--all') ? targets : [args.includes('--target') ? (args[args.indexOf('--target') + 1] ?? '') : thisTarget];
  try {
    await buildAll();
    for (const target of wanted) {
      const path = packageFor(target);
      console.log(`${path} (${(statSync(path).size / 1e6).toFixed(1)} MB)`);
    }
  } catch (error) {
    console.error(error instanceof Error ? error.message : String(error));
    process.exitCode = 1;
  }
}
