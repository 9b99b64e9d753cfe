/** The end of a run: before and after, what still fails and why, where everything is, what to try next. */
import { dirname, join } from 'node:path';
import { findAlgorithm } from '../algorithms/findAlgorithm.ts';
import type { CriticPayments, CriticSpending } from '../protocol/criticViews.ts';
import { holdsOut } from '../protocol/dataViews.ts';
import type { Cause, LevelScore, PersistentFailure } from '../protocol/records.ts';
import type { RunConfig } from '../protocol/runConfig.ts';
import { triesText } from '../experiments/reportTable.ts';
import { changeText, levelChanges, percent, type LevelChange } from './scoreText.ts';
import type { SessionResult } from './session.ts';
import { clock, cut, fit, harmless, paintWith, wrap, type Paint } from './terminalText.ts';

export interface SummaryOptions {
  readonly config: RunConfig;
  /** The question of a problem. */
  readonly problemText: (problemId: string) => string;
  /** The command that started the run, without `--resume`. */
  readonly command: string;
  readonly hasColor: boolean;
  readonly columns: number;
}

const shownFailures = 10;
const maxWidth = 110;
/** Narrower than this, the intervals go on a line of their own. */
const tableWidth = 58;
const levelWidth = 16;

/** Lines of at most `columns` − 1 columns, except paths and commands: those are there to be copied. */
export function summaryLines(result: SessionResult, options: SummaryOptions): string[] {
  const paint = paintWith(options.hasColor);
  const width = Math.max(20, Math.min(maxWidth, options.columns - 1));
  return [
    '',
    ...scoreTable(result, options, paint, width).map((line) => cut(line, width)),
    ...failureLines(result, options, paint, width).map((line) => cut(line, width)),
    ...factLines(result, paint, width),
    '',
    paint.bold(result.reason === 'interrupted' ? 'To go on' : 'What to try next'),
    ...nextSteps(result, options).flatMap(({ why, command }) => [cut(`  ${paint.dim(why)}`, width), `    ${command}`]),
  ];
}

function scoreTable({ before, after, reason, step }: SessionResult, { config }: SummaryOptions, paint: Paint, width: number): string[] {
  if (before === undefined)
    return [paint.dim(holdsOut(config.data) ? 'No score was measured.' : 'No held-out problems were given: there is no score.'), ''];
  const isWide = width >= tableWidth;
  const scoreWidth = isWide ? 18 : 9;
  const rows = levelChanges(before, after);
  const title = after === undefined ? '' : `${fit('after', scoreWidth)}${isWide ? 'change' : ''}`;
  const until = after === undefined ? `Stopped after step ${step}: there is no score after it yet.` : '';
  return [
    `${paint.bold(fit('held-out pass@1', levelWidth))}${paint.dim(`${fit('before', scoreWidth)}${title}`)}`,
    ...rows.flatMap((change) => scoreRows(change, paint, isWide, scoreWidth)),
    paint.dim('  in brackets: 95 % interval; color: a change beyond it'),
    ...(until === '' || reason === 'finished' ? [] : [paint.dim(until)]),
    '',
  ];
}

function scoreRows(change: LevelChange, paint: Paint, isWide: boolean, scoreWidth: number): string[] {
  const scores = [change.from, change.to].filter((score) => score !== undefined);
  const name = change.name === 'all' ? paint.bold(fit('  all', levelWidth)) : fit(`  ${harmless(change.name)}`, levelWidth);
  const changed = changeText(change, paint);
  if (isWide)
    return [
      `${name}${scores.map((score) => fit(`${percent(score.passAt1).padStart(7)} ${paint.dim(interval(score))}`, scoreWidth)).join('')}${changed}`,
    ];
  return [
    `${name}${scores.map(({ passAt1 }) => fit(percent(passAt1).padStart(7), scoreWidth)).join('')}${changed}`,
    `${' '.repeat(levelWidth)}${paint.dim(scores.map((score) => fit(interval(score), scoreWidth)).join(''))}`,
  ];
}

function interval({ interval: [low, high] }: LevelScore): string {
  return `[${(100 * low).toFixed(0)}–${(100 * high).toFixed(0)}]`;
}

function failureLines(result: SessionResult, { config, problemText }: SummaryOptions, paint: Paint, width: number): string[] {
  const { failuresBefore, failuresAfter, reason } = result;
  const title = paint.bold('Persistent failures');
  const meaning = paint.dim(`training problems with no right answer in ${triesText(config.evaluation.failureAttempts)}`);
  if (reason !== 'finished') return [`${title}  ${failuresBefore.length} before training; counted again at the end`, meaning, ''];
  const before = new Set(failuresBefore.map(({ problemId }) => problemId));
  const added = failuresAfter.filter(({ problemId }) => !before.has(problemId)).length;
  const solved = failuresBefore.length - (failuresAfter.length - added);
  const [from, to] = [failuresBefore.length, failuresAfter.length];
  const painted = to < from ? paint.good(String(to)) : to > from ? paint.bad(String(to)) : String(to);
  const shown = failuresAfter.slice(0, shownFailures).flatMap((failure) => [
    ...wrap(harmless(problemText(failure.problemId)), width - 12)
      .slice(0, 2)
      .map((line, i) => `  ${i === 0 ? paint.accent(fit(harmless(failure.level), 8)) : ' '.repeat(8)}  ${line}`),
    `${' '.repeat(12)}${paint.dim(`${causesText(failure)}:`)} ${harmless(failure.example.trim()) || '(nothing)'}`,
  ]);
  return [
    `${title}  ${from} → ${painted}  ${paint.dim(`${solved} solved now, ${added} new`)}`,
    meaning,
    ...shown,
    ...(to > shownFailures ? [paint.dim(`  and ${to - shownFailures} more`)] : []),
    '',
  ];
}

