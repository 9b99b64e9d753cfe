/** The training loop: the one place where the order of the stages is written. */
import { messageOf, WorkbenchError } from '../core/errors.ts';
import { problemOrder } from '../data/order.ts';
import type { Event, EventBody } from '../protocol/events.ts';
import type { Problem, Update } from '../protocol/records.ts';
import { auditsOf } from './audit.ts';
import { announceCheckpoint, keepCheckpoint, restoreCheckpoint, saveCheckpoint } from './checkpointing.ts';
import type { Collected } from './collect.ts';
import { collectWithSignal } from './dynamicSampling.ts';
import { refreshVerifier } from './grading.ts';
import { stop } from './outcome.ts';
import { record } from './recording.ts';
import type { Run, RunOutcome } from './run.ts';
import { evaluateIfDue } from './scheduledEvaluation.ts';
import { stepMetrics } from './stepMetrics.ts';
import { StepScope } from './stepScope.ts';
import { storyOf } from './story.ts';
import { trainedAt } from './switches.ts';
import { updatePolicy } from './update.ts';

/** How often in a row, without a step never reached before, a dead engine is started anew: what kills it again and again will go on to. */
const maxRestarts = 3;

/** Where the loop stands: the last finished step and the weights after it. */
interface LoopState {
  step: number;
  policyVersion: number;
  /** The step that the newest checkpoint holds; 0 without any. */
  checkpointStep: number;
  /** Whether a step made again comes out as it did. */
  repeats: boolean;
}

/**
 * Trains to the end of the run's steps, or until its signal is aborted: then the step in progress is dropped, a checkpoint is written and the
 * outcome says `interrupted`. A run resumed from its last checkpoint repeats the identical trace; so does one whose engine died on the way.
 * Any other failure is recorded as `failed` and thrown; the last checkpoint stays as it is.
 */
export async function train(run: Run): Promise<RunOutcome> {
  record(run, { problems: distinctById([...run.trainProblems, ...run.heldOutProblems]) });
  const state: LoopState = { step: 0, policyVersion: 0, checkpointStep: 0, repeats: true };
  await goToCheckpoint(run, state);
  const { algorithm, seed, training } = run.config;
  const started: EventBody = { type: 'runStarted', algorithm, seed, steps: training.steps, resumedFrom: state.step > 0 ? state.step : null };
  const remarks = (run.remarks ?? []).map((remark): EventBody => ({ type: 'noticeRaised', ...remark, step: state.step }));
  record(run, { events: [started, ...remarks] });
  try {
    await loopThroughDeaths(run, state);
    return stop(run, state.step, 'finished', training.steps === 1 ? 'The only step is done.' : `All ${training.steps} steps are done.`);
  } catch (error) {
    return await stopEarly(run, state, error);
  } finally {
    run.store.endSteps(run.id);
  }
}

async function goToCheckpoint(run: Run, state: LoopState): Promise<void> {
  const step = (await restoreCheckpoint(run))?.step ?? 0;
  const { policyVersion, repeats = true } = await run.engine.describe();
  Object.assign(state, { step, policyVersion, checkpointStep: step, repeats } satisfies LoopState);
}

/** A dead engine is started anew, and the loop goes on from its last checkpoint. */
async function loopThroughDeaths(run: Run, state: LoopState): Promise<void> {
  let death: WorkbenchError | undefined;
  let restarts = 0;
  let furthest = -1;
  for (;;) {
    try {
      if (death !== undefined) await restart(run, state, death, restarts);
      await loop(run, state);
      return;
    } catch (error) {
      if (run.signal.aborted || !isDeath(error)) throw error;
      restarts = state.step > furthest ? 1 : restarts + 1;
      furthest = Math.max(furthest, state.step);
      if (restarts > maxRestarts) throw error;
      death = error;
    }
  }
}

async function restart(run: Run, state: LoopState, death: WorkbenchError, restarts: number): Promise<void> {
  const diedAt = state.step;
  await run.engine.reopen();
  await goToCheckpoint(run, state);
  const message = `The engine died after step ${diedAt} and was started anew (${restarts} of at most ${maxRestarts} times in a row); the run goes on from step ${state.step}. ${death.message}`;
  record(run, { events: [{ type: 'noticeRaised', code: 'engine.restarted', message, step: diedAt }] });
}

