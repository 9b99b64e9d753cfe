/** What the views know of a run: a pure account of what its observer heard, and the time it will still take. */
import { mean, sum } from '../core/stats.ts';
import { holdsOut } from '../protocol/dataViews.ts';
import type { Event, EventBody } from '../protocol/events.ts';
import type { Evaluation, Update } from '../protocol/records.ts';
import type { RunConfig } from '../protocol/runConfig.ts';
import type { Phase } from '../training/run.ts';

export interface RunProgress {
  readonly config: RunConfig;
  /** Last finished step, this session's or the one it was resumed from. */
  readonly step: number;
  readonly phase: PhaseProgress | undefined;
  /** Of this session, in order. */
  readonly updates: readonly Update[];
  readonly heldOut: readonly Evaluation[];
  /** Of the training problems: before and after. */
  readonly train: readonly Evaluation[];
  readonly totals: {
    readonly rescued: number;
    readonly refinementsRight: number;
    readonly refinementsWrong: number;
    readonly sampled: number;
    readonly trained: number;
    readonly notices: number;
  };
  /** Of finished steps by phase, and of evaluations. */
  readonly phaseSeconds: Readonly<Record<string, number>>;
  /** Seconds the latest evaluation took for each sample a problem, by set. */
  readonly evaluationSeconds: Readonly<Partial<Record<Evaluation['set'], number>>>;
  /** When the last step, evaluation or checkpoint ended, in seconds. */
  readonly since: number;
  readonly stopped: Extract<EventBody, { type: 'runStopped' }> | undefined;
}

export interface PhaseProgress {
  readonly name: Phase;
  readonly step: number;
  readonly done: number;
  readonly total: number | undefined;
}

/** `now` in seconds, here and below. */
export function startProgress(config: RunConfig, now: number): RunProgress {
  return {
    config,
    step: 0,
    phase: undefined,
    updates: [],
    heldOut: [],
    train: [],
    totals: { rescued: 0, refinementsRight: 0, refinementsWrong: 0, sampled: 0, trained: 0, notices: 0 },
    phaseSeconds: {},
    evaluationSeconds: {},
    since: now,
    stopped: undefined,
  };
}

export function afterPhase(progress: RunProgress, phase: PhaseProgress): RunProgress {
  return { ...progress, phase };
}

export function afterEvent(progress: RunProgress, { body }: Event, now: number): RunProgress {
  switch (body.type) {
    case 'runStarted':
      return { ...progress, step: body.resumedFrom ?? 0, since: now };
    case 'stepFinished':
      return { ...afterUpdate(progress, body.update), since: now };
    case 'evaluationFinished':
      return { ...afterEvaluation(progress, body.evaluation, now - progress.since), since: now };
    case 'checkpointSaved':
      return { ...progress, since: now };
    case 'noticeRaised':
      return { ...progress, totals: { ...progress.totals, notices: progress.totals.notices + 1 } };
    case 'runStopped':
      return { ...progress, step: body.step, phase: undefined, stopped: body };
    case 'groupFinished':
    case 'critiqueRevised':
    case 'critiqueEnlisted':
    case 'critiqueWithdrawn':
    case 'trialFinished':
      return progress;
  }
}

function afterUpdate(progress: RunProgress, update: Update): RunProgress {
  const { totals } = progress;
  const metric = (name: string): number => update.metrics[name] ?? 0;
  return {
    ...progress,
    step: update.step,
    updates: [...progress.updates, update],
    totals: {
      rescued: totals.rescued + metric('groupsRescued'),
      refinementsRight: totals.refinementsRight + metric('refinementsRight'),
      refinementsWrong: totals.refinementsWrong + metric('refinementsWrong'),
      sampled: totals.sampled + update.tokensSampled,
      trained: totals.trained + update.tokensTrained,
      notices: totals.notices,
    },
    phaseSeconds: plus(progress.phaseSeconds, update.seconds),
  };
}