const causeWords: Readonly<Record<Cause, string>> = {
  noAnswer: 'no answer',
  unparsable: 'unreadable answer',
  wrongValue: 'wrong value',
  truncated: 'cut off',
  verifierFailed: 'verifier failed',
};

/** Most frequent first. */
function causesText({ causes }: PersistentFailure): string {
  return Object.entries(causes)
    .sort(([, a], [, b]) => b - a)
    .map(([cause, times]) => `${causeWords[cause as Cause]} ×${times}`)
    .join(', ');
}

function factLines(result: SessionResult, paint: Paint, width: number): string[] {
  const { tokensSampled, tokensTrained, updates, seconds, peakRssMb, folder, step, critic } = result;
  const count = (n: number): string => n.toLocaleString('en-US');
  const fact = (name: string, text: string): string => `${paint.dim(name.padEnd(8))}${text}`;
  const rate = seconds > 0 ? `, ${count(Math.round((tokensSampled + tokensTrained) / seconds))} tokens/s overall` : '';
  return [
    cut(fact('work', `${count(step)} steps, ${count(updates)} updates`), width),
    cut(fact('tokens', `${count(tokensSampled)} sampled, ${count(tokensTrained)} trained; evaluations aside`), width),
    ...(critic === undefined ? [] : [cut(fact('critic', criticText(critic)), width)]),
    ...(critic === undefined || critic.paid.studies.answers === 0 ? [] : [cut(fact('studies', tokensText(critic.paid.studies)), width)]),
    cut(fact('time', `${clock(seconds)}${rate}, peak memory ${count(peakRssMb)} MB`), width),
    fact('run', harmless(folder)),
    fact('store', harmless(join(dirname(dirname(folder)), 'store.db'))),
  ];
}

/** `41 asked, 38 answered, 3 replaced; 28,120 tokens, cost 0.42`. */
function criticText({ asked, answered, fallbacks, cached, promptTokens, completionTokens, cost }: CriticSpending): string {
  const count = (n: number, what: string): string[] => (n === 0 ? [] : [`${n.toLocaleString('en-US')} ${what}`]);
  const asks = [...count(asked, 'asked'), ...count(answered, 'answered'), ...count(cached, 'from the cache'), ...count(fallbacks, 'replaced')];
  return `${asks.join(', ')}; ${tokensText({ promptTokens, completionTokens, cost })}`;
}

/** `28,120 tokens, cost 0.42`. */
function tokensText({ promptTokens, completionTokens, cost }: Pick<CriticPayments, 'promptTokens' | 'completionTokens' | 'cost'>): string {
  const price = cost === 0 ? '' : `, cost ${cost.toLocaleString('en-US', { maximumSignificantDigits: 3 })}`;
  return `${(promptTokens + completionTokens).toLocaleString('en-US')} tokens${price}`;
}

interface NextStep {
  readonly why: string;
  readonly command: string;
}

/** Three commands that fit how the run ended. A later option wins over the same one in `command`. */
function nextSteps({ reason, runId, after }: SessionResult, { command, config }: SummaryOptions): NextStep[] {
  const compare: NextStep = {
    why: 'set algorithms side by side, with seeds',
    command: `${command.replace(/ train\b/, ' compare')} --algorithms grpo,dr-grpo,critique-grpo --seeds 3`,
  };
  const otherCritic: NextStep = findAlgorithm(config.algorithm).needs.refinements
    ? config.critic === 'verdict'
      ? { why: 'a second try with no critique at all: the control', command: withOption(command, 'critic', 'resample') }
      : { why: 'a critic that only says right or wrong', command: withOption(command, 'critic', 'verdict') }
    : { why: 'let critiques reach what rewards cannot', command: withOption(command, 'algorithm', 'critique-grpo') };
  if (reason !== 'finished') {
    return [{ why: 'from the checkpoint, to the identical trace', command: `${command} --resume ${runId}` }, otherCritic, compare];
  }
  const isSaturated = (after?.all.passAt1 ?? 0) > 0.95;
  const onward: NextStep = isSaturated
    ? { why: 'all but solved: your own model and problems', command: 'npx critique-grpo train my.cgrpo.json' }
    : { why: 'twice as long', command: withOption(command, 'steps', String(config.training.steps * 2)) };
  return [onward, otherCritic, compare];
}

/** The value takes the place of an earlier one. */
function withOption(command: string, option: string, value: string): string {
  const earlier = new RegExp(` --${option} \\S+`);
  return `${command.replace(earlier, '')} --${option} ${value}`;
}
