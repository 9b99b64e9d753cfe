/** A run on a terminal: a dashboard redrawn in place, with stories scrolling away above it. */
import type { Evaluation } from '../protocol/records.ts';
import type { CliOutput } from './command.ts';
import { plainView } from './plainView.ts';
import { afterEvent, recentMean, secondsLeft, startProgress, type RunProgress } from './runProgress.ts';
import type { RunHeader, RunView } from './runView.ts';
import { storyLines } from './storyLines.ts';
import { bar, clock, cut, harmless, paintWith, sparkline, type Paint } from './terminalText.ts';

const redrawMs = 100;
const stepsPerStory = 20;
const levelOrder = ['easy', 'medium', 'hard', 'harder'];

/** Live on a terminal, plain lines elsewhere. `now` in milliseconds. */
export function createRunView(output: CliOutput, now: () => number): RunView {
  return output.isTerminal ? liveView(output, now) : plainView(output, now);
}

function liveView(output: CliOutput, now: () => number): RunView {
  const paint = paintWith(output.hasColor);
  const start = now();
  let header: RunHeader | undefined;
  let progress: RunProgress = startProgress(0);
  let drawn = 0;
  let lastDraw = -Infinity;
  let message = '';
  const seconds = (): number => (now() - start) / 1000;
  const erase = (): string => (drawn === 0 ? '' : `\u001b[${drawn}A\u001b[J`);

  const draw = (isForced: boolean): void => {
    if (header === undefined || (!isForced && now() - lastDraw < redrawMs)) return;
    lastDraw = now();
    const width = Math.max(40, output.columns());
    const lines = dashboard({ header, progress, elapsed: seconds(), message }, paint, width).map((line) => cut(line, width - 1));
    output.write(`${erase()}${lines.join('\n')}\n`);
    drawn = lines.length;
  };
  /** Text that stays above the dashboard. */
  const scroll = (lines: readonly string[]): void => {
    output.write(`${erase()}${lines.join('\n')}\n`);
    drawn = 0;
    draw(true);
  };

  return {
    begin(opened) {
      header = opened;
      progress = startProgress(opened.config.training.steps);
      output.write('\u001b[?25l');
      draw(true);
    },
    onPhase(_step, name, done, total) {
      progress = { ...progress, phase: { name, done, total } };
      draw(false);
    },
    onEvent(event) {
      progress = afterEvent(progress, event, seconds());
      if (event.body.type === 'noticeRaised') scroll([paint.dim(`notice: ${harmless(event.body.message)}`)]);
      else draw(event.body.type !== 'groupFinished');
    },
    onStory(story) {
      if (story.step % stepsPerStory === 0) scroll(storyLines(story, paint, Math.max(40, output.columns())));
    },
    interrupting() {
      message = 'stopping: a checkpoint is being written (Ctrl-C again ends at once)';
      draw(true);
    },
    end() {
      output.write('\u001b[?25h');
    },
  };
}

export interface DashboardState {
  readonly header: RunHeader;
  readonly progress: RunProgress;
  readonly elapsed: number;
  readonly message: string;
}

