/** A preview of data as lines of a terminal. */
import type { Problem } from '../protocol/records.ts';
import type { DataPreview, TokenLengths } from '../protocol/dataViews.ts';
import type { CliOutput } from './command.ts';
import { cut, harmless, paintWith, wrap, type Paint } from './terminalText.ts';

export function dataPreviewLines(preview: DataPreview, output: CliOutput): string[] {
  const paint = paintWith(output.hasColor);
  const width = output.isTerminal ? Math.max(40, output.columns() - 1) : 160;
  if (preview.problem !== null)
    return [...wrapped('✗ ', `${preview.problem.message} ${preview.problem.remedy}`, width), '', ...columnLines(preview, width)];
  return [
    ...preview.lines.flatMap((line) => wrapped('', line, width)),
    '',
    ...levelLines(preview, paint),
    ...exampleLines(preview.examples, paint, width),
    ...(preview.promptTokens === null ? [] : [...lengthLines(preview.promptTokens, paint), '']),
    ...verifierLines(preview, paint, width),
    ...brokenLines(preview, width),
    ...preview.warnings.flatMap((warning) => wrapped('! ', warning, width)),
  ];
}

function wrapped(mark: string, text: string, width: number): string[] {
  return wrap(harmless(text), width - mark.length).map((line, i) => (i === 0 ? mark : ' '.repeat(mark.length)) + line);
}

function columnLines({ columns }: DataPreview, width: number): string[] {
  const longest = Math.min(40, Math.max(0, ...columns.map(({ name }) => name.length)));
  return columns.map(({ name, example }) => cut(`  ${harmless(name).padEnd(longest)}  ${harmless(example)}`, width));
}

const mostLevels = 20;

function levelLines({ levels, heldOutProblems }: DataPreview, paint: Paint): string[] {
  const shown = levels.slice(0, mostLevels);
  const longest = Math.max(5, ...shown.map(({ level }) => harmless(level).length));
  const row = (level: string, train: string, heldOut: string): string =>
    `  ${level.padEnd(longest)}  ${train.padStart(8)}${heldOutProblems > 0 ? `  ${heldOut.padStart(8)}` : ''}`;
  return [
    paint.dim(row('level', 'train', 'held out')),
    ...shown.map(({ level, train, heldOut }) => row(harmless(level), train.toLocaleString('en-US'), heldOut.toLocaleString('en-US'))),
    ...(levels.length > mostLevels ? [`  and ${levels.length - mostLevels} more`] : []),
    '',
  ];
}

function exampleLines(problems: readonly Problem[], paint: Paint, width: number): string[] {
  return problems.flatMap(({ id, level, prompt, answer, demonstration, metadata }) => [
    paint.bold(harmless(`${id} (${level})`)),
    ...prompt.map(({ role, content }) => cut(`  ${paint.dim(role.padEnd(9))}  ${harmless(content)}`, width)),
    cut(`  ${paint.dim('answer   ')}  ${harmless(answer)}`, width),
    ...(demonstration === undefined ? [] : [cut(`  ${paint.dim('worked   ')}  ${harmless(demonstration)}`, width)]),
    ...(metadata === undefined ? [] : [cut(`  ${paint.dim('metadata ')}  ${harmless(JSON.stringify(metadata))}`, width)]),
    '',
  ]);
}

const barWidth = 40;

function lengthLines({ counted, shortest, median, longest, bars }: TokenLengths, paint: Paint): string[] {
  const most = Math.max(1, ...bars.map(({ count }) => count));
  const digits = String(bars.at(-1)?.upTo ?? 0).length;
  return [
    `prompts of ${shortest} to ${longest} tokens, median ${median} (${counted.toLocaleString('en-US')} counted)`,
    ...bars.map(
      ({ upTo, count }) => `  ≤ ${String(upTo).padStart(digits)}  ${paint.accent('█'.repeat(Math.ceil((count / most) * barWidth)))} ${count}`,
    ),
  ];
}

function verifierLines({ verifiers }: DataPreview, paint: Paint, width: number): string[] {
  // Of several that were tried, those made for other answers say nothing.
  const isFit = ({ tested, missed }: DataPreview['verifiers'][number]): boolean => missed < tested;
  const shown = verifiers.some(isFit) ? verifiers.filter(isFit) : verifiers;
  return shown.flatMap(({ name, tested, missed, examples: [first] }) => {
    if (first === undefined) return [`${paint.good('✓')} ${name} recognizes all of ${tested} gold answers`];
    const text = `${name} misses ${missed} of ${tested} gold answers, first ${JSON.stringify(first.answer.slice(0, 60))} of ${first.problemId}: ${first.reason}`;
    return wrapped('✗ ', text, width);
  });
}

function brokenLines({ brokenRows: { total, first } }: DataPreview, width: number): string[] {
  if (total === 0) return [];
  return [
    '',
    `${total.toLocaleString('en-US')} broken ${total === 1 ? 'row' : 'rows'}:`,
    ...first.flatMap(({ place, reason }) => wrapped('  ', `${place}: ${reason}`, width)),
    ...(total > first.length ? [`  and ${total - first.length} more`] : []),
  ];
}
