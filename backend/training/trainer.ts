/** The training loop: the one place where the order of the stages is written. */
import { messageOf, WorkbenchError } from '../core/errors.ts';
import { sum } from '../core/stats.ts';
import { problemOrder } from '../data/order.ts';
import type { EventBody } from '../protocol/events.ts';
import type { Evaluation, Problem, Update } from '../protocol/records.ts';
import { restoreCheckpoint, saveCheckpoint } from './checkpointing.ts';
import { collectStep, type Collected } from './collect.ts';
import { evaluate, type Evaluated } from './evaluate.ts';
import { record } from './recording.ts';
import type { Run, RunOutcome } from './run.ts';
import { stepMetrics } from './stepMetrics.ts';
import { StepScope } from './stepScope.ts';
import { storyOf } from './story.ts';
import { updatePolicy } from './update.ts';

/** How often in a row, without a finished step between, a dead engine is started anew. */
const maxRestarts = 3;

/** Where the loop stands: the last finished step and the weights after it. */
interface LoopState {
  step: number;
  policyVersion: number;
  checkpointStep: number;
}

/**
 * Trains to the end of the run's steps, or until its signal is aborted: then the step in progress is dropped, a checkpoint is written and the
 * outcome says `interrupted`. A run resumed from its last checkpoint repeats the identical trace; so does one whose engine died on the way.
 */
export async function train(run: Run): Promise<RunOutcome> {
  record(run, { problems: distinctById([...run.trainProblems, ...run.heldOutProblems]) });
  let state = await restore(run);
  const { algorithm, seed, training } = run.config;
  record(run, { events: [{ type: 'runStarted', algorithm, seed, steps: training.steps, resumedFrom: state.step > 0 ? state.step : null }] });
  for (let restarts = 0; ;) {
    const begun = state.step;
    try {
      await loop(run, state);
      return stop(run, state, 'finished', `All ${training.steps} steps are done.`);
    } catch (error) {
      if (run.signal.aborted) {
        if (state.step > state.checkpointStep) await saveCheckpoint(run, state.step);
        return stop(run, state, 'interrupted', `Stopped after step ${state.step}; resume goes on from there.`);
      }
      restarts = state.step > begun ? 1 : restarts + 1;
      if (!(error instanceof WorkbenchError && error.code === 'engine.died') || restarts > maxRestarts) {
        stop(run, state, 'failed', messageOf(error));
        throw error;
      }
      const message = `${error.message} It was started anew (attempt ${restarts}) and the run goes on from its last checkpoint.`;
      record(run, { events: [{ type: 'noticeRaised', code: 'engine.restarted', message, step: state.step }] });
      await run.engine.reopen();
      state = await restore(run);
    }
  }
}

async function restore(run: Run): Promise<LoopState> {
  const step = (await restoreCheckpoint(run))?.step ?? 0;
  return { step, policyVersion: (await run.engine.describe()).policyVersion, checkpointStep: step };
}

async function loop(run: Run, state: LoopState): Promise<void> {
  const { steps } = run.config.training;
  // A run stopped between a step and its evaluation owes that evaluation.
  await evaluateIfDue(run, state.step);
  while (state.step < steps) {
    run.signal.throwIfAborted();
    await takeStep(run, state);
    await evaluateIfDue(run, state.step);
    if (state.step % run.config.checkpoint.every === 0 || state.step === steps) {
      await saveCheckpoint(run, state.step);
      state.checkpointStep = state.step;
    }
  }
}

async function takeStep(run: Run, state: LoopState): Promise<void> {
  const scope = new StepScope(state.step + 1, state.policyVersion);
  const { step } = scope;
  const collected = await collectStep(run, scope, problemsOf(run, step));
  const updated = await updatePolicy(run, scope, collected.groups);
  const update: Update = {
    runId: run.id,
    step,
    policyVersion: updated.policyVersion,
    loss: updated.loss,
    gradientNorm: updated.gradientNorm,
    learningRate: updated.learningRate,
    tokensSampled: collected.tokensSampled,
    tokensTrained: updated.tokensTrained,
    seconds: scope.watch.seconds(),
    metrics: { ...stepMetrics(collected), ...updated.metrics, updates: updated.updates },
  };
  recordStep(run, scope, collected, update);
  state.step = step;
  state.policyVersion = updated.policyVersion;
  const story = storyOf(step, collected);
  if (story !== undefined) run.observer.onStory?.(story);
}