async function loop(run: Run, state: LoopState): Promise<void> {
  const { steps } = run.config.training;
  for (;;) {
    const isLast = state.step >= steps;
    await run.boundary?.serve(run, state.step, isLast);
    // Before the step, since a run stopped between a step and its evaluation or checkpoint owes them.
    await evaluateIfDue(run, state.step);
    if (state.step % run.config.checkpoint.every === 0 || state.step === steps) await checkpoint(run, state);
    await run.boundary?.serve(run, state.step, isLast);
    if (isLast) return;
    run.signal.throwIfAborted();
    await takeStep(run, state);
  }
}

async function checkpoint(run: Run, state: LoopState): Promise<void> {
  if (state.step <= state.checkpointStep) return;
  await saveCheckpoint(run, state.step);
  state.checkpointStep = state.step;
}

async function takeStep(opened: Run, state: LoopState): Promise<void> {
  const scope = new StepScope(state.step + 1, state.policyVersion);
  const { step } = scope;
  const run: Run = { ...opened, ...trainedAt(opened, step) };
  run.store.beginStep(run.id, step);
  await refreshVerifier(run, scope.notice);
  const { trained, ...collected } = await collectWithSignal(run, scope, problemsOf(run, step));
  const updated = await updatePolicy(run, scope, trained);
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
    metrics: { ...stepMetrics(collected, trained), ...updated.metrics, updates: updated.updates },
  };
  // What would not come out again as it did must never have to be made again once it is recorded.
  const checkpoint = state.repeats ? undefined : await keepCheckpoint(run, step);
  const events = recordStep(run, scope, collected, update);
  state.step = step;
  state.policyVersion = updated.policyVersion;
  if (checkpoint !== undefined) {
    await announceCheckpoint(run, checkpoint);
    state.checkpointStep = step;
  }
  const isReplay = events.length === 0;
  const story = isReplay ? undefined : storyOf(step, collected);
  if (story !== undefined) run.observer.onStory?.(story);
}

/** Where a step crosses the border of two passes over the data, a problem may be drawn twice; it is then taken once. */
function problemsOf(run: Run, step: number): Problem[] {
  const { order, orderSeed } = run.config.data;
  const seed = order === 'file' ? null : (orderSeed ?? run.config.seed);
  const indices = problemOrder(seed, run.trainProblems.length, run.config.training.problemsPerStep, step - 1);
  return [...new Set(indices)].map((index) => run.trainProblems[index] as Problem);
}

function recordStep(run: Run, scope: StepScope, collected: Collected, update: Update): readonly Event[] {
  const { rollouts, verdicts, critiques, critiqueCalls, refined } = collected;
  const groups = collected.groups.map(({ group }) => group);
  const finished = groups.map(({ id, problemId, kind, zeroSignal }): EventBody => ({
    type: 'groupFinished',
    step: scope.step,
    groupId: id,
    problemId,
    kind,
    zeroSignal,
  }));
  return record(run, {
    rollouts,
    verdicts,
    critiques,
    critiqueCalls,
    audits: auditsOf(collected, run.id),
    refinements: refined.map(({ refinement }) => refinement),
    groups,
    updates: [update],
    events: [...finished, ...scope.notices, { type: 'stepFinished', update }],
  });
}

/** The end of a run that did not reach its last step: as asked, or by a failure, which is thrown. */
async function stopEarly(run: Run, state: LoopState, error: unknown): Promise<RunOutcome> {
  let failure = error;
  if (run.signal.aborted && (isAbort(error, run.signal) || isDeath(error))) {
    try {
      // The signal that stops the run may have reached the engine's process too; then the checkpoint before is the one to resume from.
      if (!isDeath(error)) await checkpoint(run, state);
      return stop(run, state.step, 'interrupted', `Stopped after step ${state.step}; resume goes on from step ${state.checkpointStep}.`);
    } catch (problem) {
      failure = problem;
    }
  }
  try {
    stop(run, state.step, 'failed', messageOf(failure));
  } catch {
    // What keeps the end from being recorded (a full disk) is what ended the run, or says less than what did.
  }
  throw failure;
}

function isAbort(error: unknown, { reason }: AbortSignal): boolean {
  return error === reason || (error instanceof Error && error.name === 'AbortError');
}

function isDeath(error: unknown): error is WorkbenchError {
  return error instanceof WorkbenchError && error.code === 'engine.died';
}

function distinctById(problems: readonly Problem[]): Problem[] {
  return [...new Map(problems.map((problem) => [problem.id, problem])).values()];
}
