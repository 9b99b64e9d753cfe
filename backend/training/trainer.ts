/** The training loop: the one place where the order of the stages is written. */
import { sum } from '../core/stats.ts';
import { messageOf } from '../core/errors.ts';
import type { EventBody } from '../protocol/events.ts';
import type { Evaluation, Problem, Update } from '../protocol/records.ts';
import { problemOrder } from '../data/order.ts';
import { collectStep, type Collected } from './collect.ts';
import { evaluate, type Evaluated } from './evaluate.ts';
import { restoreCheckpoint, saveCheckpoint } from './checkpointing.ts';
import type { Phase, Run, RunOutcome } from './run.ts';
import { stepMetrics } from './stepMetrics.ts';
import { Stopwatch } from './stopwatch.ts';
import { storyOf } from './story.ts';
import { updatePolicy } from './update.ts';

/**
 * Trains to the end of the run's steps, or until its signal is aborted: then the step in progress is dropped, a checkpoint is written and the
 * outcome says `interrupted`. A run resumed from its last checkpoint repeats the identical trace.
 */
export async function train(run: Run): Promise<RunOutcome> {
  const resumed = await restoreCheckpoint(run);
  const state: LoopState = { step: resumed?.step ?? 0, policyVersion: (await run.engine.describe()).policyVersion };
  run.store.record({ runId: run.id, problems: [...run.trainProblems, ...run.heldOutProblems] });
  announce(run, [{ type: 'runStarted', algorithm: run.algorithm.name, seed: run.config.seed, steps: run.config.training.steps, resumedFrom: resumed?.step ?? null }]);
  try {
    await loop(run, state);
    return stop(run, state, 'finished', `All ${run.config.training.steps} steps are done.`);
  } catch (error) {
    if (run.signal.aborted) {
      if (state.step > 0 && state.step !== state.checkpointStep) await saveCheckpoint(run, state.step);
      return stop(run, state, 'interrupted', `Stopped after step ${state.step}; resume goes on from there.`);
    }
    stop(run, state, 'failed', messageOf(error));
    throw error;
  }
}

interface LoopState {
  step: number;
  policyVersion: number;
  checkpointStep?: number;
}

async function loop(run: Run, state: LoopState): Promise<void> {
  const { config } = run;
  const { steps, problemsPerStep } = config.training;
  if (state.step === 0) await evaluateEnds(run, 0);
  while (state.step < steps) {
    const step = state.step + 1;
    run.signal.throwIfAborted();
    const watch = new Stopwatch<Phase>();
    const problems = problemOrder(config.seed, run.trainProblems.length, problemsPerStep, step - 1).map((index) => run.trainProblems[index] as Problem);

    const collected = await collectStep(run, step, state.policyVersion, problems, watch);
    const updated = await updatePolicy(run, step, state.policyVersion, collected.groups, watch);
    const update: Update = {
      runId: run.id,
      step,
      policyVersion: updated.policyVersion,
      loss: updated.loss,
      gradientNorm: updated.gradientNorm,
      learningRate: updated.learningRate,
      tokensSampled: collected.tokensSampled,
      tokensTrained: updated.tokensTrained,
      seconds: watch.seconds(),
      metrics: { ...stepMetrics(collected), ...updated.metrics, updates: updated.updates },
    };
    record(run, collected, update);
    state.step = step;
    state.policyVersion = updated.policyVersion;
    const story = storyOf(step, collected);
    if (story !== undefined) run.observer.onStory?.(story);

    const { every } = config.evaluation;
    if (step === steps) await evaluateEnds(run, step);
    else if (every > 0 && step % every === 0) await evaluateHeldOut(run, step, config.evaluation.samples);
    if (step % config.checkpoint.every === 0 || step === steps) {
      await saveCheckpoint(run, step);
      state.checkpointStep = step;
    }
  }
}

function record(run: Run, collected: Collected, update: Update): void {
  const { rollouts, verdicts, critiques, refinements, notices } = collected;
  const groups = collected.groups.map(({ group }) => group);
  const events: EventBody[] = [
    ...groups.map((group): EventBody => ({ type: 'groupFinished', step: update.step, groupId: group.id, problemId: group.problemId, kind: group.kind, zeroSignal: group.zeroSignal })),
    ...notices,
    { type: 'stepFinished', update },
  ];
  deliver(run, run.store.record({ runId: run.id, rollouts, verdicts, critiques, refinements, groups, updates: [update], events }));
}

/** Before and after training: the held-out score with more samples, and the training problems that fail every time. */
async function evaluateEnds(run: Run, step: number): Promise<void> {
  await evaluateHeldOut(run, step, run.config.evaluation.finalSamples);
  const { failureAttempts, temperature } = run.config.evaluation;
  keep(run, await evaluate(run, { set: 'train', step, problems: run.trainProblems, samples: failureAttempts, temperature }), true);
}

async function evaluateHeldOut(run: Run, step: number, samples: number): Promise<void> {
  if (run.heldOutProblems.length === 0) return;
  keep(run, await evaluate(run, { set: 'heldOut', step, problems: run.heldOutProblems, samples, temperature: run.config.evaluation.temperature }), false);
}

function keep(run: Run, { evaluation, failures, notices }: Evaluated, areFailuresPersistent: boolean): void {
  const persistentFailures = areFailuresPersistent ? failures : [];
  deliver(run, run.store.record({ runId: run.id, evaluations: [evaluation], persistentFailures, events: [...notices, { type: 'evaluationFinished', evaluation }] }));
}

function announce(run: Run, events: readonly EventBody[]): void {
  deliver(run, run.store.record({ runId: run.id, events }));
}

function deliver(run: Run, { events }: ReturnType<Run['store']['record']>): void {
  for (const event of events) run.observer.onEvent?.(event);
}

function stop(run: Run, state: LoopState, reason: RunOutcome['reason'], message: string): RunOutcome {
  announce(run, [{ type: 'runStopped', step: state.step, reason, message }]);
  const evaluations = run.store.evaluations(run.id);
  const updates = run.store.updates(run.id);
  const at = (step: number, set: Evaluation['set']): Evaluation | undefined => evaluations.find((evaluation) => evaluation.step === step && evaluation.set === set);
  return {
    reason,
    step: state.step,
    before: at(0, 'heldOut'),
    after: state.step > 0 ? at(state.step, 'heldOut') : undefined,
    failuresBefore: run.store.recordedFailures(run.id, 0),
    failuresAfter: state.step > 0 ? run.store.recordedFailures(run.id, state.step) : [],
    tokensSampled: sum(updates.map((update) => update.tokensSampled)),
    tokensTrained: sum(updates.map((update) => update.tokensTrained)),
    updates: sum(updates.map((update) => update.metrics['updates'] ?? 0)),
  };
}
