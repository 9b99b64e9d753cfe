/** The promises about the source tree itself: layers, doors of packages, purity, generated files, style. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { pluginNames, registries, registrySource, staleRegistries } from '../scripts/gen.mjs';
import { testCounts } from '../scripts/testCounts.mjs';
import { importProblems, importsOf, layerCycle, layers } from './support/layers.ts';
import { readSources, repositoryRoot } from './support/sourceTree.ts';
import { styleProblems } from './support/sourceStyle.ts';

const product = readSources(['backend', 'extension', 'webview']);
const packageJson = z
  .object({ scripts: z.record(z.string(), z.string()), dependencies: z.record(z.string(), z.string()) })
  .parse(JSON.parse(readFileSync(join(repositoryRoot, 'package.json'), 'utf8')));

describe('the tree', () => {
  it('has layers without a cycle', () => expect(layerCycle(layers.mayImport)).toBeNull());

  it('imports only what the layers, doors and purity allow', () => {
    expect(product.size).toBeGreaterThan(50);
    expect(importProblems(product, layers, Object.keys(packageJson.dependencies))).toEqual([]);
  });

  it('follows the rules of style', () => expect(styleProblems(product)).toEqual([]));

  it('tests itself in files that follow the rules of naming', () => {
    const files = [...readSources(['test']).keys()].map((path) => path.replace(/\.test\.ts$/, '.ts'));
    expect(styleProblems(new Map(files.map((path) => [path, '//'])))).toEqual([]);
  });
});

describe('generated and repeated facts', () => {
  it('has fresh registries', async () => expect(await staleRegistries()).toEqual([]));

  it('runs in CI what README.md tells a person to run', () => {
    const command = readFileSync(join(repositoryRoot, '.ci/run'), 'utf8').trimEnd().split('\n').at(-1) ?? '';
    expect(command).toBe('npm ci && npm test');
    expect(readFileSync(join(repositoryRoot, 'README.md'), 'utf8')).toContain(command);
  });

  it('has every script that package.json names', () => {
    const files = Object.values(packageJson.scripts).flatMap((script) => [...script.matchAll(/\bnode (\S+\.mjs)/g)].map(([, file = '']) => file));
    expect(files.length).toBeGreaterThan(0);
    expect(files.filter((file) => !existsSync(join(repositoryRoot, file)))).toEqual([]);
  });
});

describe('the layer checker', () => {
  const dependencies = ['onnxruntime-node', '@photostructure/sqlite', 'zod', 'ws', 'commander'];
  const check = (path: string, text: string): string[] => importProblems(new Map([[path, text]]), layers, dependencies);

  it.each([
    ['a stage above', 'backend/graph/builder.ts', "import { train } from '../training/trainer.ts';", 'may not import backend/training/trainer.ts'],
    [
      'an engine in another engine',
      'backend/engine/tinker/tinkerEngine.ts',
      "import { LocalEngine } from '../local/localEngine.ts';",
      'may not import backend/engine/local/localEngine.ts',
    ],
    [
      'the runtime in an engine elsewhere',
      'backend/engine/tinker/client.ts',
      "import 'onnxruntime-node';",
      'may not import onnxruntime-node: its door is backend/engine/local',
    ],
    [
      'an engine in an algorithm',
      'backend/algorithms/grpo.ts',
      "import type { Engine } from '../engine/contract.ts';",
      'may not import backend/engine/contract.ts',
    ],
    [
      'a type import',
      'backend/core/rng.ts',
      "export type Seed = import('../protocol/records.ts').Problem;",
      'may not import backend/protocol/records.ts',
    ],
    ['a dynamic import', 'backend/data/jsonl.ts', "await import('../store/store.ts');", 'may not import backend/store/store.ts'],
    ['a re-export', 'backend/critics/self.ts', "export * from '../rewards/numeric.ts';", 'may not import backend/rewards/numeric.ts'],
    ['the command line below it', 'backend/training/run.ts', "import { print } from '../cli/print.ts';", 'may not import backend/cli/print.ts'],
    ['the root below it', 'backend/server/server.ts', "import { start } from '../main.ts';", 'may not import backend/main.ts'],
    [
      'the backend in the extension',
      'extension/commands/start.ts',
      "import { Run } from '../../backend/training/run.ts';",
      'may not import backend/training/run.ts',
    ],
    [
      'the extension in a webview',
      'webview/run/view.ts',
      "import { state } from '../../extension/state/runState.ts';",
      'may not import extension/state/runState.ts',
    ],
    [
      'a file of the tests',
      'backend/core/rng.ts',
      "import { fake } from '../../test/support/fake.ts';",
      'imports test/support/fake.ts, which is in no layer',
    ],
    [
      'a guarded package',
      'backend/training/run.ts',
      "import * as ort from 'onnxruntime-node';",
      'may not import onnxruntime-node: its door is backend/engine/local',
    ],
    [
      'a file of a guarded package',
      'backend/text/a.ts',
      "import x from '@photostructure/sqlite/dist/x.js';",
      'may not import @photostructure/sqlite: its door is backend/store',
    ],
    [
      'the other engine at a door',
      'backend/engine/tinker/client.ts',
      "import * as ort from 'onnxruntime-node';",
      'may not import onnxruntime-node: its door is backend/engine/local',
    ],
    ['Node in a pure layer', 'backend/core/clock.ts', "import { hrtime } from 'node:process';", 'must stay pure, it imports node:process'],
    ['a package in a pure layer', 'backend/algorithms/grpo.ts', "import { z } from 'zod';", 'must stay pure, it imports zod'],
    ['an unclear builtin', 'backend/data/jsonl.ts', "import { readFileSync } from 'fs';", 'imports fs without "node:"'],
    [
      'a development package',
      'backend/data/jsonl.ts',
      "import fc from 'fast-check';",
      'imports fast-check, which is not in the dependencies of package.json',
    ],
    ['a missing ending', 'backend/core/stats.ts', "import { Rng } from './rng';", 'imports ./rng without its ending'],
  ])('catches %s', (_, path, text, problem) => expect(check(path, text)).toEqual([`${path} ${problem}`]));

  it('catches a folder that no layer knows', () => {
    expect(check('tools/x.ts', '')).toEqual(['tools/x.ts is in no layer: add its folder to test/support/layers.ts']);
  });

  it.each([
    ['the layer itself', 'backend/graph/ops/matmul.ts', "import type { Value } from '../ir.ts';"],
    ['a layer below', 'backend/training/run.ts', "import type { Engine } from '../engine/contract.ts';"],
    [
      'everything, in a composition root',
      'backend/cli.ts',
      "import { Command } from 'commander'; import { train } from './cli/commands/train.ts'; import { Store } from './store/store.ts';",
    ],
    ['everything, in a command', 'backend/cli/commands/train.ts', "import { openRun } from '../../training/openRun.ts';"],
    ['a package at its door', 'backend/engine/local/session.ts', "import * as ort from 'onnxruntime-node';"],
    ['zod in the protocol', 'backend/protocol/records.ts', "import { z } from 'zod';"],
    ['the contract in a webview', 'webview/run/view.ts', "import type { View } from '../../extension/contract.ts';"],
    ['text that only looks like an import', 'backend/core/errors.ts', "// import x from 'ws';\nconst s = \"import y from 'vscode'\";"],
  ])('allows %s', (_, path, text) => expect(check(path, text)).toEqual([]));

  it('names the layers of a cycle', () => {
    expect(layerCycle({ a: ['b'], b: ['c'], c: ['b'] })).toEqual(['b', 'c', 'b']);
  });

  it('reads imports over several lines and ignores what is no import', () => {
    expect(importsOf("import {\n  a,\n  type B,\n} from './a.ts';\nconst from = { import: 'x' };\nimport './b.ts';")).toEqual(['./a.ts', './b.ts']);
  });
});

describe('the style checker', () => {
  it.each([
    ['a long file', 'backend/a.ts', `// a\n${'x;\n'.repeat(400)}`, 'backend/a.ts has 401 lines (at most 400): what is its second idea?'],
    ['a file that does not introduce itself', 'backend/a.ts', 'export const a = 1;\n', 'backend/a.ts:1 does not say in a comment what the file is'],
    ['a TODO without a name', 'backend/a.ts', '// a\n// TODO: later\n', 'backend/a.ts:2 has a TODO that does not name what it awaits: TODO(name)'],
    ['another casing', 'backend/run-store.ts', '// a\n', 'backend/run-store.ts is not named in camelCase'],
    ['a drawer', 'backend/utils.ts', '// a\n', 'backend/utils.ts is named after no idea'],
  ])('catches %s', (_, path, text, problem) => expect(styleProblems(new Map([[path, text]]))).toEqual([problem]));

  it('allows 400 lines and a TODO with a name', () => {
    expect(styleProblems(new Map([['backend/a.ts', `// TODO(server): attach\n${'x;\n'.repeat(399)}`]]))).toEqual([]);
  });
});

describe('the generator of registries', () => {
  const algorithm = registries[0];
  if (algorithm === undefined) throw new Error('there are no registries');

  it('takes a file that exports a const of its own name, and no other', () => {
    const files = new Map([
      ['grpo.ts', 'export const grpo: Algorithm = {};'],
      ['algorithm.ts', 'export interface Algorithm {}'],
      ['losses.ts', 'export const lossesOfGrpo = 1;\nconst losses = 2;'],
      ['advantages.ts', '// export const advantages'],
      ['index.ts', 'export const index = {};'],
      ['drGrpo.ts', '/** Dr.GRPO. */\nexport const drGrpo = {} satisfies Algorithm;'],
    ]);
    expect(pluginNames(files)).toEqual(['drGrpo', 'grpo']);
  });

  it('writes the same file whatever the order of the folder', async () => {
    const source = await registrySource(algorithm, ['drGrpo', 'grpo']);
    expect(source).toContain('export const algorithms: Readonly<Record<string, Algorithm>> = { drGrpo, grpo };\n');
    expect(source.indexOf('./algorithm.ts')).toBeLessThan(source.indexOf('./drGrpo.ts'));
  });
});

describe('the count at the end of `npm test`', () => {
  const file = (status: string, ...results: string[]): { status: string; assertionResults: { status: string }[] } => ({
    status,
    assertionResults: results.map((result) => ({ status: result })),
  });

  it.each([
    ['tests', [file('passed', 'passed', 'passed'), file('failed', 'failed', 'passed')], { passed: 3, failed: 1, skipped: 0 }],
    ['a file that does not load as a failure', [file('failed')], { passed: 0, failed: 1, skipped: 0 }],
    ['a failed hook as a failure, beside its tests', [file('failed', 'passed', 'skipped')], { passed: 1, failed: 1, skipped: 1 }],
    ['nothing as nothing', [], { passed: 0, failed: 0, skipped: 0 }],
  ])('counts %s', (_, testResults, counts) => expect(testCounts({ testResults })).toEqual(counts));
});
