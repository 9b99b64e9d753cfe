/** The report of an experiment: a text with all tables, the tables by themselves, the figures, and the numbers they are made from. */
import { axisTitle } from '../protocol/experimentAxes.ts';
import type { CellResult, ExperimentFigure, ExperimentReport } from '../protocol/experimentViews.ts';
import type { StoreReader } from '../store/storeReader.ts';
import { axisTable, cellsTable, failuresTable, funnelTable, rescueTable } from './ablation.ts';
import { resultsCsv, resultsLatex, resultsMarkdown, type ScoredMethod } from './benchmarkTable.ts';
import { cellResults } from './cellResults.ts';
import { failureKey, type ExperimentFolder } from './experimentFolder.ts';
import { figuresOf } from './figures.ts';
import type { Axis, ExperimentPlan } from './grid.ts';
import { csvTable, latexTable, markdownTable, type ReportTable } from './reportTable.ts';

/** Reads what is done and writes the files. */
export async function writeReport(plan: ExperimentPlan, folder: ExperimentFolder, store: StoreReader): Promise<void> {
  const { cells, markdown, figures } = await experimentReport(plan, folder, store);
  const files = new Map<string, string>([
    ['report.md', markdown],
    ['results.json', `${JSON.stringify({ version: 1, name: plan.definition.name, definition: plan.definition, cells }, null, 1)}\n`],
  ]);
  for (const { name, svg } of figures) files.set(`${name}.svg`, svg);
  for (const [name, table] of tablesOf(cells, plan.axes)) {
    files.set(`${name}.csv`, csvTable(table));
    files.set(`${name}.tex`, latexTable(table));
  }
  const methods = scoredMethods(cells);
  if (methods.length > 0) {
    files.set('benchmarks.csv', resultsCsv(methods));
    files.set('benchmarks.tex', resultsLatex(methods));
  }
  await folder.writeReport(files);
}

/** A pure function of what the store and the folder hold: the same whether the experiment was interrupted or not. */
export async function experimentReport(plan: ExperimentPlan, folder: ExperimentFolder, store: StoreReader): Promise<ExperimentReport> {
  const cells = await cellResults(plan, folder, store);
  const figures = figuresOf(cells, plan.axes);
  const failures = await folder.failures();
  return { cells, figures, markdown: markdownOf({ plan, cells, figures, failures }), folder: folder.reportFolder };
}

interface Told {
  readonly plan: ExperimentPlan;
  readonly cells: readonly CellResult[];
  readonly figures: readonly ExperimentFigure[];
  readonly failures: Readonly<Record<string, string>>;
}

function markdownOf({ plan, cells, figures, failures }: Told): string {
  const { definition, axes, runs } = plan;
  const done = cells.reduce((count, { seeds }) => count + seeds.length, 0);
  const failed = runs.map(({ cell, seed }) => failureKey(cell.label, seed)).filter((key) => failures[key] !== undefined);
  const methods = scoredMethods(cells);
  const sections = [
    section('How it was made', [
      `${done} of ${runs.length} runs are done: ${cells.length} ${cells.length === 1 ? 'cell' : 'cells'}, seeds ${definition.seeds.join(', ')}.`,
      '',
      ...axes.map(({ name, values }) => `- \`${name}\`: ${values.join(', ')}`),
      '',
      '```json',
      JSON.stringify({ base: definition.base, variants: definition.variants }, null, 2),
      '```',
    ]),
    failed.length === 0
      ? []
      : section(
          'Runs that failed',
          failed.map((key) => `- ${key}: ${oneLine(failures[key] ?? '')}`),
        ),
    methods.length === 0 ? [] : section('Evaluation sets', [resultsMarkdown(methods)]),
    section('After training', [
      'Held-out pass@1 and the share of training problems that were never solved, in percent; mean ± standard deviation over seeds.',
      '',
      tableText(cellsTable(cells)),
    ]),
    ...axes.filter(({ values }) => values.length > 1).map((axis) => axisSection(cells, axis, methods.length > 0)),
    section('Persistent failures', ['Training problems of which every try failed.', '', tableText(failuresTable(cells))]),
    ...(hasRescue(cells)
      ? [
          section('What each critic rescues of what is left', [
            'After training: every wrong answer to a training problem of which all answers were wrong, criticized by each critic in turn and refined ' +
              'once. Valid critiques: of the wrong answers. Valid refinements: of the valid critiques. Questions rescued: with a right refinement.',
            '',
            tableText(rescueTable(cells)),
          ]),
        ]
      : []),
    section('What critiques rescue in training', [
      'Counts over all seeds. Valid critiques: of the rollouts that a critic was asked about. Valid refinements: of the criticized rollouts. ' +
        'Questions rescued: of those without a right rollout that were criticized.',
      '',
      tableText(funnelTable(cells)),
    ]),
    ...figures.map(({ name, title }) => section(title, [`![${title}](${name}.svg)`])),
  ];
  return [`# Experiment ${definition.name}`, '', ...sections.flat()].join('\n');
}

function axisSection(cells: readonly CellResult[], axis: Axis, hasSets: boolean): string[] {
  const score = hasSets ? 'the average over the evaluation sets' : 'held-out pass@1 after training';
  return section(`By ${axisTitle(axis.name)}`, [
    `Score is ${score}, in percent. The difference is taken between runs that are alike but for \`${axis.name}\`, seed by seed. ` +
      'Entropy (nats a token) and answer tokens are those of the last 20 steps.',
    '',
    tableText(axisTable(cells, axis)),
  ]);
}

/** Name of the file without ending → table. */
function tablesOf(cells: readonly CellResult[], axes: readonly Axis[]): (readonly [string, ReportTable])[] {
  const ofAxes = axes
    .filter(({ values }) => values.length > 1)
    .map((axis) => [`by-${axis.name.replaceAll('.', '-')}`, axisTable(cells, axis)] as const);
  const rescue = hasRescue(cells) ? [['rescue', rescueTable(cells)] as const] : [];
  return [['cells', cellsTable(cells)], ['failures', failuresTable(cells)], ['funnel', funnelTable(cells)], ...rescue, ...ofAxes];
}

function hasRescue(cells: readonly CellResult[]): boolean {
  return cells.some(({ seeds }) => seeds.some(({ rescue }) => rescue !== null));
}

function scoredMethods(cells: readonly CellResult[]): ScoredMethod[] {
  return cells
    .map(({ label, seeds }) => ({ label, seeds: seeds.map(({ benchmarks }) => benchmarks).filter((scores) => scores.length > 0) }))
    .filter(({ seeds }) => seeds.length > 0);
}

function section(title: string, lines: readonly string[]): string[] {
  return [`## ${title}`, '', ...lines, ''];
}

function tableText({ header, rows, textColumns }: ReportTable): string {
  return rows.length === 0 ? 'Nothing yet.' : markdownTable(header, rows, textColumns);
}

function oneLine(text: string): string {
  return text.replace(/\s+/g, ' ').trim();
}
