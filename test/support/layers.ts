/** The layers of the source tree and a checker of every import against them. Works on any tree, so that it can itself be tested. */
import { builtinModules } from 'node:module';
import { posix } from 'node:path';
import ts from 'typescript';

/** Path from the root, with `/` → text. */
export type SourceTree = ReadonlyMap<string, string>;

export interface Layers {
  /** Each layer (a folder) and the layers it may import. Where layers nest, a file belongs to the deepest. `x/*` is every layer in x, and x. */
  readonly mayImport: Readonly<Record<string, readonly string[]>>;
  /** A package and the only places (folders or files) that may import it. */
  readonly doors: Readonly<Record<string, readonly string[]>>;
  /** Layers of plain computation, each with the packages it may import nonetheless. No `node:` modules either. */
  readonly pure: Readonly<Record<string, readonly string[]>>;
}

const stages = ['backend/text', 'backend/data', 'backend/rewards', 'backend/critics', 'backend/store'];
const records = ['backend/protocol', 'backend/core'];

export const layers: Layers = {
  mayImport: {
    'backend/protocol': [],
    'backend/core': [],
    'backend/graph': ['backend/core'],
    'backend/models': ['backend/graph', 'backend/core'],
    // The contract; each engine beside it knows that, and no other engine.
    'backend/engine': ['backend/graph'],
    'backend/engine/local': ['backend/engine', 'backend/graph', 'backend/models', 'backend/core'],
    'backend/engine/tinker': ['backend/engine', 'backend/models', 'backend/graph', 'backend/net', 'backend/core'],
    ...Object.fromEntries(stages.map((stage) => [stage, records])),
    // Requests to other machines, through a proxy where there is one.
    'backend/net': ['backend/core'],
    'backend/critics': ['backend/net', ...records],
    // The demonstration's documents contain critiques in the words of the step-level critic.
    'backend/data/demo': ['backend/data', 'backend/critics', ...records],
    'backend/algorithms': ['backend/graph', ...records],
    'backend/training': [...stages, 'backend/hub', 'backend/algorithms', 'backend/engine/*', 'backend/models', 'backend/graph', ...records],
    // Downloads from a model hub into the cache that Python shares.
    'backend/hub': ['backend/net', 'backend/core'],
    // Grids of runs, and the tables and figures made from them.
    'backend/experiments': [
      'backend/training',
      'backend/store',
      'backend/data',
      'backend/algorithms',
      'backend/critics',
      'backend/rewards',
      ...records,
    ],
    // What other tools read and write.
    'backend/exchange': ['backend/store', 'backend/data', ...records],
    'backend/server': ['backend/training', 'backend/experiments', 'backend/exchange', 'backend/store', ...records],
    // Composition roots: main.ts, cli.ts and the commands of the command line.
    'backend/cli': ['backend/*'],
    backend: ['backend/*'],
    extension: ['backend/protocol', 'extension/contract'],
    'extension/contract': ['backend/protocol'],
    webview: ['backend/protocol', 'backend/core', 'extension/contract'],
  },
  doors: {
    'onnxruntime-node': ['backend/engine/local'],
    'onnxruntime-common': ['backend/engine/local'],
    '@photostructure/sqlite': ['backend/store'],
    'node:sqlite': ['backend/store'],
    commander: ['backend/cli'],
    hyparquet: ['backend/data/parquet'],
    'hyparquet-compressors': ['backend/data/parquet'],
    'hyparquet-writer': ['backend/data/parquet'],
    '@cortex-js/compute-engine': ['backend/rewards'],
    openai: ['backend/critics'],
    sucrase: ['backend/rewards'],
    undici: ['backend/net'],
    vscode: ['extension'],
    ws: ['backend/server', 'extension/backend'],
    'vscode-jsonrpc': ['backend/server', 'extension/backend'],
    '@vscode/webview-ui-toolkit': ['webview/ui'],
    '@vscode/codicons': ['webview/ui'],
    'markdown-it': ['webview/ui'],
    katex: ['webview/ui'],
    lit: ['webview'],
    uplot: ['webview/charts'],
    diff: ['webview'],
  },
  pure: {
    'backend/protocol': ['zod'],
    'backend/core': [],
    'backend/graph': [],
    'backend/algorithms': [],
    'extension/contract': [],
  },
};

