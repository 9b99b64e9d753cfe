/** A researcher's own reward function, in real processes of Node and Python: whatever it does, there is a verdict and the run goes on. */
import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import type { Problem } from '../../../../backend/protocol/records.ts';
import { verifierOptionsSchema, type VerifierOptionsInput } from '../../../../backend/protocol/verifierConfig.ts';
import { FunctionGrader } from '../../../../backend/rewards/ownFunction/functionGrader.ts';
import { OutputLog } from '../../../../backend/rewards/ownFunction/outputLog.ts';
import type { VerifierInput } from '../../../../backend/rewards/verifier.ts';
import { temporaryFolder, temporaryFolderOfFile } from '../../../support/temporaryFolder.ts';

const problem: Problem = { id: 'p', prompt: [{ role: 'user', content: 'How many?' }], answer: '61', level: 'easy' };
const inputs = (...completions: string[]): VerifierInput[] => completions.map((completion) => ({ problem, completion, finish: 'stop' }));

const entry = join(temporaryFolderOfFile(), 'rewardFunction.mjs');
beforeAll(async () => {
  const source = fileURLToPath(new URL('../../../../backend/rewards/ownFunction/rewardFunction.ts', import.meta.url));
  await build({ entryPoints: [source], outfile: entry, bundle: true, platform: 'node', format: 'esm', logLevel: 'silent' });
});

interface Opened {
  readonly grader: FunctionGrader;
  readonly path: string;
  readonly log: string;
  readonly folder: string;
}

async function open(name: string, source: string, options: VerifierOptionsInput = {}, logLimit?: number): Promise<Opened> {
  const folder = temporaryFolder();
  const path = join(folder, name);
  const log = join(folder, 'log', 'verifier.log');
  writeFileSync(path, source);
  writeFileSync(join(folder, 'helper.ts'), 'export type Score = number;\nexport const half: Score = 0.5;');
  writeFileSync(join(folder, 'helper.py'), 'half = 0.5\n');
  const program = { path, entry, options: verifierOptionsSchema.parse(options), output: new OutputLog(log, logLimit) };
  const grader = await FunctionGrader.open(program);
  onTestFinished(() => grader.dispose());
  return { grader, path, log, folder };
}

/** Each does as the completion says. */
const obedient = {
  'reward.mjs': `
import { setTimeout } from 'node:timers/promises';
let count = 0;
export default async function ({ problem, completion, finish, answer, prompt }) {
  count++;
  switch (completion) {
    case 'hang': for (;;);
    case 'never': return setTimeout(1e6);
    case 'throw': throw new Error('no idea');
    case 'exit': return process.exit(7);
    case 'print': console.log('x'.repeat(1 << 20)); console.error('y'.repeat(1 << 20)); return 1;
    case 'NaN': return NaN;
    case 'nothing': return undefined;
    case 'list': return [1];
    case 'text': return '1';
    case 'object': return { reward: 0.25, reason: 'half of a half', extracted: 'a' };
    case 'status': return { status: 'right' };
    case 'failed': return { status: 'failed', reason: 'no network' };
    case 'odd': return { reward: 1, status: 'good' };
    case 'true': return true;
    case 'late': return setTimeout(20, 0.75);
    case 'count': return count;
    case 'who': return { reward: 1, extracted: process.pid };
    case 'where': return { reward: 1, extracted: process.cwd(), reason: Object.keys(process.env).sort().join(' ') };
    default: return completion === answer && problem.id === 'p' && finish === 'stop' && prompt[0].content === 'How many?';
  }
}`,
  'reward.py': `
import asyncio, os, sys, time
count = 0

def reward(input):
    global count
    count += 1
    completion = input['completion']
    if completion == 'hang':
        while True:
            pass
    if completion == 'never':
        time.sleep(1e6)
    if completion == 'throw':
        raise ValueError('no idea')
    if completion == 'exit':
        sys.exit(7)
    if completion == 'print':
        print('x' * (1 << 20))
        print('y' * (1 << 20), file=sys.stderr)
        os.system('echo from a shell')
        return 1
    if completion == 'late':
        return wait()
    odd = {'NaN': float('nan'), 'nothing': None, 'list': [1], 'text': '1', 'true': True, 'count': count,
           'object': {'reward': 0.25, 'reason': 'half of a half', 'extracted': 'a'}, 'status': {'status': 'right'},
           'failed': {'status': 'failed', 'reason': 'no network'}, 'odd': {'reward': 1, 'status': 'good'}}
    if completion == 'who':
        return {'reward': 1, 'extracted': os.getpid()}
    if completion in odd:
        return odd[completion]
    if completion == 'where':
        return {'reward': 1, 'extracted': os.getcwd(), 'reason': ' '.join(sorted(os.environ))}
    return completion == input['answer'] and input['problem']['id'] == 'p' and input['prompt'][0]['content'] == 'How many?'

async def wait():
    await asyncio.sleep(0.02)
    return 0.75
`,
};