/** The dashboard's lines; a pure function of what is known. */
export function dashboard({ header, progress, elapsed, message }: DashboardState, paint: Paint, width: number): string[] {
  const { config } = header;
  const left = secondsLeft(progress);
  const share = progress.steps === 0 ? 0 : progress.step / progress.steps;
  const phase = progress.phase;
  const label = (name: string): string => paint.dim(name.padEnd(13));
  const spark = (name: string, low: number, high: number): string =>
    paint.accent(
      sparkline(
        progress.updates.flatMap(({ metrics }) => metrics[name] ?? []),
        Math.min(40, width - 40),
        low,
        high,
      ),
    );
  const number = (name: string, digits: number): string => recentMean(progress, name)?.toFixed(digits) ?? '–';
  const { totals } = progress;
  const refined = totals.refinementsRight + totals.refinementsWrong;
  const zero = recentMean(progress, 'groupsZeroSignal');
  const groups = recentMean(progress, 'groups');
  const isMostlyZero = zero !== undefined && groups !== undefined && zero > groups / 2;
  return [
    `${paint.bold(config.algorithm)} ${paint.dim(`· critic ${config.critic} · seed ${config.seed} · ${header.runId}`)}`,
    `${paint.accent(bar(share, Math.min(40, width - 40)))} ${progress.step}/${progress.steps}  ${clock(elapsed)}${left === undefined ? '' : paint.dim(`  ${clock(left)} left`)}`,
    `${label('now')}${message !== '' ? paint.bad(message) : phase === undefined ? 'opening the model' : phaseText(phase)}`,
    `${label('reward')}${number('reward', 3)}  ${spark('reward', 0, 1)}`,
    ...heldOutLines(progress.heldOut, paint, label),
    `${label('rescued')}${totals.rescued} problems${refined === 0 ? '' : paint.dim(`  of all-wrong groups, by refinements: ${totals.refinementsRight} right, ${totals.refinementsWrong} wrong`)}`,
    `${label('no signal')}${number('groupsZeroSignal', 1)} of ${number('groups', 0)} groups${isMostlyZero ? paint.dim('  all-right or all-wrong: nothing to learn there') : ''}`,
    `${label('policy')}${paint.dim('entropy')} ${number('entropy', 3)}  ${paint.dim('tokens')} ${number('completionTokens', 0)}  ${paint.dim('gap')} ${number('conditionGap', 2)}  ${paint.dim('|∇|')} ${progress.updates.at(-1)?.gradientNorm.toFixed(3) ?? '–'}`,
    `${label('speed')}${speedText(progress)}`,
    `${label('time')}${phaseShares(progress, paint)}`,
  ];
}

function phaseText({ name, done, total }: NonNullable<RunProgress['phase']>): string {
  const verbs = {
    sample: 'sampling rollouts',
    grade: 'grading',
    critique: 'writing critiques',
    refine: 'refining',
    forward: 'scoring',
    update: 'updating the policy',
    evaluate: 'evaluating',
    checkpoint: 'writing a checkpoint',
  } as const;
  const unit = name === 'update' || name === 'critique' ? '' : ' tokens';
  return `${verbs[name]}${done === 0 ? '' : `  ${done.toLocaleString('en-US')}${total === undefined || unit !== '' ? '' : `/${total}`}${unit}`}`;
}

function heldOutLines(evaluations: readonly Evaluation[], paint: Paint, label: (name: string) => string): string[] {
  const [first, latest] = [evaluations[0], evaluations.at(-1)];
  if (first === undefined || latest === undefined) return [`${label('held-out')}${paint.dim('measuring the start …')}`];
  const levels = Object.keys(latest.byLevel).sort((a, b) => levelOrder.indexOf(a) - levelOrder.indexOf(b));
  const line = (name: string, of: (evaluation: Evaluation) => number): string => {
    const change = of(latest) - of(first);
    const changed =
      latest === first ? '' : (change >= 0 ? paint.good : paint.bad)(`${change >= 0 ? '+' : '−'}${Math.abs(100 * change).toFixed(0)}`.padStart(4));
    return `  ${name.padEnd(11)}${(100 * of(latest)).toFixed(1).padStart(5)} % ${changed} ${paint.accent(sparkline(evaluations.map(of), 20, 0, 1))}`;
  };
  return [
    `${label('held-out')}${paint.dim(`pass@1 after step ${latest.step}`)}`,
    ...levels.map((level) => line(level, ({ byLevel }) => byLevel[level]?.passAt1 ?? 0)),
    line('all', ({ all }) => all.passAt1),
  ];
}

function speedText({ phaseSeconds, totals }: RunProgress): string {
  const rate = (tokens: number, seconds: number): string => (seconds === 0 ? '–' : Math.round(tokens / seconds).toLocaleString('en-US'));
  const sampling = (phaseSeconds['sample'] ?? 0) + (phaseSeconds['refine'] ?? 0);
  return `${rate(totals.sampled, sampling)} tokens/s sampled, ${rate(totals.trained, phaseSeconds['update'] ?? 0)} trained`;
}

function phaseShares({ phaseSeconds }: RunProgress, paint: Paint): string {
  const total = Object.values(phaseSeconds).reduce((a, b) => a + b, 0);
  if (total === 0) return paint.dim('–');
  const shares = Object.entries(phaseSeconds)
    .sort(([, a], [, b]) => b - a)
    .filter(([, seconds]) => seconds / total >= 0.01);
  return shares.map(([name, seconds]) => `${paint.dim(name)} ${Math.round((100 * seconds) / total)} %`).join('  ');
}
