/** The lines of the live view: a pure function of what is known of a run. */
import { holdsOut } from '../protocol/dataViews.ts';
import { isCountedInTokens, phaseShare, recentMean, secondsLeft, tokenRates, type RunProgress } from './runProgress.ts';
import type { RunHeader } from './runView.ts';
import { changeText, levelChanges, percent } from './scoreText.ts';
import { bar, clock, columnsOf, cut, fit, harmless, shareBar, sparkline, type NamedShare, type Paint } from './terminalText.ts';

export interface DashboardState {
  readonly header: RunHeader;
  readonly progress: RunProgress;
  /** Seconds since the view was begun, and the time that `progress` was told. */
  readonly elapsed: number;
  readonly now: number;
  readonly isInterrupting: boolean;
}

const labelWidth = 14;
const cellWidth = 38;
const sparkWidth = 14;
/** Metrics are shown as means over so many steps; a single step is mostly noise. */
const smoothing = 10;

interface Cell {
  readonly label: string;
  readonly value: string;
}

/** No line is wider than `width` columns. */
export function dashboard(state: DashboardState, paint: Paint, width: number): string[] {
  const { progress } = state;
  const lines = [
    titleLine(state, paint),
    progressLine(state, paint, width),
    phaseLine(state, paint),
    '',
    ...grid(scoreCells(progress, paint), paint, width),
    '',
    ...grid(metricCells(progress, paint), paint, width),
    ...timeLine(progress, paint, width),
    ...zeroSignalLine(progress, paint),
  ];
  return lines.map((line) => cut(line, width));
}

function titleLine({ header: { runId, config, isResumed } }: DashboardState, paint: Paint): string {
  const facts = [config.model.path, `critic ${config.critic}`, `seed ${config.seed}`, `${isResumed ? 'resumed ' : ''}run ${runId}`];
  return `${paint.bold(harmless(config.algorithm))} ${paint.dim(`· ${harmless(facts.join(' · '))}`)}`;
}

function progressLine({ progress, elapsed, now }: DashboardState, paint: Paint, width: number): string {
  const { steps } = progress.config.training;
  const left = secondsLeft(progress, now);
  const leftText = progress.stopped !== undefined || left === undefined ? '' : ` · ${clock(left)} left`;
  const barWidth = Math.max(6, Math.min(60, width - 34));
  return `${bar(progress.step / steps, barWidth, paint)} ${paint.bold(`${progress.step}/${steps}`)}  ${clock(elapsed)}${paint.dim(leftText)}`;
}

function phaseLine({ progress, isInterrupting }: DashboardState, paint: Paint): string {
  const { stopped, phase } = progress;
  if (stopped !== undefined) return paint.dim(harmless(stopped.message));
  if (isInterrupting) return `${paint.accent('stopping')} ${paint.dim('and writing a checkpoint; Ctrl-C again ends at once')}`;
  if (phase === undefined) return paint.dim('opening the model');
  const { name, step, done, total } = phase;
  const share = phaseShare(progress);
  const count = isCountedInTokens(name) ? `${done.toLocaleString('en-US')} tokens` : total === undefined ? '' : `${done}/${total}`;
  const counted = done === 0 ? '' : ` ${count}`;
  return `${paint.accent(verbs[name])}${counted}${share === undefined ? '' : ` ${bar(share, 12, paint)}`} ${paint.dim(step === 0 ? 'before training' : `step ${step}`)}`;
}

const verbs = {
  sample: 'sampling rollouts',
  grade: 'grading',
  critique: 'writing critiques',
  refine: 'refining from critiques',
  forward: 'scoring',
  update: 'updating the policy',
  evaluate: 'evaluating',
  checkpoint: 'writing a checkpoint',
} as const;

/** Held-out pass@1 by level. */
function scoreCells({ heldOut, config }: RunProgress, paint: Paint): Cell[] {
  const [first, latest] = [heldOut[0], heldOut.at(-1)];
  if (first === undefined || latest === undefined)
    return [{ label: 'held-out', value: paint.dim(holdsOut(config.data) ? 'not measured yet' : 'no problems given') }];
  return levelChanges(first, latest === first ? undefined : latest).map((change) => {
    const scores = heldOut.flatMap(({ all, byLevel }) => (change.name === 'all' ? all : byLevel[change.name])?.passAt1 ?? []);
    const score = (change.to ?? change.from)?.passAt1 ?? 0;
    return {
      label: change.name === 'all' ? 'held-out' : `  ${harmless(change.name)}`,
      value: `${percent(score).padStart(7)} ${fit(changeText(change, paint), 5)} ${paint.accent(sparkline(scores, 10, 0.1))}`,
    };
  });
}

