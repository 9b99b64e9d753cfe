/** Grading: a verifier that fails in any way costs its verdict, nothing else. */
import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { build } from 'esbuild';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Problem } from '../../../backend/protocol/records.ts';
import { gradeAll, type GradeItem } from '../../../backend/rewards/grade.ts';
import { GraderPool } from '../../../backend/rewards/graderPool.ts';
import { verifiers } from '../../../backend/rewards/index.ts';
import { numeric } from '../../../backend/rewards/numeric.ts';
import { selfTest } from '../../../backend/rewards/selfTest.ts';
import type { Verifier, VerifierOutcome } from '../../../backend/rewards/verifier.ts';

const problem: Problem = { id: 'p', prompt: [{ role: 'user', content: '?' }], answer: '61', level: 'easy' };
const items = (...completions: string[]): GradeItem[] =>
  completions.map((completion, i) => ({ rolloutId: `r${i}`, problem, completion, finish: 'stop' }));

async function bundle(source: string): Promise<URL> {
  const outfile = join(await mkdtemp(join(tmpdir(), 'grader-')), 'grader.mjs');
  await build({
    entryPoints: [fileURLToPath(new URL(source, import.meta.url))],
    outfile,
    bundle: true,
    platform: 'node',
    format: 'esm',
    logLevel: 'silent',
  });
  return pathToFileURL(outfile);
}

describe('in the trainer’s thread', () => {
  const bounded = (verify: Verifier['verify']): Verifier => ({ name: 'bounded', summary: '', isBounded: true, verify });

  it('gives a verdict an item, in order', async () => {
    const verdicts = await gradeAll(numeric, items('Answer: 61.', 'Answer: 62.', ''), { deadlineMs: 1000 });
    expect(verdicts.map(({ rolloutId, verifier, status, reward, cause }) => [rolloutId, verifier, status, reward, cause])).toEqual([
      ['r0', 'numeric', 'right', 1, null],
      ['r1', 'numeric', 'wrong', 0, 'wrongValue'],
      ['r2', 'numeric', 'wrong', 0, 'noAnswer'],
    ]);
  });

  const outcome = { status: 'right', reward: 1, extracted: null, reason: '', cause: null } as const;
  it.each<[string, Verifier['verify']]>([
    [
      'throws',
      () => {
        throw new Error('no idea');
      },
    ],
    ['rejects', () => Promise.reject(new Error('no idea'))],
    ['returns NaN', () => ({ ...outcome, reward: Number.NaN })],
    ['returns infinity', () => ({ ...outcome, reward: Infinity })],
    ['returns no reward', () => ({ ...outcome, reward: undefined as unknown as number })],
    ['returns nothing', () => null as unknown as VerifierOutcome],
    ['invents a status', () => ({ ...outcome, status: 'good' as 'right' })],
    ['says itself that it failed', () => ({ ...outcome, status: 'failed' })],
  ])('a verifier that %s has failed', async (_, verify) => {
    const [verdict] = await gradeAll(bounded(verify), items('x'), { deadlineMs: 1000 });
    expect(verdict).toMatchObject({ status: 'failed', reward: 0, cause: 'verifierFailed', reason: expect.stringMatching(/./u) as string });
  });

  it('refuses a verifier that is not bounded, and an aborted signal', async () => {
    await expect(gradeAll({ name: 'slow', summary: '', verify: () => outcome }, items('x'), { deadlineMs: 1 })).rejects.toThrow(/grader pool/u);
    await expect(gradeAll(numeric, items('x'), { deadlineMs: 1, signal: AbortSignal.abort() })).rejects.toMatchObject({ name: 'AbortError' });
  });
});