function afterEvaluation(progress: RunProgress, evaluation: Evaluation, seconds: number): RunProgress {
  return {
    ...progress,
    [evaluation.set]: [...progress[evaluation.set], evaluation],
    phaseSeconds: plus(progress.phaseSeconds, { evaluate: seconds }),
    evaluationSeconds: { ...progress.evaluationSeconds, [evaluation.set]: seconds / evaluation.samplesPerProblem },
  };
}

function plus(totals: Readonly<Record<string, number>>, more: Readonly<Record<string, number>>): Record<string, number> {
  const result = { ...totals };
  for (const [name, value] of Object.entries(more)) result[name] = (result[name] ?? 0) + value;
  return result;
}

/** Steps whose pace counts as the present one. */
const recentSteps = 20;

/** Seconds still to go: recent steps times the steps left, plus the evaluations left at the pace of the last ones. Undefined before a step. */
export function secondsLeft(progress: RunProgress, now: number): number | undefined {
  const { config, step, updates, since, stopped } = progress;
  if (stopped !== undefined) return 0;
  if (updates.length === 0) return undefined;
  const aStep = mean(updates.slice(-recentSteps).map(({ seconds }) => sum(Object.values(seconds))));
  const evaluations = evaluationsLeft(progress);
  const isEvaluating = evaluations.some((evaluation) => evaluation.step === step);
  const current = isEvaluating ? (evaluations[0]?.seconds ?? 0) : aStep;
  const all = aStep * (config.training.steps - step) + sum(evaluations.map(({ seconds }) => seconds));
  return Math.max(0, all - Math.min(current, Math.max(0, now - since)));
}

/** In the order they will be made. */
function evaluationsLeft({ config, step, heldOut, train, evaluationSeconds }: RunProgress): { step: number; seconds: number }[] {
  const { every, samples, finalSamples, failureAttempts } = config.evaluation;
  const { steps } = config.training;
  const left: { step: number; seconds: number }[] = [];
  const add = (set: Evaluation['set'], at: number, each: number): void => {
    const isMade = (set === 'heldOut' ? heldOut : train).some((evaluation) => evaluation.step === at);
    if (!isMade) left.push({ step: at, seconds: (evaluationSeconds[set] ?? 0) * each });
  };
  if (holdsOut(config.data)) {
    if (every > 0) for (let at = Math.max(every, Math.ceil(step / every) * every); at < steps; at += every) add('heldOut', at, samples);
    add('heldOut', steps, finalSamples);
  }
  add('train', steps, failureAttempts);
  return left;
}

/** Share of the phase in progress that is done; undefined where nobody knows. Token counts have an upper bound only, which is no total. */
export function phaseShare({ phase }: RunProgress): number | undefined {
  if (phase?.total === undefined || phase.total === 0 || isCountedInTokens(phase.name)) return undefined;
  return Math.min(1, phase.done / phase.total);
}

export function isCountedInTokens(phase: Phase): boolean {
  return phase === 'sample' || phase === 'refine' || phase === 'evaluate';
}

/** Mean of a metric over the last `count` steps that have it. */
export function recentMean({ updates }: Pick<RunProgress, 'updates'>, name: string, count: number): number | undefined {
  const values = updates.slice(-count).flatMap(({ metrics }) => metrics[name] ?? []);
  return values.length === 0 ? undefined : mean(values);
}

/** Tokens a second over the recent steps: sampled while sampling, critiquing and refining; trained while updating. */
export function tokenRates({ updates }: RunProgress): { readonly sampled: number | undefined; readonly trained: number | undefined } {
  const recent = updates.slice(-recentSteps);
  const rate = (tokens: (update: Update) => number, phases: readonly Phase[]): number | undefined => {
    const seconds = sum(recent.flatMap((update) => phases.map((phase) => update.seconds[phase] ?? 0)));
    return seconds === 0 ? undefined : sum(recent.map(tokens)) / seconds;
  };
  return {
    sampled: rate(({ tokensSampled }) => tokensSampled, ['sample', 'critique', 'refine']),
    trained: rate(({ tokensTrained }) => tokensTrained, ['update']),
  };
}
