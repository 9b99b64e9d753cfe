/** `critique-grpo experiment`: a grid of runs over seeds, resumed where it was stopped, and its report. */
import { readFile, writeFile } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import { dirname, resolve } from 'node:path';
import type { Command } from 'commander';
import { messageOf, WorkbenchError } from '../../core/errors.ts';
import { loadSets } from '../../experiments/benchmarkAnswers.ts';
import { cellsTable } from '../../experiments/ablation.ts';
import { cellResults } from '../../experiments/cellResults.ts';
import { ExperimentFolder } from '../../experiments/experimentFolder.ts';
import { parseExperimentFile } from '../../experiments/experimentFile.ts';
import { fromFile } from '../../experiments/experimentState.ts';
import { planExperiment, type ExperimentPlan, type PlannedRun } from '../../experiments/grid.ts';
import { LocalHost } from '../../experiments/localHost.ts';
import { markdownTable } from '../../experiments/reportTable.ts';
import { experimentTemplates, templateText } from '../../experiments/templates.ts';
import { runExperiment, runOf, type ExperimentObserver } from '../../experiments/runExperiment.ts';
import { writeReport } from '../../experiments/writeReport.ts';
import type { CellResult } from '../../protocol/experimentViews.ts';
import { openStore } from '../../store/openStore.ts';
import { SetGraders } from '../../training/evaluateSet.ts';
import { locateData } from '../../training/locateData.ts';
import { exitCodes, type CliCommand, type CliContext, type CliOutput } from '../command.ts';
import { ComparisonView } from '../comparisonView.ts';
import { resultFile } from '../resultFile.ts';
import { threadsOf } from '../runArguments.ts';
import { interruptSignal } from '../session.ts';
import { harmless } from '../terminalText.ts';

interface ExperimentOptions {
  readonly workspace: string;
  readonly threads: string;
  readonly template?: string;
  readonly plan?: boolean;
  readonly report?: boolean;
  readonly json?: string;
}

export const experiment: CliCommand = {
  name: 'experiment',
  summary: 'Run a grid of settings over seeds, resume it, and write its report.',
  register(command: Command, context: CliContext): void {
    command
      .argument('<file>', 'experiment file (*.experiment.json); comments are allowed')
      .option('--template <name>', `write a ready experiment to the file: ${experimentTemplates.map(({ name }) => name).join(', ')}`)
      .option('--plan', 'say what would be run, and run nothing')
      .option('--report', 'write the report of what is done, and run nothing')
      .option('--workspace <folder>', 'where runs and reports are kept, under .critique-grpo', '.')
      .option('--threads <number>', 'processor threads of the engine; a resumed run keeps its own', String(availableParallelism()))
      .option('--json <file>', 'write the results there too')
      .addHelpText(
        'after',
        '\nCtrl-C pauses: the run in progress writes a checkpoint, and the same command goes on from there. Runs that are done are not run again;\nwhat failed is tried again.\n\nExample of a file:\n  {\n    "name": "shaping",\n    "base": { "preset": "demo", "set": { "training.steps": 80 } },\n    "axes": { "switches.shapingGamma": [0.05, 0.1, 0.3, null] },\n    "seeds": [0, 1, 2]\n  }',
      )
      .action(async (file: string, options: ExperimentOptions) => {
        process.exitCode = await experimentOf(file, options, context);
      });
  },
};

async function experimentOf(file: string, options: ExperimentOptions, context: CliContext): Promise<number> {
  const { output } = context;
  const path = resolve(file);
  if (options.template !== undefined) return writeTemplate(options.template, path, output);
  const definition = parseExperimentFile(path, await readText(path, 'experiment file'));
  const basePath = definition.base.file === undefined ? undefined : resolve(dirname(path), definition.base.file);
  const baseFile = basePath === undefined ? undefined : { path: basePath, text: await readText(basePath, 'run file') };
  const plan = planExperiment({ definition, path, ...(baseFile === undefined ? {} : { baseFile }) });
  if (options.plan === true) {
    output.write(`${planLines(plan).map(harmless).join('\n')}\n`);
    return exitCodes.done;
  }
  const workspace = resolve(options.workspace);
  const folder = new ExperimentFolder(workspace, definition.name);
  const writeResult = await resultFile(options.json);
  const store = openStore(workspace);
  try {
    const outcome = options.report === true ? 'finished' : await run({ plan, baseFile, folder, store, workspace, options, context });
    if (options.report === true) await writeReport(plan, folder, store);
    const cells = await cellResults(plan, folder, store);
    await writeResult({ name: definition.name, outcome, failures: await folder.failures(), cells });
    output.write(`\n${outcomeText(cells)}\n\nReport: ${folder.reportFolder}\n`);
    if (outcome === 'paused') return exitCodes.interrupted;
    return Object.keys(await folder.failures()).length > 0 ? exitCodes.failed : exitCodes.done;
  } finally {
    store.close();
  }
}