describe('in killable workers', () => {
  let pool: GraderPool;
  const obedient: Verifier = {
    name: 'obedient',
    summary: '',
    verify: () => {
      throw new Error('runs in the worker only');
    },
  };
  beforeAll(async () => {
    pool = new GraderPool({ entry: await bundle('hostileVerifiers.ts'), size: 2, maxHeapMb: 32 });
  });
  afterAll(() => pool.dispose());

  it('an endless loop, an endless promise, a crash and an exhausted heap fail; the others are graded', async () => {
    const completions = ['one', 'hang', 'throw', 'two', 'never', 'NaN', 'exit', 'nothing', 'three', 'memory', 'four'];
    const verdicts = await gradeAll(obedient, items(...completions), { deadlineMs: 2000, pool });
    expect(verdicts.map(({ status }) => status)).toEqual(
      completions.map((text) => (['one', 'two', 'three', 'four'].includes(text) ? 'right' : 'failed')),
    );
    const reasonOf = (text: string): string => verdicts[completions.indexOf(text)]?.reason ?? '';
    expect(reasonOf('hang')).toMatch(/deadline of 2000 ms/u);
    expect(reasonOf('never')).toMatch(/deadline/u);
    expect(reasonOf('throw')).toMatch(/no idea/u);
    expect(reasonOf('exit')).toMatch(/code 7/u);
    expect(reasonOf('memory')).toMatch(/memory/u);
  }, 30_000);

  it('counts the deadline from the beginning of each grading, not from the queue', async () => {
    const verdicts = await gradeAll(obedient, items('hang', 'hang', 'hang', 'hang', 'fine'), { deadlineMs: 300, pool });
    expect(verdicts.map(({ status }) => status)).toEqual(['failed', 'failed', 'failed', 'failed', 'right']);
  }, 30_000);

  it('fails for a verifier that the worker does not know', async () => {
    const [verdict] = await gradeAll({ ...obedient, name: 'stranger' }, items('x'), { deadlineMs: 2000, pool });
    expect(verdict).toMatchObject({ status: 'failed', reason: expect.stringContaining('stranger') as string });
  }, 30_000);

  it('ends at once when aborted, and goes on afterwards', async () => {
    const controller = new AbortController();
    const grading = gradeAll(obedient, items('hang', 'hang', 'hang', 'hang'), { deadlineMs: 500, pool, signal: controller.signal });
    setTimeout(() => controller.abort(), 50);
    await expect(grading).rejects.toMatchObject({ name: 'AbortError' });
    expect((await gradeAll(obedient, items('fine'), { deadlineMs: 2000, pool }))[0]?.status).toBe('right');
  }, 30_000);
});

it('the product’s worker knows every verifier', async () => {
  const pool = new GraderPool({ entry: await bundle('../../../backend/rewards/graderWorker.ts'), size: 1 });
  for (const name of Object.keys(verifiers)) {
    const [outcome] = await pool.verifyAll(name, items('Answer: 61.'), 5000);
    expect(outcome?.reason).not.toMatch(/knows no verifier|did not start/u);
  }
  await pool.dispose();
  await expect(pool.verifyAll('numeric', items('x'), 1)).rejects.toThrow(/disposed/u);
}, 30_000);

it('a worker that cannot start fails its items and does not hang', async () => {
  const pool = new GraderPool({ entry: new URL('file:///nowhere/grader.js'), size: 2 });
  const outcomes = await pool.verifyAll('numeric', items('a', 'b', 'c'), 1000);
  expect(outcomes.map(({ status }) => status)).toEqual(['failed', 'failed', 'failed']);
  expect(outcomes[0]?.reason).toMatch(/did not start/u);
  await pool.dispose();
}, 30_000);

describe('the self-test', () => {
  const gold = (answers: readonly string[]): Problem[] => answers.map((answer, i) => ({ ...problem, id: `p${i}`, answer }));

  it('lists the gold answers that a verifier does not recognize', async () => {
    const { tested, total, missed } = await selfTest(numeric, gold(['61', '1/2', '\\frac{1}{2}', 'x + 1', 'red']), { deadlineMs: 1000, seed: 0 });
    expect([tested, total]).toEqual([5, 5]);
    expect(missed.map(({ problemId, answer }) => [problemId, answer])).toEqual([
      ['p3', 'x + 1'],
      ['p4', 'red'],
    ]);
    expect(missed[1]?.reason).toMatch(/"red" of p4 is not a number/u);
  });

  it('takes a seeded sample of a large set', async () => {
    const many = gold(Array.from({ length: 5000 }, (_, i) => (i % 2 === 0 ? '1' : 'red')));
    const [first, again, other] = await Promise.all([0, 0, 1].map((seed) => selfTest(numeric, many, { deadlineMs: 1000, seed })));
    expect([first?.tested, first?.total]).toEqual([200, 5000]);
    expect(again).toEqual(first);
    expect(other?.missed).not.toEqual(first?.missed);
  });

  it('asks of a verifier that need not know the gold answer only that it judges', async () => {
    const strict: Verifier = { name: 's', summary: '', isBounded: true, knowsGold: false, verify: ({ problem: { answer } }) => judged(answer) };
    const { missed } = await selfTest(strict, gold(['61', 'red']), { deadlineMs: 1000, seed: 0 });
    expect(missed).toEqual([{ problemId: 'p1', answer: 'red', reason: 'no idea' }]);

    function judged(answer: string): VerifierOutcome {
      return { status: answer === '61' ? 'wrong' : 'failed', reward: 0, extracted: null, reason: 'no idea', cause: null };
    }
  });
});
