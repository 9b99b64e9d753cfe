/** Verdicts on completions; failures of the verifier are counted and announced, never scored as wrong. */
import type { Problem, Rollout, Verdict } from '../protocol/records.ts';
import { gradeAll } from '../rewards/grade.ts';
import type { Run } from './run.ts';

/** Longest time a verifier may take for one completion. */
export const graderDeadlineMs = 5000;

/** One verdict an answer, in order. */
export async function grade(
  run: Pick<Run, 'verifier' | 'signal' | 'graderPool'>,
  answers: readonly { readonly problem: Problem; readonly answer: Pick<Rollout, 'id' | 'completion' | 'finish'> }[],
  notice: (code: string, message: string) => void,
): Promise<Verdict[]> {
  const items = answers.map(({ problem, answer }) => ({ rolloutId: answer.id, problem, completion: answer.completion, finish: answer.finish }));
  const verdicts = await gradeAll(run.verifier, items, {
    deadlineMs: graderDeadlineMs,
    signal: run.signal,
    ...(run.graderPool === undefined ? {} : { pool: run.graderPool }),
  });
  const failed = verdicts.filter(({ status }) => status === 'failed');
  if (failed.length > 0)
    notice(
      'verifier.failed',
      `The verifier "${run.verifier.name}" came to no judgment on ${failed.length} of ${verdicts.length} answers (first reason: ${failed[0]?.reason ?? ''}). They are left out of their groups.`,
    );
  return verdicts;
}