async function writeTemplate(name: string, path: string, output: CliOutput): Promise<number> {
  const template = experimentTemplates.find((each) => each.name === name);
  if (template === undefined) {
    throw new WorkbenchError({
      code: 'config.unknownTemplate',
      message: `There is no experiment template named "${name}".`,
      remedy: `Choose one of:${experimentTemplates.map((each) => `\n  ${each.name.padEnd(16)} ${each.summary}`).join('')}`,
    });
  }
  try {
    await writeFile(path, templateText(template), { flag: 'wx' });
  } catch (error) {
    const isThere = (error as NodeJS.ErrnoException).code === 'EEXIST';
    throw new WorkbenchError({
      code: isThere ? 'output.notEmpty' : 'output.unwritable',
      message: isThere ? `${path} is there already.` : `${path} cannot be written (${messageOf(error)}).`,
      remedy: 'Give the name of a new file.',
    });
  }
  output.write(`${path}: ${template.summary}\n`);
  return exitCodes.done;
}

interface Setting {
  readonly plan: ExperimentPlan;
  readonly baseFile: { readonly path: string; readonly text: string } | undefined;
  readonly folder: ExperimentFolder;
  readonly store: ReturnType<typeof openStore>;
  readonly workspace: string;
  readonly options: ExperimentOptions;
  readonly context: CliContext;
}

async function run({ plan, baseFile, folder, store, workspace, options, context }: Setting): Promise<'finished' | 'paused'> {
  const { entries, demoFolder, output } = context;
  const known = store.runs();
  const done = plan.runs.filter(({ config }) => runOf(known, config)?.state === 'finished').length;
  const view = new ComparisonView(output, plan.runs.length, done, () => performance.now());
  const signal = interruptSignal(() => view.interrupting());
  const sets = await loadSets(plan.definition.benchmarks, (path) => locateData(fromFile(path, plan.path), 'heldOut', { demoFolder, signal }));
  await folder.keep(plan, baseFile);
  const graders = new SetGraders(entries.grader);
  const host = new LocalHost({ store, workspace, entries, demoFolder, threads: threadsOf(options), observer: view, signal });
  try {
    return await runExperiment({ plan, folder, host, sets, graders, signal, observer: observerOf(view) });
  } finally {
    view.end();
    await graders.dispose();
  }
}

function observerOf(view: ComparisonView): ExperimentObserver {
  return {
    onBegin: ({ cell, config }: PlannedRun) => view.begin({ label: cell.label, config }),
    onSet: (_run, set, answered, total) => view.afterTraining(`${set} ${answered}/${total}`),
    onEnd: (_run, error) => view.finishWith(error === undefined ? 'done' : `failed: ${harmless(error)}`),
  };
}

function outcomeText(cells: readonly CellResult[]): string {
  if (cells.every(({ seeds }) => seeds.length === 0)) return 'No run is done yet.';
  const { header, rows, textColumns } = cellsTable(cells);
  return markdownTable(header, rows, textColumns);
}

function planLines({ definition, cells, axes, runs }: ExperimentPlan): string[] {
  const steps = runs.reduce((total, { config }) => total + config.training.steps, 0);
  return [
    `${definition.name}: ${counted(cells.length, 'cell')} × ${counted(definition.seeds.length, 'seed')} = ${counted(runs.length, 'run')}, ${counted(steps, 'step')}`,
    ...axes.map(({ name, values }) => `  ${name}: ${values.join(', ')}`),
    ...cells.map(({ label }, i) => `  ${String(i + 1).padStart(3)}  ${label}`),
  ];
}

/** `1 seed`, `1,280 steps`. */
function counted(count: number, noun: string): string {
  return `${count.toLocaleString('en-US')} ${noun}${count === 1 ? '' : 's'}`;
}

async function readText(path: string, what: string): Promise<string> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    throw new WorkbenchError({
      code: 'config.notFound',
      message: `The ${what} ${path} cannot be read (${messageOf(error)}).`,
      remedy: 'Check the path.',
    });
  }
}