describe.each(Object.entries(obedient))('%s', (name, source) => {
  it('is asked and believed', async () => {
    const { grader } = await open(name, source);
    const outcomes = await grader.verifyAll('', inputs('61', '62', 'true', 'object', 'status', 'late'), 5000);
    expect(outcomes.map(({ status, reward }) => [status, reward])).toEqual([
      ['right', 1],
      ['wrong', 0],
      ['right', 1],
      ['wrong', 0.25],
      ['right', 1],
      ['right', 0.75],
    ]);
    expect(outcomes[3]).toEqual({ status: 'wrong', reward: 0.25, extracted: 'a', reason: 'half of a half', cause: 'wrongValue' });
  }, 30_000);

  it('fails, and is never wrong, when it does what a reward function should not; the others are graded', async () => {
    const { grader } = await open(name, source);
    const completions = ['61', 'throw', 'NaN', 'nothing', 'list', 'text', 'failed', 'odd', 'hang', '61', 'exit', 'never', '62'];
    const outcomes = await grader.verifyAll('', inputs(...completions), 800);
    expect(outcomes.map(({ status }) => status)).toEqual(completions.map((text) => (text === '61' ? 'right' : text === '62' ? 'wrong' : 'failed')));
    const reasonOf = (text: string): string => outcomes[completions.indexOf(text)]?.reason ?? '';
    expect(reasonOf('throw')).toMatch(new RegExp(`no idea \\(${name}:\\d+\\)`, 'u'));
    expect(reasonOf('NaN')).toMatch(/returned nan;/iu);
    expect(reasonOf('failed')).toBe('no network');
    expect(reasonOf('odd')).toMatch(/the status "good"/u);
    expect(reasonOf('hang')).toMatch(/exceeded its deadline of 800 ms/u);
    expect(reasonOf('never')).toMatch(/deadline/u);
    expect(reasonOf('exit')).toMatch(/ended with code 7/u);
  }, 30_000);

  it('prints megabytes into a log with a limit, and not into the protocol', async () => {
    const { grader, log } = await open(name, source, {}, 100_000);
    const outcomes = await grader.verifyAll('', inputs('print', 'print', '61'), 10_000);
    expect(outcomes.map(({ status }) => status)).toEqual(['right', 'right', 'right']);
    const text = readFileSync(log, 'utf8');
    expect(text.length).toBeLessThan(100_200);
    expect(text).toMatch(/xxxx[^]*limit of this file is reached/u);
  }, 30_000);

  it('runs in its folder, with few variables of the environment', async () => {
    process.env['REWARD_TEST_SECRET'] = '1';
    process.env['REWARD_TEST_GIVEN'] = '1';
    onTestFinished(() => {
      delete process.env['REWARD_TEST_SECRET'];
      delete process.env['REWARD_TEST_GIVEN'];
    });
    const { grader, folder } = await open(name, source, { env: ['REWARD_TEST_GIVEN'] });
    const [outcome] = await grader.verifyAll('', inputs('where'), 5000);
    expect(outcome?.extracted).toBe(folder);
    expect(outcome?.reason.split(' ')).toEqual(expect.arrayContaining(['PATH', 'REWARD_TEST_GIVEN']));
    expect(outcome?.reason).not.toContain('SECRET');
  }, 30_000);

  it('stays loaded from one batch to the next, and is loaded again after a death', async () => {
    const { grader } = await open(name, source, { rightFrom: 100 });
    const counts = async (...texts: string[]): Promise<number[]> => (await grader.verifyAll('', inputs(...texts), 5000)).map(({ reward }) => reward);
    expect(await counts('count', 'count')).toEqual([1, 2]);
    expect(await counts('count', 'exit', 'count')).toEqual([3, 0, 1]);
  }, 30_000);

  it('grades in several processes at once', async () => {
    const { grader } = await open(name, source, { processes: 3 });
    const outcomes = await grader.verifyAll('', inputs('who', 'who', 'who', 'who', 'never', '61'), 1000);
    expect(outcomes.map(({ status }) => status)).toEqual(['right', 'right', 'right', 'right', 'failed', 'right']);
    expect(new Set(outcomes.slice(0, 3).map(({ extracted }) => extracted)).size).toBe(3);
  }, 30_000);

  it('ends at once when aborted, and goes on afterwards', async () => {
    const { grader } = await open(name, source);
    const controller = new AbortController();
    const grading = grader.verifyAll('', inputs('hang', 'hang'), 20_000, controller.signal);
    setTimeout(() => controller.abort(), 100);
    await expect(grading).rejects.toMatchObject({ name: 'AbortError' });
    expect((await grader.verifyAll('', inputs('61'), 5000))[0]?.status).toBe('right');
  }, 30_000);
});

