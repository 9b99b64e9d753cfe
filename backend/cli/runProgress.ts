/** What the views know of a run: a pure account of what its observer heard. */
import type { Event } from '../protocol/events.ts';
import type { Evaluation, Update } from '../protocol/records.ts';
import type { Phase } from '../training/run.ts';

export interface RunProgress {
  readonly steps: number;
  readonly step: number;
  readonly phase: { readonly name: Phase; readonly done: number; readonly total: number | undefined } | undefined;
  readonly updates: readonly Update[];
  readonly heldOut: readonly Evaluation[];
  /** Seconds each finished step took, evaluations and checkpoints between included. */
  readonly stepSeconds: readonly number[];
  /** When the last step ended, in seconds. */
  readonly lastStepEnd: number | undefined;
  readonly totals: {
    readonly rescued: number;
    readonly refinementsRight: number;
    readonly refinementsWrong: number;
    readonly sampled: number;
    readonly trained: number;
  };
  readonly phaseSeconds: Readonly<Record<string, number>>;
}

export function startProgress(steps: number): RunProgress {
  return {
    steps,
    step: 0,
    phase: undefined,
    updates: [],
    heldOut: [],
    stepSeconds: [],
    lastStepEnd: undefined,
    totals: { rescued: 0, refinementsRight: 0, refinementsWrong: 0, sampled: 0, trained: 0 },
    phaseSeconds: {},
  };
}

/** `now` in seconds. */
export function afterEvent(progress: RunProgress, { body }: Event, now: number): RunProgress {
  if (body.type === 'evaluationFinished')
    return body.evaluation.set === 'heldOut' ? { ...progress, heldOut: [...progress.heldOut, body.evaluation] } : progress;
  if (body.type === 'runStarted') return { ...progress, step: body.resumedFrom ?? 0, lastStepEnd: undefined };
  if (body.type !== 'stepFinished') return progress;
  const { update } = body;
  const metric = (name: string): number => update.metrics[name] ?? 0;
  const phaseSeconds = { ...progress.phaseSeconds };
  for (const [name, seconds] of Object.entries(update.seconds)) phaseSeconds[name] = (phaseSeconds[name] ?? 0) + seconds;
  return {
    ...progress,
    step: update.step,
    updates: [...progress.updates, update],
    stepSeconds: progress.lastStepEnd === undefined ? progress.stepSeconds : [...progress.stepSeconds, now - progress.lastStepEnd],
    lastStepEnd: now,
    totals: {
      rescued: progress.totals.rescued + metric('groupsRescued'),
      refinementsRight: progress.totals.refinementsRight + metric('refinementsRight'),
      refinementsWrong: progress.totals.refinementsWrong + metric('refinementsWrong'),
      sampled: progress.totals.sampled + update.tokensSampled,
      trained: progress.totals.trained + update.tokensTrained,
    },
    phaseSeconds,
  };
}

/** Seconds still to go, from the mean of the steps so far; undefined before the second step. */
export function secondsLeft({ stepSeconds, steps, step }: RunProgress): number | undefined {
  const recent = stepSeconds.slice(-60);
  if (recent.length === 0) return undefined;
  return (recent.reduce((a, b) => a + b, 0) / recent.length) * (steps - step);
}

/** Mean of a metric over the last `count` steps that have it. */
export function recentMean({ updates }: RunProgress, name: string, count = 10): number | undefined {
  const values = updates.slice(-count).flatMap(({ metrics }) => metrics[name] ?? []);
  return values.length === 0 ? undefined : values.reduce((a, b) => a + b, 0) / values.length;
}
