/** A held-out score when someone asks for it. */
import { WorkbenchError } from '../core/errors.ts';
import type { Evaluation } from '../protocol/records.ts';
import { evaluate } from './evaluate.ts';
import { record } from './recording.ts';
import type { Run } from './run.ts';

/** Scores the weights after `step` as the evaluations on the way do; a score that is known already is not measured again. Throws `data.noHeldOut`. */
export async function evaluateNow(run: Run, step: number): Promise<Evaluation> {
  const { samples, temperature } = run.config.evaluation;
  if (run.heldOutProblems.length === 0) {
    throw new WorkbenchError({
      code: 'data.noHeldOut',
      message: `Run ${run.id} has no held-out problems to score.`,
      remedy: 'Name problems that are not trained on as data.heldOut of the next run.',
    });
  }
  const known = run.store.evaluations(run.id).filter((evaluation) => evaluation.set === 'heldOut' && evaluation.step === step);
  const found = known.find((evaluation) => evaluation.samplesPerProblem >= samples && evaluation.temperature === temperature);
  if (found !== undefined) return found;
  const { evaluation, notices } = await evaluate(run, { set: 'heldOut', step, problems: run.heldOutProblems, samples, temperature });
  record(run, { evaluations: [evaluation], events: [...notices, { type: 'evaluationFinished', evaluation }] });
  return evaluation;
}
