/** `critique-grpo compare`: variants side by side over seeds, as a table and curves. */
import { mkdir, readFile, rm } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import type { Command } from 'commander';
import { WorkbenchError } from '../../core/errors.ts';
import { openStore } from '../../store/openStore.ts';
import { writeFileAtomically } from '../../store/atomicFile.ts';
import { holdsOut } from '../../protocol/dataViews.ts';
import type { RunConfig } from '../../protocol/runConfig.ts';
import { exitCodes, type CliCommand, type CliContext } from '../command.ts';
import {
  checkComparable,
  findResult,
  plannedRuns,
  resultOf,
  variantsOf,
  withResult,
  type Comparison,
  type Variant,
  type VariantResult,
  type Weighting,
} from '../../experiments/comparison.ts';
import { comparisonCurves, comparisonReport, summaryLines } from '../../experiments/comparisonReport.ts';
import { ComparisonView } from '../comparisonView.ts';
import { positiveInteger, wholeNumber } from '../numberOptions.ts';
import { resultFile } from '../resultFile.ts';
import { addRunOptions, commandLine, resolveRunConfig, threadsOf, type RunArguments } from '../runArguments.ts';
import { interruptSignal, runSession } from '../session.ts';

interface CompareOptions extends RunArguments {
  readonly algorithms?: string;
  readonly critics?: string;
  readonly weightings?: string;
  readonly seeds: string;
  readonly firstSeed: string;
  readonly out: string;
  readonly fresh?: boolean;
  readonly json?: string;
}

export const compare: CliCommand = {
  name: 'compare',
  summary: 'Train algorithms, critics and weightings side by side over seeds.',
  register(command: Command, context: CliContext): void {
    addRunOptions(command)
      .option('--algorithms <names>', 'comma-separated, e.g. grpo,dr-grpo,critique-grpo')
      .option('--critics <names>', 'comma-separated critics for algorithms that use critiques, e.g. verdict,verdict-answer,step-level,resample')
      .option('--weightings <names>', 'comma-separated weightings of refinements: paper, uniform')
      .option('--seeds <count>', 'how many seeds', '3')
      .option('--first-seed <number>', 'the first of them', '0')
      .option('--out <folder>', 'where report, curves and runs go; runs that are in it already are not trained again', 'comparison')
      .option('--fresh', 'begin the folder anew')
      .option('--json <file>', 'write the results there too')
      .addHelpText(
        'after',
        '\nExamples:\n  critique-grpo compare --preset demo --algorithms grpo,dr-grpo,critique-grpo --seeds 3\n  critique-grpo compare --preset demo --critics verdict,verdict-answer,step-level,resample --out critics',
      )
      .action(async (file: string | undefined, options: CompareOptions) => {
        process.exitCode = await compareAll(file, options, context);
      });
  },
};

async function compareAll(file: string | undefined, options: CompareOptions, context: CliContext): Promise<number> {
  requireOwnOptions(options);
  const base = await resolveRunConfig(file, options);
  requireHeldOut(base);
  const variants = variantsOf(base, {
    algorithms: list(options.algorithms),
    critics: list(options.critics),
    weightings: weightings(options.weightings),
  });
  const firstSeed = wholeNumber('--first-seed', options.firstSeed);
  const seeds = Array.from({ length: positiveInteger('--seeds', options.seeds) }, (_, i) => firstSeed + i);
  const planned = plannedRuns(variants, seeds);
  const out = resolve(options.out);
  const writeResult = await resultFile(options.json);
  await mkdir(out, { recursive: true });
  if (options.fresh === true) await rm(join(out, 'results.json'), { force: true });
  const earlier = await readComparison(join(out, 'results.json'));
  checkComparable(earlier.results, planned, out);
  const { preset, steps, algorithm, critic, set, algorithms, critics, seeds: seedCount, threads, provider } = options;
  const command = commandLine('compare', file, {
    ...{ preset, steps, algorithm, critic, set, algorithms, critics, weightings: options.weightings, seeds: seedCount },
    'first-seed': firstSeed === 0 ? undefined : options.firstSeed,
    threads,
    provider,
  });
  let comparison: Comparison = { ...earlier, commands: [...new Set([...earlier.commands, command])] };
  const missing = planned.filter((variant) => findResult(earlier.results, variant) === undefined);
  const view = new ComparisonView(context.output, planned.length, planned.length - missing.length, () => performance.now());
  const signal = interruptSignal(() => view.interrupting());

  try {
    for (const variant of missing) {
      if (signal.aborted) return exitCodes.interrupted;
      view.begin(variant);
      const result = await trainVariant(variant, { options, context, out, signal, view });
      if (result === undefined) return exitCodes.interrupted;
      comparison = { ...comparison, results: withResult(comparison.results, result) };
      await save(comparison, out);
      view.finish(result);
    }
  } finally {
    view.end();
  }
  await save(comparison, out);
  await writeResult(comparison);
  context.output.write(
    `\n${summaryLines(comparison.results).join('\n')}\n\nKept in ${out}: report.md, curves.svg, results.json, and the runs themselves.\n`,
  );
  return exitCodes.done;
}

