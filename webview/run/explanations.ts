/** Plain sentences about what the newest numbers mean, where they would puzzle a reader. */
import { holdsOut } from '../../backend/protocol/dataViews.ts';
import type { Evaluation } from '../../backend/protocol/records.ts';
import type { RunSummary } from '../../backend/protocol/views.ts';
import { formatCount, formatDuration, formatNumber, formatPercent } from '../ui/format.ts';
import { column, newest, type RunCurves } from './curves.ts';

export interface Explanation {
  readonly tone: 'info' | 'warning';
  readonly text: string;
}

export interface Explained {
  readonly summary: RunSummary;
  readonly curves: RunCurves;
  readonly evaluations: readonly Evaluation[];
  /** How long nothing was heard of a run at work; null when it is not at work. */
  readonly secondsSinceNews: number | null;
}

/** Trends are told from this many steps on, comparing this many at either end. */
const window = 10;
const longestSilence = 120;

export function explanationsOf(run: Explained): readonly Explanation[] {
  return [silence, signal, rescue, refinements, answers, verifier, gap, entropy, clipping, gradient, evaluation, plateau].flatMap(
    (explain) => explain(run) ?? [],
  );
}

type Explain = (run: Explained) => Explanation | null;

const silence: Explain = ({ curves, secondsSinceNews }) => {
  if (secondsSinceNews === null) return null;
  const pace = meanOf(ends(secondsOfSteps(curves)).last) ?? 0;
  if (secondsSinceNews < Math.max(longestSilence, 5 * pace)) return null;
  return warning(
    `Nothing was heard of the run for ${formatDuration(secondsSinceNews)}: it may be stuck. “Show Log” tells what it does; stopping and resuming goes on from the last checkpoint.`,
  );
};

const signal: Explain = ({ curves }) => {
  const groups = metric(curves, 'groups');
  const zero = metric(curves, 'groupsZeroSignal');
  if (groups === 0 || zero / groups < 0.5) return null;
  if (zero < groups)
    return info(`${zero} of ${groups} groups of the last step taught nothing: in each, all answers were right or all were wrong, so none stood out.`);
  if (metric(curves, 'groupsAllRight') === groups) {
    return info('The loss is 0 because every answer of the last step was right: these problems have nothing left to teach. Harder ones would.');
  }
  const end = metric(curves, 'critiques') > 0 ? 'No refinement was right either.' : 'This is what the critique loop is for.';
  return warning(`The loss is 0 because every group was all-right or all-wrong: no answer stood out from the others. Nothing is broken. ${end}`);
};

const rescue: Explain = ({ curves }) => {
  const rescued = metric(curves, 'groupsRescued');
  if (rescued === 0) return null;
  const groups = metric(curves, 'groups');
  return info(
    `In the last step, ${rescued} of ${formatCount(groups, 'problem')} had no right rollout but a right refinement: only the critique made them teach something.`,
  );
};

const refinements: Explain = ({ curves }) => {
  const last = ends(column(curves, 'metrics.refinementsRight')).last;
  const wrong = ends(column(curves, 'metrics.refinementsWrong')).last;
  if (last.length < window || total(last) > 0 || total(wrong) === 0) return null;
  return warning(
    `None of the last ${formatCount(total(wrong), 'refinement')} was right: these critiques do not help this policy. Compare critics on a failure, or write a critique yourself.`,
  );
};

const answers: Explain = ({ curves }) => {
  const truncated = metric(curves, 'truncated');
  return truncated < 0.2
    ? null
    : warning(
        `${formatPercent(truncated, 0)} of the last answers hit the token limit and count as wrong. Raise sampling.maxTokens if they were still at work.`,
      );
};

const verifier: Explain = ({ curves }) => {
  const failed = metric(curves, 'verifierFailed');
  return failed === 0
    ? null
    : warning(`The verifier failed on ${formatCount(failed, 'answer')} of the last step. They were left out of their groups, not scored as wrong.`);
};