function metricCells(progress: RunProgress, paint: Paint): Cell[] {
  const { totals, updates } = progress;
  const last = updates.at(-1);
  const metric = (name: string): number | undefined => recentMean(progress, name, smoothing);
  const number = (value: number | undefined, digits: number): string => (value === undefined ? '–' : value.toFixed(digits));
  const whole = (value: number | undefined): string => (value === undefined ? '–' : Math.round(value).toLocaleString('en-US'));
  const rewards = updates.flatMap(({ metrics }) => metrics['reward'] ?? []);
  const rates = tokenRates(progress);
  return [
    { label: 'reward', value: `${number(metric('reward'), 3).padStart(7)} ${paint.accent(sparkline(rewards, sparkWidth, 0.1))}` },
    { label: 'rescued', value: `${whole(last?.metrics['groupsRescued']).padStart(7)} ${paint.dim(`now, ${totals.rescued} in all`)}` },
    {
      label: 'refinements',
      value: `${`✓ ${totals.refinementsRight}`.padStart(7)} ${paint.dim(`✗ ${totals.refinementsWrong}`)}`,
    },
    {
      label: 'zero signal',
      value: `${number(last?.metrics['groupsZeroSignal'], 0).padStart(7)} ${paint.dim(`of ${number(last?.metrics['groups'], 0)} groups`)}`,
    },
    { label: 'entropy', value: number(metric('entropy'), 3).padStart(7) },
    { label: 'length', value: `${number(metric('completionTokens'), 1).padStart(7)} ${paint.dim('tokens')}` },
    { label: 'gradient norm', value: number(last?.gradientNorm, 3).padStart(7) },
    { label: 'condition gap', value: `${number(metric('conditionGap'), 3).padStart(7)} ${paint.dim('nats a token')}` },
    { label: 'sampled', value: `${whole(rates.sampled).padStart(7)} ${paint.dim('tokens/s')}` },
    { label: 'trained', value: `${whole(rates.trained).padStart(7)} ${paint.dim('tokens/s')}` },
  ];
}

/** As many columns as fit, read line by line. */
function grid(cells: readonly Cell[], paint: Paint, width: number): string[] {
  const columns = Math.max(1, Math.floor((width + 2) / (cellWidth + 2)));
  const lines: string[] = [];
  for (let i = 0; i < cells.length; i += columns) {
    const row = cells.slice(i, i + columns).map(({ label, value }) => fit(paint.dim(fit(label, labelWidth)) + value, cellWidth));
    lines.push(row.join('  ').trimEnd());
  }
  return lines;
}

function timeLine({ phaseSeconds }: RunProgress, paint: Paint, width: number): string[] {
  const total = Object.values(phaseSeconds).reduce((a, b) => a + b, 0);
  if (total === 0) return [];
  const sorted = Object.entries(phaseSeconds).sort(([, a], [, b]) => b - a);
  const shares: NamedShare[] = sorted.slice(0, 3).map(([name, seconds]) => ({ name, share: seconds / total }));
  const rest = sorted.slice(3).reduce((all, [, seconds]) => all + seconds, 0) / total;
  if (rest >= 0.005) shares.push({ name: 'other', share: rest });
  const { legend } = shareBar(shares, 0);
  const words = `${legend.join('  ')} %`;
  const room = Math.min(24, width - labelWidth - columnsOf(words) - 2);
  if (room < 4) return [`${paint.dim('time  ')}${paint.dim(words)}`];
  return [`${paint.dim(fit('time', labelWidth))}${shareBar(shares, room).bar}  ${paint.dim(words)}`];
}

/** Most groups without a signal is the one number here that wants explaining. */
function zeroSignalLine(progress: RunProgress, paint: Paint): string[] {
  const mean = (name: string): number => recentMean(progress, name, smoothing) ?? 0;
  if (mean('groupsZeroSignal') <= mean('groups') / 2) return [];
  const why =
    mean('groupsAllRight') >= mean('groupsAllWrong')
      ? 'Most groups teach nothing: all their answers are right.'
      : 'Most groups teach nothing: all their answers are wrong.';
  return [paint.dim(why)];
}
