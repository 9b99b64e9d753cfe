/** The mathematical verifier in its worker: the second opinion, hostile answers, and what holds when a worker is killed. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { build } from 'esbuild';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { GraderPool } from '../../../../backend/rewards/graderPool.ts';
import { gradeMath } from '../../../../backend/rewards/math.ts';
import { isOrdinary } from '../../../../backend/rewards/math/secondOpinion.ts';
import type { VerifierInput } from '../../../../backend/rewards/verifier.ts';

const root = fileURLToPath(new URL('../../../../', import.meta.url));
let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'math-worker-'));
  await build({
    absWorkingDir: root,
    entryPoints: {
      grader: 'backend/rewards/graderWorker.ts',
      computeEngine: 'backend/rewards/math/computeEngine.ts',
      hasty: 'test/backend/rewards/math/preliminaryWorker.ts',
    },
    outdir: folder,
    outExtension: { '.js': '.mjs' },
    bundle: true,
    platform: 'node',
    format: 'esm',
    logLevel: 'silent',
    plugins: [
      {
        name: 'loaded-late',
        setup: (setup) =>
          setup.onResolve({ filter: /\/computeEngine\.ts$/ }, ({ kind }) =>
            kind === 'dynamic-import' ? { path: './computeEngine.mjs', external: true } : null,
          ),
      },
    ],
  });
}, 30_000);
afterAll(() => rm(folder, { recursive: true, force: true }));

const input = (completion: string, answer = '\\sqrt{2}+x'): VerifierInput => ({
  problem: { id: 'p', prompt: [{ role: 'user', content: '?' }], answer, level: 'easy' },
  completion,
  finish: 'stop',
});

describe('the second opinion', () => {
  let pool: GraderPool;
  beforeAll(() => {
    pool = new GraderPool({ entry: pathToFileURL(join(folder, 'grader.mjs')), size: 1 });
  });
  afterAll(() => pool.dispose());

  it('goes with an answer that is wrong by more than its numbers, and changes no verdict', async () => {
    const outcomes = await pool.verifyAll('math', [input('\\boxed{\\sqrt{2}+y}'), input('\\boxed{x+\\sqrt{2}}'), input('\\boxed{5}', '4')], 30_000);
    expect(outcomes.map(({ status }) => status)).toEqual(['wrong', 'right', 'wrong']);
    expect(outcomes.map(({ secondOpinion }) => secondOpinion?.grader)).toEqual(['compute-engine', undefined, undefined]);
  }, 40_000);

  it('may differ, which is then on record', async () => {
    // By convention a base is part of the answer; whoever reads an index as decoration, or 0.333 as a third, sees it otherwise.
    const [outcome] = await pool.verifyAll('math', [input('\\boxed{x^2+y^2=2}', '2=y^2+x^2+0')], 30_000);
    expect(outcome?.status).toBe('right');
    const [other] = await pool.verifyAll('math', [input('\\boxed{x>2y}', '2x>4y')], 30_000);
    expect(other).toMatchObject({ status: 'wrong', secondOpinion: { grader: 'compute-engine' } });
  }, 40_000);
});

describe('a killed worker', () => {
  it('costs nothing but the second thought', async () => {
    const pool = new GraderPool({ entry: pathToFileURL(join(folder, 'hasty.mjs')), size: 2 });
    const started = performance.now();
    const outcomes = await pool.verifyAll(
      'hasty',
      ['hang', 'fine', 'exit', 'memory', 'hang', 'fine'].map((text) => input(text)),
      20_000,
    );
    expect(outcomes.map(({ reason }) => reason)).toEqual([
      'second thought',
      'thought through',
      'second thought',
      'second thought',
      'second thought',
      'thought through',
    ]);
    expect(outcomes.every(({ status }) => status === 'right')).toBe(true);
    expect(performance.now() - started).toBeLessThan(15_000);
    // The deadline holds however long a budget was asked for.
    expect((await pool.verifyAll('hasty', [input('hang early')], 300))[0]).toMatchObject({ status: 'right', reason: 'first thought' });
    await pool.dispose();
  }, 40_000);
});

describe('hostile answers', () => {
  const times = (count: number, text: string): string => text.repeat(count);
  const nested = (count: number, open: string, close: string): string => `${times(count, open)}1${times(count, close)}`;
  it.each<[string, string]>([
    ['a tower of powers', '9^{9^{9^{9^{9}}}}'],
    ['a tower without braces', '9^9^9^9'],
    ['a huge power', '2^{100000000}'],
    ['a huge factorial', '10000000!'],
    ['factorials of factorials', '((3!)!)!'],
    ['a huge sum', '\\sum_{k=1}^{1000000000} k^2'],
    ['20,000 letters', times(20_000, 'a')],
    ['5,000 brackets', nested(5000, '(', ')')],
    ['fractions 800 deep', nested(800, '\\frac{1}{', '}')],
    ['roots 95 deep', nested(95, '\\sqrt{', '}')],
    ['400 large factorials', `${times(250, '2500!+')}x`],
    ['powers of powers of sums', '((((x+y+z)^{60})^{60})^{60})^{60}'],
    ['a long product of sums', '(a+b)(c+d)(e+f)(g+h)(k+l)(m+n)(p+q)(r+s)(t+u)'],
    ['90,000 digits', times(90_000, '7')],
    ['a number with a huge exponent', '1e999999999'],
    ['1,500 factorial signs', `3${times(1500, '!')}`],
    ['900 divisions', `1${times(900, '/3')}`],
    ['900 answers', times(900, '1,')],
    ['200 double signs', times(200, '\\pm 1')],
    ['1,500 bars', times(1500, '|')],
    ['blanks between digits', `1${times(100_000, ' ')}2`],
    ['digit groups', times(450, '123 ')],
    ['dots', times(100_000, '.')],
    ['open boxes', times(5000, '\\boxed{')],
    ['many boxes', times(5000, '\\boxed{1}')],
    ['many statements', times(9000, 'answer is ')],
    ['dollars', times(50_000, '$')],
    ['an open formula', `$${times(100_000, 'a')}`],
    ['backslashes', times(2000, '\\')],
    ['thoughts', times(10_000, '<think>')],
    ['matrices', times(45, '\\begin{pmatrix}1&2\\\\3&4\\end{pmatrix}')],
    ['nested sets', nested(90, '\\{', '\\}')],
    ['150 unions', `${times(150, '(0,1)\\cup')}(0,1)`],
    ['400 inequalities', `${times(400, '1<')}x`],
  ])('%s is wrong, in time', (_, answer) => {
    for (const completion of [`\\boxed{${answer}}`, answer, `The answer is $${answer}$.`]) {
      const started = performance.now();
      expect(gradeMath(input(completion)).outcome.status).toBe('wrong');
      expect(performance.now() - started).toBeLessThan(3000);
    }
    // As a gold answer it does no more harm.
    expect(gradeMath(input('\\boxed{5}', answer)).outcome.status).toMatch(/wrong|failed/u);
  });

  it('is not given to the second grader', () => {
    for (const text of [
      '9^{9^{9^{9}}}',
      '2^{100000000}',
      '10000000!',
      '((3!)!)!',
      '\\sum_{k=1}^{1000000000} k',
      times(3000, 'x'),
      nested(200, '(', ')'),
      times(301, '7'),
    ]) {
      expect([text.slice(0, 30), isOrdinary(text)]).toEqual([text.slice(0, 30), false]);
    }
    for (const text of ['\\frac{\\sqrt{2}}{2}', 'x^2+2x+1', '\\sum_{k=1}^{10} k', '10!', '2^{100}', '[0,1)\\cup(2,3]'])
      expect([text, isOrdinary(text)]).toEqual([text, true]);
  });
});