const gap: Explain = ({ curves }) => {
  const { first, last } = ends(column(curves, 'metrics.conditionGap'));
  const [before, now] = [meanOf(first), meanOf(last)];
  if (before === null || now === null || now < 0.5 || now < 2 * before) return null;
  return warning(
    `The condition gap has grown from ${formatNumber(before)} to ${formatNumber(now)} nats per token: refinements get less likely without their critique. This precedes collapse; fewer refinements a group or a smaller γ hold it back.`,
  );
};

const entropy: Explain = ({ curves }) => {
  const { first, last } = ends(column(curves, 'metrics.entropy'));
  const [before, now] = [meanOf(first), meanOf(last)];
  const right = meanOf(ends(column(curves, 'metrics.passRate')).last) ?? 0;
  if (before === null || now === null || now > 0.1 * before || right > 0.9) return null;
  return warning(
    `Entropy has fallen from ${formatNumber(before)} to ${formatNumber(now)} nats while ${formatPercent(1 - right, 0)} of the answers are wrong: the policy hardly explores any more.`,
  );
};

const clipping: Explain = ({ curves }) => {
  const clipped = meanOf(ends(column(curves, 'metrics.clipFraction')).last);
  return clipped === null || clipped < 0.3
    ? null
    : warning(
        `${formatPercent(clipped, 0)} of the tokens are clipped and get no gradient: the learning rate or the number of updates a step may be too high.`,
      );
};

const gradient: Explain = ({ curves }) => {
  const norms = known(column(curves, 'gradientNorm'));
  const last = norms.at(-1);
  const before = norms.slice(-51, -1).sort((a, b) => a - b);
  const median = before[before.length >> 1];
  if (last === undefined || median === undefined || before.length < window || median === 0 || last < 10 * median) return null;
  return warning(`The last gradient norm, ${formatNumber(last)}, is ${Math.round(last / median)} times the usual one.`);
};

const evaluation: Explain = ({ summary, curves, evaluations }) => {
  if (curves.steps.length === 0 || evaluations.some(({ set }) => set === 'heldOut')) return null;
  if (!holdsOut(summary.config.data))
    return info(
      'There is no held-out score: the run file names no data.heldOut. The training pass rate is measured on problems that are trained on.',
    );
  return info('There is no evaluation yet: the first held-out score is on its way, or was not asked for (“Evaluate”).');
};

const plateau: Explain = ({ summary, curves, evaluations }) => {
  const rates = known(column(curves, 'metrics.passRate'));
  const unsolved = evaluations.findLast(({ set }) => set === 'heldOut')?.all;
  if (rates.length < 4 * window || unsolved === undefined || unsolved.neverSolved === 0) return null;
  if (known(column(curves, 'metrics.critiques')).some((count) => count > 0)) return null;
  const [now, before] = [meanOf(rates.slice(-2 * window)), meanOf(rates.slice(-4 * window, -2 * window))];
  if (now === null || before === null || now - before > 0.02) return null;
  const problems = `${unsolved.neverSolved} of ${formatCount(unsolved.problems, 'held-out problem')}`;
  return info(
    `The pass rate has been flat for ${2 * window} steps, and ${problems} were not solved in any sample. From rewards alone, ${summary.algorithm} cannot learn what it never solves; critiques can.`,
  );
};

function info(text: string): Explanation {
  return { tone: 'info', text };
}

function warning(text: string): Explanation {
  return { tone: 'warning', text };
}

/** Of the last step; 0 if it has no such number. */
function metric(curves: RunCurves, name: string): number {
  return newest(curves, `metrics.${name}`) ?? 0;
}

function secondsOfSteps(curves: RunCurves): number[] {
  const phases = Object.keys(curves.values).filter((name) => name.startsWith('seconds.'));
  return curves.steps.map((_, i) => total(phases.map((name) => curves.values[name]?.[i] ?? 0)));
}

/** The known values at either end of a curve; nothing while the ends would overlap. */
function ends(values: readonly (number | null)[]): { readonly first: readonly number[]; readonly last: readonly number[] } {
  const all = known(values);
  return all.length < 2 * window ? { first: [], last: [] } : { first: all.slice(0, window), last: all.slice(-window) };
}

function known(values: readonly (number | null)[]): number[] {
  return values.filter((value) => value !== null);
}

function total(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0);
}

function meanOf(values: readonly number[]): number | null {
  return values.length === 0 ? null : total(values) / values.length;
}