describe('a function that cannot be loaded ends the start, with the place and what to do', () => {
  it.each<[string, string, RegExp]>([
    ['syntax.mjs', 'export default function (input) {\n  return 1 +;\n}', /SyntaxError: .*\(2:13\)/u],
    ['syntax.ts', 'export default function (input: string) {\n  return 1 +;\n}', /\(2:13\)/u],
    ['syntax.py', 'def reward(input):\n    return 1 +\n', /SyntaxError: .*\(syntax.py:2\)/u],
    ['throws.mjs', 'export default () => 1;\n\nthrow new Error("not today");', /not today \(throws.mjs:3\)/u],
    ['throws.py', 'import nowhere_to_be_found\n', /ModuleNotFoundError: .*nowhere_to_be_found.*\(throws.py:1\)/u],
    ['none.mjs', 'export const name = 1;', /exports no function: write "export default/u],
    ['none.py', 'name = 1\n', /defines 0 public functions/u],
    ['many.mjs', 'export function a() {}\nexport function b() {}', /exports 2 functions and no default/u],
    ['many.py', 'def a(x):\n    return 1\n\ndef b(x):\n    return 1\n', /defines 2 public functions/u],
    ['exits.mjs', 'process.exit(3);', /ended with code 3/u],
    ['exits.py', 'import sys\nsys.exit(3)', /ended with code 3/u],
  ])(
    '%s',
    async (name, source, reason) => {
      const opening = open(name, source);
      await expect(opening).rejects.toMatchObject({ code: 'verifier.cannotLoad', message: expect.stringMatching(reason) as string });
    },
    30_000,
  );

  it('Python is missing', async () => {
    const opening = open('reward.py', 'def reward(input):\n    return 1\n', { python: 'python-that-is-not-there' });
    await expect(opening).rejects.toMatchObject({
      code: 'verifier.cannotLoad',
      message: expect.stringMatching(/verifierOptions\.python/u) as string,
    });
  }, 30_000);
});

it.each<[string, string]>([
  ['named.mjs', 'export function reward({ answer }) { return answer === "61"; }'],
  ['only.mjs', 'const helper = 1;\nexport const score = () => helper;'],
  ['common.js', 'const helper = require("node:path");\nmodule.exports = () => helper.join("a", "b").length === 3;'],
  ['common.cjs', 'module.exports = { reward: () => 1 };'],
  ['module.js', 'import { join } from "node:path";\nexport default () => join("a", "b").length > 0;'],
  [
    'typed.ts',
    'import { type Score, half } from "./helper.ts";\nconst twice = (x: Score): Score => (x * 2) as Score;\nexport default (_: { answer: string }) => twice(half);',
  ],
  ['only.py', 'from helper import half\n\ndef score(input):\n    return 2 * half\n'],
  ['number.py', 'class Scalar:\n    def item(self):\n        return 0.5\n\ndef reward(input):\n    return Scalar()\n'],
])(
  '%s has a function',
  async (name, source) => {
    const { grader } = await open(name, source);
    expect((await grader.verifyAll('', inputs('x'), 5000))[0]).toMatchObject({ status: 'right' });
  },
  30_000,
);

describe.each([
  [
    'reward.mjs',
    (value: string) => `export default ({ completion }) => completion === 'exit' ? process.exit(1) : ${value};`,
    'export default () => {',
  ],
  [
    'reward.py',
    (value: string) => `import sys\n\ndef reward(input):\n    return sys.exit(1) if input['completion'] == 'exit' else ${value}\n`,
    'def reward(',
  ],
] as const)('%s that is edited while the run goes on', (name, write, broken) => {
  it('counts from the next refresh on, which is told once; what cannot be loaded does not', async () => {
    const { grader, path } = await open(name, write('0.1'));
    const graded = async (): Promise<number[]> => (await grader.verifyAll('', inputs('x', 'exit', 'x'), 5000)).map(({ reward }) => reward);
    expect(await grader.refresh()).toMatchObject({ code: 'verifier.loaded' });
    expect(await grader.refresh()).toBeNull();

    writeFileSync(path, write('0.2'));
    // Also the process that is started again in the midst of a batch has the version from before.
    expect(await graded()).toEqual([0.1, 0, 0.1]);
    const change = await grader.refresh();
    expect(change).toMatchObject({ code: 'verifier.changed', message: expect.stringMatching(/from version [0-9a-f]{8} to [0-9a-f]{8}/u) as string });
    expect(await graded()).toEqual([0.2, 0, 0.2]);

    writeFileSync(path, broken);
    expect(await grader.refresh()).toMatchObject({ code: 'verifier.refused', message: expect.stringMatching(/stays in force/u) as string });
    expect(await grader.refresh()).toBeNull();
    expect(await graded()).toEqual([0.2, 0, 0.2]);

    rmSync(path);
    expect(await grader.refresh()).toMatchObject({ code: 'verifier.unreadable' });
    expect(await grader.refresh()).toBeNull();
    writeFileSync(path, write('0.3'));
    expect(await grader.refresh()).toMatchObject({ code: 'verifier.changed' });
    expect(await graded()).toEqual([0.3, 0, 0.3]);
  }, 30_000);
});

it('leaves no process behind', async () => {
  const { grader, folder } = await open(
    'reward.mjs',
    'import { writeFileSync } from "node:fs";\nwriteFileSync("pid", String(process.pid));\nexport default () => 1;',
  );
  const pid = Number(readFileSync(join(folder, 'pid'), 'utf8'));
  expect(isRunning(pid)).toBe(true);
  await grader.dispose();
  await expect.poll(() => isRunning(pid)).toBe(false);
  expect(() => grader.verifyAll('', inputs('x'), 1)).toThrow(/disposed/u);
});

it('leaves no process behind that was being loaded when it was closed', async () => {
  const note = 'import { writeFileSync } from "node:fs";\nwriteFileSync(process.pid + ".pid", "");\nexport default () => 1;';
  const { grader, folder } = await open('reward.mjs', note, { processes: 2 });
  const batch = grader.verifyAll('', inputs('x', 'y'), 10_000);
  // Now the second process is on its way.
  await sleep(10);
  await grader.dispose();
  await batch;
  const pids = readdirSync(folder).filter((name) => name.endsWith('.pid'));
  expect(pids).toHaveLength(2);
  await expect.poll(() => pids.filter((name) => isRunning(Number.parseInt(name)))).toEqual([]);
});

it.each([
  ['loop.mjs', 'import { writeFileSync } from "node:fs";\nwriteFileSync("pid", String(process.pid));\nexport default () => { for (;;); };'],
  ['loop.py', 'import os\nopen("pid", "w").write(str(os.getpid()))\n\ndef reward(input):\n    while True:\n        pass\n'],
])(
  '%s does not outlive a trainer that was killed',
  async (name, source) => {
    const folder = temporaryFolder();
    const path = join(folder, name);
    writeFileSync(path, source);
    const program = { path, entry, options: verifierOptionsSchema.parse({}) };
    const contents = `
    import { FunctionGrader } from './functionGrader.ts';
    import { OutputLog } from './outputLog.ts';
    const grader = await FunctionGrader.open({ ...${JSON.stringify(program)}, output: new OutputLog() });
    void grader.verifyAll('', ${JSON.stringify(inputs('x'))}, 60_000);
    setTimeout(() => process.kill(process.pid, 'SIGKILL'), 100);`;
    const resolveDir = fileURLToPath(new URL('../../../../backend/rewards/ownFunction', import.meta.url));
    const trainer = join(folder, 'trainer.mjs');
    await build({
      stdin: { contents, resolveDir, loader: 'ts' },
      outfile: trainer,
      bundle: true,
      platform: 'node',
      format: 'esm',
      logLevel: 'silent',
    });
    expect(spawnSync(process.execPath, [trainer]).signal).toBe('SIGKILL');
    const pid = Number(readFileSync(join(folder, 'pid'), 'utf8'));
    await expect.poll(() => isRunning(pid), { timeout: 10_000 }).toBe(false);
  },
  30_000,
);

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}