/** Where a step crosses the border of two passes over the data, a problem may be drawn twice; it is then taken once. */
function problemsOf(run: Run, step: number): Problem[] {
  const indices = problemOrder(run.config.seed, run.trainProblems.length, run.config.training.problemsPerStep, step - 1);
  return [...new Set(indices)].map((index) => run.trainProblems[index] as Problem);
}

function recordStep(run: Run, scope: StepScope, collected: Collected, update: Update): void {
  const { rollouts, verdicts, critiques, refined } = collected;
  const groups = collected.groups.map(({ group }) => group);
  const finished = groups.map(({ id, problemId, kind, zeroSignal }): EventBody => ({
    type: 'groupFinished',
    step: scope.step,
    groupId: id,
    problemId,
    kind,
    zeroSignal,
  }));
  record(run, {
    rollouts,
    verdicts,
    critiques,
    refinements: refined.map(({ refinement }) => refinement),
    groups,
    updates: [update],
    events: [...finished, ...scope.notices, { type: 'stepFinished', update }],
  });
}

/**
 * Before and after training the held-out score has more samples, and the training problems that fail every time are counted; on the way
 * the held-out score alone. What is in the store already is not measured again.
 */
async function evaluateIfDue(run: Run, step: number): Promise<void> {
  const { every, samples, finalSamples, failureAttempts, temperature } = run.config.evaluation;
  const isEnd = step === 0 || step === run.config.training.steps;
  const known = run.store.evaluations(run.id).filter((evaluation) => evaluation.step === step);
  const isMissing = (set: Evaluation['set']): boolean => !known.some((evaluation) => evaluation.set === set);
  if ((isEnd || (every > 0 && step % every === 0)) && run.heldOutProblems.length > 0 && isMissing('heldOut')) {
    const request = { set: 'heldOut', step, problems: run.heldOutProblems, samples: isEnd ? finalSamples : samples, temperature } as const;
    keep(run, await evaluate(run, request));
  }
  if (isEnd && isMissing('train')) {
    keep(run, await evaluate(run, { set: 'train', step, problems: run.trainProblems, samples: failureAttempts, temperature }));
  }
}

function keep(run: Run, { evaluation, failures, notices }: Evaluated): void {
  const persistentFailures = evaluation.set === 'train' ? failures : [];
  record(run, { evaluations: [evaluation], persistentFailures, events: [...notices, { type: 'evaluationFinished', evaluation }] });
}

function stop(run: Run, { step }: LoopState, reason: RunOutcome['reason'], message: string): RunOutcome {
  record(run, { events: [{ type: 'runStopped', step, reason, message }] });
  const evaluations = run.store.evaluations(run.id);
  const updates = run.store.updates(run.id).filter((update) => update.step <= step);
  const heldOutAt = (wanted: number): Evaluation | undefined =>
    evaluations.find((evaluation) => evaluation.step === wanted && evaluation.set === 'heldOut');
  return {
    reason,
    step,
    before: heldOutAt(0),
    after: step > 0 ? heldOutAt(step) : undefined,
    failuresBefore: run.store.recordedFailures(run.id, 0),
    failuresAfter: step > 0 ? run.store.recordedFailures(run.id, step) : [],
    tokensSampled: sum(updates.map((update) => update.tokensSampled)),
    tokensTrained: sum(updates.map((update) => update.tokensTrained)),
    updates: sum(updates.map((update) => update.metrics['updates'] ?? 0)),
  };
}

function distinctById(problems: readonly Problem[]): Problem[] {
  return [...new Map(problems.map((problem) => [problem.id, problem])).values()];
}
