/** Checks a verifier on the gold answers before a run: one that cannot recognize them would grade everything as wrong. */
import type { Problem } from '../protocol/records.ts';
import { gradeAll, type GradeOptions } from './grade.ts';
import type { Verifier } from './verifier.ts';

export interface UnrecognizedGold {
  readonly problemId: string;
  readonly answer: string;
  readonly reason: string;
}

/** The problems whose gold answer, stated as `Answer: …`, does not verify as right. */
export async function selfTest(verifier: Verifier, problems: readonly Problem[], options: GradeOptions): Promise<UnrecognizedGold[]> {
  const items = problems.map((problem) => ({ rolloutId: problem.id, problem, completion: `Answer: ${problem.answer}`, finish: 'stop' as const }));
  const verdicts = await gradeAll(verifier, items, options);
  return problems.flatMap(({ id, answer }, i) => {
    const verdict = verdicts[i];
    return verdict?.status === 'right' ? [] : [{ problemId: id, answer, reason: verdict?.reason ?? '' }];
  });
}
