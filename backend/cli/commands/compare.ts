/** `critique-grpo compare`: variants side by side over seeds, as a table and curves. */
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import type { Command } from 'commander';
import { WorkbenchError } from '../../core/errors.ts';
import { openStore } from '../../store/openStore.ts';
import { writeFileAtomically } from '../../store/atomicFile.ts';
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
} from '../comparison.ts';
import { comparisonCurves, comparisonReport, summaryLines } from '../comparisonReport.ts';
import { positiveInteger } from '../numberOptions.ts';
import { addRunOptions, commandLine, resolveRunConfig, threadsOf, type RunArguments } from '../runArguments.ts';
import { interruptSignal, runSession } from '../session.ts';

interface CompareOptions extends Omit<RunArguments, 'seed'> {
  readonly algorithms?: string;
  readonly critics?: string;
  readonly weightings?: string;
  readonly seeds: string;
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
      .option('--seeds <count>', 'seeds 0 … count − 1', '3')
      .option('--out <folder>', 'where report, curves and runs go', 'comparison')
      .option('--fresh', 'train anew what the folder has results of')
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
  const base = await resolveRunConfig(file, options);
  const variants = variantsOf(base, {
    algorithms: list(options.algorithms),
    critics: list(options.critics),
    weightings: weightings(options.weightings),
  });
  const seeds = Array.from({ length: positiveInteger('--seeds', options.seeds) }, (_, seed) => seed);
  const planned = plannedRuns(variants, seeds);
  const out = resolve(options.out);
  await mkdir(out, { recursive: true });
  const resultsFile = join(out, 'results.json');
  const earlier = options.fresh === true ? emptyComparison : await readComparison(resultsFile);
  checkComparable(earlier.results, planned, out);
  const { preset, steps, set, threads } = options;
  const chosen = { algorithms: options.algorithms, critics: options.critics, weightings: options.weightings, seeds: options.seeds };
  const command = commandLine('compare', file, { preset, steps, set, ...chosen, threads });
  let comparison: Comparison = { ...earlier, commands: [...new Set([...earlier.commands, command])] };
  const missing = planned.filter((variant) => findResult(earlier.results, variant) === undefined);
  const signal = interruptSignal(() => context.output.write('\nStopping with a checkpoint; the same command goes on from there.\n'));
  const progress = new Progress(context, planned.length, planned.length - missing.length, performance.now());

  for (const variant of missing) {
    const result = await trainVariant(variant, { options, context, out, signal, progress });
    if (result === undefined) return exitCodes.interrupted;
    comparison = { ...comparison, results: withResult(comparison.results, result) };
    await writeFileAtomically(resultsFile, `${JSON.stringify(comparison, null, 1)}\n`);
    progress.finish(variant, result);
  }
  await writeFile(join(out, 'curves.svg'), comparisonCurves(comparison.results));
  await writeFile(join(out, 'report.md'), comparisonReport(comparison));
  if (options.json !== undefined) await writeFile(options.json, `${JSON.stringify(comparison, null, 1)}\n`);
  context.output.write(
    `\n${summaryLines(comparison.results).join('\n')}\n\nKept in ${out}: report.md, curves.svg, results.json, and the runs themselves.\n`,
  );
  return exitCodes.done;
}

interface Setting {
  readonly options: CompareOptions;
  readonly context: CliContext;
  readonly out: string;
  readonly signal: AbortSignal;
  readonly progress: Progress;
}

/** One run to its end, resumed if an earlier comparison was stopped in it; undefined when interrupted. */
async function trainVariant({ label, config }: Variant, { options, context, out, signal, progress }: Setting): Promise<VariantResult | undefined> {
  const resume = options.fresh === true ? false : unfinishedRun(out, config);
  const result = await runSession({
    context,
    config,
    workspace: out,
    threads: threadsOf(options),
    resume,
    signal,
    observer: {
      onEvent: ({ body }) => {
        if (body.type === 'stepFinished') progress.step(label, config.seed, body.update.step, config.training.steps);
      },
    },
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

/** Which run is where, and how long the rest will take. */
class Progress {
  private readonly context: CliContext;
  private readonly total: number;
  private readonly start: number;
  private readonly doneBefore: number;
  private done: number;

  constructor(context: CliContext, total: number, done: number, start: number) {
    this.context = context;
    this.total = total;
    this.done = done;
    this.doneBefore = done;
    this.start = start;
    if (done > 0) context.output.write(`${done} of ${total} runs are done already.\n`);
  }

  step(label: string, seed: number, step: number, steps: number): void {
    const finished = this.done - this.doneBefore + step / steps;
    const elapsed = (performance.now() - this.start) / 1000;
    const left = (elapsed / finished) * (this.total - this.doneBefore - finished);
    const line = `run ${this.done + 1}/${this.total}  ${label}  seed ${seed}  step ${step}/${steps}  about ${duration(left)} left`;
    if (this.context.output.isTerminal) this.context.output.write(`\r\u001b[K${line.slice(0, this.context.output.columns() - 1)}`);
    else if (step % 40 === 0) this.context.output.write(`${line}\n`);
  }

  finish({ label, config }: Variant, { after, tokens, seconds }: VariantResult): void {
    this.done++;
    const levels = Object.entries(after.byLevel).map(([level, { passAt1 }]) => `${level} ${passAt1.toFixed(3)}`);
    const line = `${label}, seed ${config.seed}: pass@1 ${after.all.passAt1.toFixed(3)} (${levels.join(', ')}), ${tokens.sampled.toLocaleString('en-US')} tokens sampled, ${duration(seconds)}`;
    this.context.output.write(`${this.context.output.isTerminal ? '\r\u001b[K' : ''}${line}\n`);
  }
}

function duration(seconds: number): string {
  return seconds < 90 ? `${Math.round(seconds)} s` : `${Math.round(seconds / 60)} min`;
}

const emptyComparison: Comparison = { version: 1, commands: [], results: [] };

async function readComparison(path: string): Promise<Comparison> {
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch {
    return emptyComparison;
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

function weightings(text: string | undefined): ('paper' | 'uniform')[] {
  return list(text).map((name) => {
    if (name === 'paper' || name === 'uniform') return name;
    throw new WorkbenchError({ code: 'config.invalid', message: `There is no weighting "${name}".`, remedy: 'Choose paper or uniform.' });
  });
}
