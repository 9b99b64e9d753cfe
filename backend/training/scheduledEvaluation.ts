/** When a run is evaluated, and how much. */
import type { Evaluation } from '../protocol/records.ts';
import { evaluate, type EvaluationRequest } from './evaluate.ts';
import { record } from './recording.ts';
import type { Run } from './run.ts';

/**
 * Before and after training the held-out score has more samples, and the training problems that fail every time are counted; on the way
 * the held-out score alone. What is in the store already is not measured again.
 */
export async function evaluateIfDue(run: Run, step: number): Promise<void> {
  const { every, samples, finalSamples, temperature } = run.config.evaluation;
  const heldOut = { set: 'heldOut', step, problems: run.heldOutProblems, temperature } as const;
  if (step === 0 || step === run.config.training.steps) {
    await evaluateOnce(run, { ...heldOut, samples: finalSamples });
    await evaluateOnce(run, { set: 'train', step, problems: run.trainProblems, temperature, samples: run.config.evaluation.failureAttempts });
  } else if (every > 0 && step % every === 0) {
    await evaluateOnce(run, { ...heldOut, samples });
  }
}

async function evaluateOnce(run: Run, request: EvaluationRequest): Promise<void> {
  if (request.problems.length === 0 || run.store.evaluations(run.id).some((known) => isOf(known, request))) return;
  const { evaluation, failures, notices } = await evaluate(run, request);
  const persistentFailures = evaluation.set === 'train' ? failures : [];
  record(run, { evaluations: [evaluation], persistentFailures, events: [...notices, { type: 'evaluationFinished', evaluation }] });
}

function isOf(known: Evaluation, { step, set, samples, temperature }: EvaluationRequest): boolean {
  return known.step === step && known.set === set && known.samplesPerProblem === samples && known.temperature === temperature;
}
