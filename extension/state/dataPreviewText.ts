/** How the problems of a run are read, as a document. */
import type { DataPreview } from '../../backend/protocol/dataViews.ts';
import { visibleLabel, visibleLines, visibleText } from '../critiques/visibleText.ts';
import { reportSection, reportTable } from './reportText.ts';

const longestBar = 30;

export function dataPreviewText(title: string, preview: DataPreview): string {
  const { problem, files, layout, fields, columns, lines, levels, examples, brokenRows, promptTokens, verifiers, warnings } = preview;
  const trouble = problem === null ? [] : [`**${visibleText(problem.message)}** ${visibleText(problem.remedy)}`, ''];
  return [
    `# ${visibleLabel(title, 100)}`,
    '',
    ...trouble,
    ...lines.map((line) => `- ${visibleText(line)}`),
    ...warnings.map((warning) => `- ⚠ ${visibleText(warning)}`),
    '',
    ...reportSection(
      'Problems',
      reportTable(
        ['level', 'to train on', 'held out'],
        levels.map(({ level, train, heldOut }) => [level, String(train), String(heldOut)]),
      ),
    ),
    ...reportSection('Fields', problem === null ? reportTable(['field', 'column'], Object.entries(fields)) : columnsToChooseFrom(columns)),
    ...reportSection('Prompt lengths in tokens', promptTokens === null ? [] : barsOf(promptTokens)),
    ...reportSection('Gold answers that a verifier does not recognize', verifiers.flatMap(missedBy)),
    ...reportSection(
      `Broken rows (${brokenRows.total})`,
      reportTable(
        ['place', 'what is wrong'],
        brokenRows.first.map(({ place, reason }) => [place, reason]),
      ),
    ),
    ...examples.flatMap(({ id, level, prompt, answer }, i) => [
      `## Problem ${i + 1}: ${visibleLabel(id, 80)} (${visibleLabel(level, 40)})`,
      '',
      ...prompt.flatMap(({ role, content }) => [`${role}:`, '', ...visibleLines(content).map((line) => `> ${line}`), '']),
      `Answer: \`${visibleLabel(answer, 200)}\``,
      '',
    ]),
    ...reportSection(
      layout === null ? 'Files' : `Files, read as ${layout}`,
      reportTable(
        ['file', 'format', 'bytes'],
        files.map(({ path, format, bytes }) => [path, format, bytes.toLocaleString('en-US')]),
      ),
    ),
  ].join('\n');
}

function columnsToChooseFrom(columns: DataPreview['columns']): string[] {
  if (columns.length === 0) return [];
  const table = reportTable(
    ['column', 'for example'],
    columns.map(({ name, example }) => [name, example]),
  );
  return [
    'Say in the run file which column is which, e.g. "data": { "columns": { "prompt": "question", "answer": "solution.final" } }.',
    '',
    ...table,
  ];
}

function barsOf({ counted, shortest, median, longest, bars }: NonNullable<DataPreview['promptTokens']>): string[] {
  const most = Math.max(1, ...bars.map(({ count }) => count));
  const rows = bars.map(({ upTo, count }) => [`up to ${upTo}`, String(count), '█'.repeat(Math.round((longestBar * count) / most))]);
  return [`${counted} counted: ${shortest} to ${longest}, median ${median}.`, '', ...reportTable(['tokens', 'problems', ''], rows)];
}

function missedBy({ name, tested, missed, examples }: DataPreview['verifiers'][number]): string[] {
  if (missed === 0) return [`The verifier ${name} recognizes all ${tested} that were tried.`, ''];
  const rows = examples.map(({ problemId, answer, reason }) => [problemId, answer, reason]);
  return [`The verifier ${name} misses ${missed} of ${tested}:`, '', ...reportTable(['problem', 'answer', 'why'], rows)];
}
