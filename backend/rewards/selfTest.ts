/** Checks a verifier on the gold answers before a run: one that cannot recognize them would grade everything as wrong. */
import { Rng } from '../core/rng.ts';
import type { Problem } from '../protocol/records.ts';
import { gradeAll, type GradeOptions } from './grade.ts';
import type { Verifier } from './verifier.ts';

export interface UnrecognizedGold {
  readonly problemId: string;
  readonly answer: string;
  readonly reason: string;
}

export interface SelfTestOptions extends GradeOptions {
  /** Which problems of a large set are tested. */
  readonly seed: number;
}

export interface SelfTestResult {
  /** Gold answers that were graded. */
  readonly tested: number;
  readonly total: number;
  readonly missed: readonly UnrecognizedGold[];
}

/** Gold answers that are tested of a larger set, in batches, until the time is up. */
const sampleSize = 200;
const batchSize = 20;
const limitMs = 30_000;

/**
 * The problems whose gold answer, stated as `Answer: …`, does not verify as right; of a verifier that need not know it (`knowsGold`), those it
 * comes to no judgment on. A large set is tested on a seeded sample.
 */
export async function selfTest(
  verifier: Verifier,
  problems: readonly Problem[],
  { seed, options, ...grading }: SelfTestOptions,
): Promise<SelfTestResult> {
  const sample =
    problems.length <= sampleSize
      ? problems
      : Rng.of(seed, 'selfTest')
          .shuffle([...problems])
          .slice(0, sampleSize);
  const missed: UnrecognizedGold[] = [];
  const start = performance.now();
  let tested = 0;
  while (tested < sample.length && performance.now() - start < limitMs) {
    const batch = sample.slice(tested, tested + batchSize);
    const items = batch.map((problem) => ({ rolloutId: problem.id, problem, completion: `Answer: ${problem.answer}`, finish: 'stop' as const }));
    // The form of whole completions is not what is tested.
    const verdicts = await gradeAll(verifier, items, { ...grading, ...(options === undefined ? {} : { options: { ...options, tags: null } }) });
    batch.forEach(({ id, answer }, i) => {
      const { status, reason = '' } = verdicts[i] ?? {};
      const isFit = verifier.knowsGold === false ? status !== 'failed' : status === 'right';
      if (!isFit) missed.push({ problemId: id, answer, reason });
    });
    tested += batch.length;
  }
  return { tested, total: problems.length, missed };
}