/** After every run, so that a comparison that is stopped has results, report and curves of what is done. */
async function save(comparison: Comparison, out: string): Promise<void> {
  await writeFileAtomically(join(out, 'results.json'), `${JSON.stringify(comparison, null, 1)}\n`);
  await writeFileAtomically(join(out, 'curves.svg'), comparisonCurves(comparison.results));
  await writeFileAtomically(join(out, 'report.md'), comparisonReport(comparison));
}

/** Options of a single run that mean something else here. */
function requireOwnOptions({ seed, workspace }: CompareOptions): void {
  if (seed !== undefined) throw unused('--seed', 'Give --first-seed and --seeds.');
  if (workspace !== '.') throw unused('--workspace', 'Give the folder with --out.');
}

function unused(option: string, remedy: string): WorkbenchError {
  return new WorkbenchError({ code: 'config.invalid', message: `A comparison has no ${option}.`, remedy });
}

function requireHeldOut({ data }: RunConfig): void {
  if (holdsOut(data)) return;
  throw new WorkbenchError({
    code: 'config.incomplete',
    message: 'The run names no held-out problems, and variants are compared on those.',
    remedy: 'Give data.heldOut (or data.split) in the run file, or with --set data.heldOut=FILE.',
  });
}

interface Setting {
  readonly options: CompareOptions;
  readonly context: CliContext;
  readonly out: string;
  readonly signal: AbortSignal;
  readonly view: ComparisonView;
}

/** One run to its end, resumed if an earlier comparison was stopped in it; undefined when interrupted. */
async function trainVariant({ label, config }: Variant, { options, context, out, signal, view }: Setting): Promise<VariantResult | undefined> {
  const resume = options.fresh === true ? false : unfinishedRun(out, config);
  const result = await runSession({
    context,
    config,
    workspace: out,
    threads: threadsOf(options),
    resume,
    signal,
    observer: view,
  });
  if (result.reason !== 'finished') return undefined;
  const store = openStore(out, { readOnly: true });
  try {
    const { runId, peakRssMb } = result;
    return resultOf({ label, config, evaluations: store.evaluations(runId), updates: store.updates(runId), peakRssMb });
  } finally {
    store.close();
  }
}

function unfinishedRun(out: string, config: RunConfig): string | false {
  const store = openStore(out);
  try {
    return store.runs().find((run) => run.state !== 'finished' && isDeepStrictEqual(run.config, config))?.id ?? false;
  } finally {
    store.close();
  }
}

async function readComparison(path: string): Promise<Comparison> {
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch {
    return { version: 1, commands: [], results: [] };
  }
  try {
    const comparison = JSON.parse(text) as Partial<Comparison>;
    if (comparison.version === 1 && Array.isArray(comparison.results)) return comparison as Comparison;
  } catch {
    // Said below, as for a file of another form.
  }
  throw new WorkbenchError({
    code: 'comparison.damaged',
    message: `${path} holds no results of a comparison that this version can read.`,
    remedy: 'Remove the file, give another --out, or use --fresh.',
  });
}

function list(text: string | undefined): string[] {
  return (text ?? '')
    .split(',')
    .map((name) => name.trim())
    .filter((name) => name !== '');
}

function weightings(text: string | undefined): Weighting[] {
  return list(text).map((name) => {
    if (name === 'paper' || name === 'uniform') return name;
    throw new WorkbenchError({ code: 'config.invalid', message: `There is no weighting "${name}".`, remedy: 'Choose paper or uniform.' });
  });
}