/** The layers of a cycle in the table, first one repeated at the end; null if there is none. */
export function layerCycle(mayImport: Layers['mayImport']): readonly string[] | null {
  const done = new Set<string>();
  const visit = (layer: string, trail: readonly string[]): readonly string[] | null => {
    if (trail.includes(layer)) return [...trail.slice(trail.indexOf(layer)), layer];
    if (done.has(layer)) return null;
    for (const next of mayImport[layer] ?? []) {
      const cycle = next.endsWith('*') ? null : visit(next, [...trail, layer]);
      if (cycle !== null) return cycle;
    }
    done.add(layer);
    return null;
  };
  for (const layer of Object.keys(mayImport)) {
    const cycle = visit(layer, []);
    if (cycle !== null) return cycle;
  }
  return null;
}

/** One line a forbidden import. Imports of types count as well; `dependencies` are the packages that the product may use at all. */
export function importProblems(tree: SourceTree, rules: Layers, dependencies: readonly string[]): string[] {
  const problems: string[] = [];
  for (const [path, text] of tree) {
    const layer = layerOf(path, rules);
    if (layer === null) {
      problems.push(`${path} is in no layer: add its folder to test/support/layers.ts`);
      continue;
    }
    for (const specifier of importsOf(text)) {
      const problem = specifier.startsWith('.')
        ? fileProblem(path, layer, specifier, rules)
        : packageProblem(path, layer, specifier, rules, dependencies);
      if (problem !== null) problems.push(`${path} ${problem}`);
    }
  }
  return problems;
}

/** Every module specifier in a file: static, dynamic, type-only and re-exporting. */
export function importsOf(text: string): string[] {
  return ts.preProcessFile(text, true, true).importedFiles.map(({ fileName }) => fileName);
}

function fileProblem(path: string, layer: string, specifier: string, rules: Layers): string | null {
  const target = posix.join(posix.dirname(path), specifier);
  if (!/\.(ts|json|css)$/.test(specifier)) return `imports ${specifier} without its ending`;
  const targetLayer = layerOf(target, rules);
  if (targetLayer === null) return `imports ${target}, which is in no layer`;
  const isAllowed = targetLayer === layer || (rules.mayImport[layer] ?? []).some((pattern) => isMatch(pattern, targetLayer));
  return isAllowed ? null : `may not import ${target}`;
}

function packageProblem(path: string, layer: string, specifier: string, rules: Layers, dependencies: readonly string[]): string | null {
  const isBuiltin = specifier.startsWith('node:');
  const name = isBuiltin ? specifier : packageName(specifier);
  if (!isBuiltin && builtinModules.includes(name)) return `imports ${name} without "node:"`;
  const exceptions = rules.pure[layer];
  if (exceptions !== undefined && !exceptions.includes(name)) return `must stay pure, it imports ${specifier}`;
  const doors = rules.doors[name];
  if (doors !== undefined && !doors.some((door) => isInside(path, door))) return `may not import ${name}: its door is ${doors.join(', ')}`;
  const isProvided = isBuiltin || name === 'vscode' || dependencies.includes(name);
  return isProvided ? null : `imports ${name}, which is not in the dependencies of package.json`;
}

function layerOf(path: string, rules: Layers): string | null {
  const candidates = Object.keys(rules.mayImport).filter((layer) => isInside(path, layer));
  return candidates.sort((a, b) => b.length - a.length)[0] ?? null;
}

/** Whether a file is in a folder, or is the file of that name (`backend/cli` has `backend/cli.ts` too). */
function isInside(path: string, place: string): boolean {
  return path.startsWith(`${place}/`) || path === `${place}.ts`;
}

function isMatch(pattern: string, layer: string): boolean {
  return pattern.endsWith('/*') ? layer === pattern.slice(0, -2) || layer.startsWith(pattern.slice(0, -1)) : layer === pattern;
}

/** `@scope/name/file` → `@scope/name`, `name/file` → `name`. */
function packageName(specifier: string): string {
  return specifier
    .split('/')
    .slice(0, specifier.startsWith('@') ? 2 : 1)
    .join('/');
}
