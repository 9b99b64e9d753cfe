/** The end of a run: before and after, what still fails and why, where everything is, what to try next. */
import type { Evaluation, PersistentFailure } from '../protocol/records.ts';
import type { RunConfig } from '../protocol/runConfig.ts';
import type { SessionResult } from './session.ts';
import { clock, cut, harmless, paintWith, type Paint } from './terminalText.ts';

export interface SummaryOptions {
  readonly config: RunConfig;
  /** The question of a problem. */
  readonly problemText: (problemId: string) => string;
  /** The command that started the run, without `--resume`. */
  readonly command: string;
  readonly hasColor: boolean;
  readonly columns: number;
}

const shownFailures = 8;
const levelOrder = ['easy', 'medium', 'hard', 'harder'];

export function summaryLines(result: SessionResult, options: SummaryOptions): string[] {
  const paint = paintWith(options.hasColor);
  return [
    '',
    ...scoreTable(result.before, result.after, paint),
    ...failureLines(result, options, paint),
    `${paint.dim('tokens')}   ${count(result.tokensSampled)} sampled, ${count(result.tokensTrained)} trained, ${result.updates} updates`,
    `${paint.dim('time')}     ${clock(result.seconds)}, at most ${result.peakRssMb} MB of memory`,
    `${paint.dim('kept in')}  ${result.folder}`,
    '',
    paint.bold(result.reason === 'interrupted' ? 'Stopped with a checkpoint.' : 'What to try next'),
    ...nextSteps(result, options).map((line) => `  ${line}`),
  ];
}

function scoreTable(before: Evaluation | undefined, after: Evaluation | undefined, paint: Paint): string[] {
  if (before === undefined) return [];
  const names = Object.keys(before.byLevel).sort((a, b) => levelOrder.indexOf(a) - levelOrder.indexOf(b));
  const rows = [
    ...names.map((name) => ({ name, from: before.byLevel[name], to: after?.byLevel[name] })),
    { name: 'all', from: before.all, to: after?.all },
  ];
  const percent = (share: number): string => `${(100 * share).toFixed(1)} %`.padStart(7);
  return [
    `${paint.bold('held-out pass@1')}      before                 after${after === undefined ? paint.dim('  (not reached)') : ''}`,
    ...rows.map(({ name, from, to }) => {
      const range = (score: typeof from): string =>
        score === undefined
          ? ''
          : `${percent(score.passAt1)} ${paint.dim(`[${(100 * score.interval[0]).toFixed(0)}–${(100 * score.interval[1]).toFixed(0)}]`.padEnd(9))}`;
      const change = from === undefined || to === undefined ? 0 : 100 * (to.passAt1 - from.passAt1);
      const changed = to === undefined ? '' : (change >= 0 ? paint.good : paint.bad)(`${change >= 0 ? '+' : '−'}${Math.abs(change).toFixed(1)}`);
      return `  ${name.padEnd(14)} ${range(from)}   ${range(to)}   ${changed}`;
    }),
    paint.dim('  in brackets: 95 % intervals'),
    '',
  ];
}

function failureLines(
  { failuresBefore, failuresAfter, after }: SessionResult,
  { config, problemText, columns }: SummaryOptions,
  paint: Paint,
): string[] {
  const tries = `no right answer in ${config.evaluation.failureAttempts} tries`;
  if (after === undefined) return [];
  if (failuresAfter.length === 0)
    return [`${paint.bold('persistent failures')}  ${failuresBefore.length} → ${paint.good('0')} ${paint.dim(`(${tries})`)}`, ''];
  const width = Math.max(40, columns - 1);
  const shown = failuresAfter
    .slice(0, shownFailures)
    .flatMap((failure) => [
      cut(`  ${paint.accent(failure.level.padEnd(7))} ${harmless(problemText(failure.problemId))}`, width),
      cut(`          ${paint.dim(`${causesText(failure)}; e.g.`)} ${harmless(failure.example)}`, width),
    ]);
  const more = failuresAfter.length > shownFailures ? [paint.dim(`  and ${failuresAfter.length - shownFailures} more`)] : [];
  return [
    `${paint.bold('persistent failures')}  ${failuresBefore.length} → ${failuresAfter.length} ${paint.dim(`(${tries})`)}`,
    ...shown,
    ...more,
    '',
  ];
}

function causesText({ causes }: PersistentFailure): string {
  const words = {
    noAnswer: 'no answer',
    unparsable: 'unparsable',
    wrongValue: 'wrong value',
    truncated: 'truncated',
    verifierFailed: 'verifier failed',
  } as const;
  return Object.entries(causes)
    .map(([cause, times]) => `${words[cause as keyof typeof words]} ×${times}`)
    .join(', ');
}

function nextSteps({ reason, after }: SessionResult, { command, config }: SummaryOptions): string[] {
  if (reason === 'interrupted') return [`${command} --resume    goes on from here`];
  const isSaturated = (after?.all.passAt1 ?? 0) > 0.95;
  return [
    `${command} --critic verdict    the same without being told which step is wrong`,
    `${command} --algorithm grpo    rewards alone`,
    isSaturated
      ? 'npx critique-grpo train my.cgrpo.json    your own model and problems'
      : `${command} --steps ${config.training.steps * 2}    twice as long`,
    'npx critique-grpo compare --preset demo --algorithms grpo,dr-grpo,critique-grpo --seeds 3',
  ];
}

function count(tokens: number): string {
  return tokens.toLocaleString('en-US');
}
