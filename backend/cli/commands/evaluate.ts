/** `critique-grpo eval`: pass@1 and pass@k of a model or checkpoint on problems, by level. */
import { basename } from 'node:path';
import type { Command } from 'commander';
import { WorkbenchError } from '../../core/errors.ts';
import { readProblems, type ReadProblemsOptions } from '../../data/readProblems.ts';
import type { Evaluation, LevelScore, PersistentFailure, Problem } from '../../protocol/records.ts';
import type { RunConfig } from '../../protocol/runConfig.ts';
import { readRunData } from '../../training/dataSets.ts';
import { evaluate as evaluatePolicy, type Evaluated } from '../../training/evaluate.ts';
import { closePolicy, openPolicy, requireFittingPrompts } from '../../training/policy.ts';
import { locateData } from '../../training/locateData.ts';
import { exitCodes, type CliCommand, type CliContext, type CliOutput } from '../command.ts';
import { downloadLines } from '../downloadText.ts';
import { findCheckpoint, type FoundCheckpoint } from '../findCheckpoint.ts';
import { nonNegative, positiveInteger, wholeNumber } from '../numberOptions.ts';
import { resultFile } from '../resultFile.ts';
import { addRunOptions, resolveRunConfig, threadsOf, type RunArguments } from '../runArguments.ts';
import { percent } from '../scoreText.ts';
import { interruptSignal } from '../session.ts';
import { harmless } from '../terminalText.ts';

interface EvalOptions extends RunArguments {
  readonly model?: string;
  readonly run?: string;
  readonly step?: string;
  readonly data?: readonly string[];
  readonly samples?: string;
  readonly temperature?: string;
  readonly maxTokens?: string;
  readonly verifier?: string;
  readonly json?: string;
}

/** Samples a problem where nothing else is asked for; greedy ones are all alike, so there one is enough. */
const defaultSamples = 8;

export const evaluate: CliCommand = {
  name: 'eval',
  summary: 'Score a model or checkpoint on problems, with intervals.',
  register(command: Command, context: CliContext): void {
    addRunOptions(command)
      .option('--model <folder>', "a model folder, in place of the configuration's")
      .option('--run <id>', 'the newest checkpoint (or --step) of that run; "newest" for the newest run')
      .option('--step <number>', 'which checkpoint of the run')
      .option('--data <files...>', 'problems (JSONL, JSON, CSV or Parquet), each file with a table of its own; the held-out set if left out')
      .option('--samples <number>', `answers sampled for each problem (default: ${defaultSamples}; 1 if greedy)`)
      .option('--temperature <number>', "0 is greedy; the configuration's if left out")
      .option('--max-tokens <number>', "longest completion; the configuration's if left out")
      .option('--verifier <name>', "e.g. numeric, exact; the configuration's if left out")
      .option('--json <file>', 'write the result there')
      .addHelpText(
        'after',
        '\nExamples:\n  critique-grpo eval --preset demo\n  critique-grpo eval --run newest --samples 16\n  critique-grpo eval --model path/to/model --data problems.jsonl --temperature 0',
      )
      .action(async (file: string | undefined, options: EvalOptions) => {
        process.exitCode = await evaluateModel(file, options, context);
      });
  },
};

interface EvaluatedSet extends Evaluated {
  readonly data: string;
}

async function evaluateModel(file: string | undefined, options: EvalOptions, context: CliContext): Promise<number> {
  const { output, demoFolder } = context;
  const checkpoint = await checkpointOf(options);
  const config = await configOf(file, options, checkpoint);
  const temperature = options.temperature === undefined ? config.evaluation.temperature : nonNegative('--temperature', options.temperature);
  const asked = options.samples === undefined ? defaultSamples : positiveInteger('--samples', options.samples);
  const samples = temperature === 0 ? 1 : asked;
  const sets = options.data === undefined ? [await ownSet(config, demoFolder)] : await readAll(options.data, config, demoFolder);

  const writeResult = await resultFile(options.json);
  const signal = interruptSignal(() => output.write('\nStopping.\n'));
  const observer = {
    onPhase: (_step: number, _phase: string, done: number) => showProgress(output, done),
    onDownload: downloadLines(output, () => performance.now()),
  };
  const policy = await openPolicy({
    id: 'eval',
    config,
    entries: context.entries,
    demoFolder,
    threads: threadsOf(options),
    observer,
    signal,
    ...(checkpoint === undefined ? {} : { folder: checkpoint.runFolder }),
  });
  try {
    for (const { problems } of sets) requireFittingPrompts(policy, problems);
    if (checkpoint !== undefined) await policy.engine.loadState(checkpoint.folder);
    const model = checkpoint === undefined ? config.model.path : `${checkpoint.runId}, step ${checkpoint.step}`;
    const results: EvaluatedSet[] = [];
    for (const { path, problems } of sets) {
      const evaluated = await evaluatePolicy(policy, { set: 'heldOut', step: checkpoint?.step ?? 0, problems, samples, temperature });
      results.push({ data: path, ...evaluated });
      const how = `${counted(problems.length, 'problem')}, ${counted(samples, 'sample')} each, ${temperature === 0 ? 'greedy' : `temperature ${temperature}`}`;
      output.write(`${clearLine(output)}${harmless(`${model} on ${basename(path)}: ${how}`)}\n\n${resultLines(evaluated).join('\n')}\n\n`);
    }
    await writeResult(evalReport(model, results));
    return exitCodes.done;
  } catch (error) {
    if (signal.aborted) return exitCodes.interrupted;
    throw error;
  } finally {
    await closePolicy(policy);
  }
}

interface ProblemSet {
  readonly path: string;
  readonly problems: readonly Problem[];
}

/** The problems that the configuration holds out, or else those that it trains on. */
async function ownSet(config: RunConfig, demoFolder: string): Promise<ProblemSet> {
  const { train, heldOut } = await readRunData(config, { demoFolder });
  const { data } = config;
  return heldOut.length > 0 ? { path: data.heldOut ?? data.train, problems: heldOut } : { path: data.train, problems: train };
}

async function readAll(paths: readonly string[], { data }: RunConfig, demoFolder: string): Promise<ProblemSet[]> {
  const sets: ProblemSet[] = [];
  const how: ReadProblemsOptions = {
    onBrokenRow: data.onBrokenRow,
    layout: data.layout,
    columns: data.heldOutColumns ?? data.columns,
    role: 'heldOut',
  };
  for (const path of paths) sets.push({ path, problems: (await readProblems(await locateData(path, 'heldOut', { demoFolder }), how)).problems });
  return sets;
}

async function checkpointOf({ workspace, run, step, model }: EvalOptions): Promise<FoundCheckpoint | undefined> {
  if (run === undefined && step === undefined) return undefined;
  if (model !== undefined) {
    throw new WorkbenchError({
      code: 'config.invalid',
      message: 'Both a model folder and a checkpoint of a run are to be evaluated.',
      remedy: 'Give --model, or --run and --step.',
    });
  }
  return findCheckpoint(workspace, run === 'newest' ? undefined : run, step === undefined ? undefined : wholeNumber('--step', step));
}

/** That of preset and file, or else the run's own; then what single options say. */
async function configOf(file: string | undefined, options: EvalOptions, checkpoint: FoundCheckpoint | undefined): Promise<RunConfig> {
  const { model, data, maxTokens, verifier, seed } = options;
  const setting = (key: string, value: unknown): string[] => (value === undefined ? [] : [`${key}=${JSON.stringify(value)}`]);
  const ofRun = checkpoint === undefined || file !== undefined || options.preset !== undefined ? {} : checkpoint.config;
  const config = await resolveRunConfig(file, {
    ...options,
    set: [
      ...Object.entries(ofRun).flatMap(([key, value]) => setting(key, value)),
      ...setting('model.path', model),
      // A folder is a model on this machine.
      ...setting('engine.tinker', model === undefined ? undefined : null),
      // A configuration must name data; with --data it is not read.
      ...setting('data.train', data?.[0]),
      ...setting('verifier', verifier),
      ...setting('sampling.maxTokens', maxTokens === undefined ? undefined : positiveInteger('--max-tokens', maxTokens)),
      ...setting('seed', seed === undefined ? undefined : wholeNumber('--seed', seed)),
      ...options.set,
    ],
  });
  // A checkpoint fits the model that its run began with, and no other.
  return checkpoint === undefined ? config : { ...config, model: checkpoint.config.model };
}

function counted(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? '' : 's'}`;
}

function showProgress(output: CliOutput, tokens: number): void {
  if (output.isTerminal) output.write(`${clearLine(output)}${tokens.toLocaleString('en-US')} tokens sampled`);
}

function clearLine(output: CliOutput): string {
  return output.isTerminal ? '\r\u001b[K' : '';
}

/** The table by level, and why problems that were never solved failed. */
function resultLines({ evaluation, failures, notices }: Evaluated): string[] {
  const levels = Object.keys(evaluation.byLevel);
  const causes = levels.flatMap((level) => {
    const ofLevel = causesOf(failures.filter((failure) => failure.level === level));
    return ofLevel === '' ? [] : [`  ${harmless(level)}: ${ofLevel}`];
  });
  return [
    ...scoreTable(evaluation),
    ...(causes.length === 0 ? [] : ['', 'Answers to problems never solved, by cause:', ...causes]),
    ...notices.map(({ message }) => `! ${harmless(message)}`),
  ];
}

/** Plain columns: level, pass@1 with its interval, pass@k, never solved. */
export function scoreTable({ all, byLevel }: Evaluation): string[] {
  const ks = Object.keys(all.passAtK).filter((k) => k !== '1');
  const row = (name: string, { passAt1, interval: [low, high], passAtK, neverSolved, problems }: LevelScore): string[] => [
    harmless(name),
    `${percent(passAt1)} [${(100 * low).toFixed(1)}, ${(100 * high).toFixed(1)}]`,
    ...ks.map((k) => (passAtK[k] === undefined ? '–' : percent(passAtK[k]))),
    `${neverSolved} of ${problems}`,
  ];
  const header = ['level', 'pass@1 [95 %]', ...ks.map((k) => `pass@${k}`), 'never solved'];
  const rows = [header, ...Object.entries(byLevel).map(([level, score]) => row(level, score)), row('all', all)];
  const widths = header.map((_, column) => Math.max(...rows.map((cells) => cells[column]?.length ?? 0)));
  return rows.map((cells) =>
    cells.map((cell, column) => (column === 0 ? cell.padEnd(widths[0] ?? 0) : cell.padStart(widths[column] ?? 0))).join('   '),
  );
}

const causeNames: Readonly<Record<string, string>> = {
  wrongValue: 'wrong value',
  noAnswer: 'no answer',
  unparsable: 'unparsable',
  truncated: 'truncated',
  verifierFailed: 'verifier failed',
};

/** `wrong value 12, no answer 3`, most frequent first; empty for none. */
function causesOf(failures: readonly PersistentFailure[]): string {
  const totals = new Map<string, number>();
  for (const { causes } of failures) for (const [cause, count] of Object.entries(causes)) totals.set(cause, (totals.get(cause) ?? 0) + count);
  return [...totals]
    .sort(([, a], [, b]) => b - a)
    .map(([cause, count]) => `${causeNames[cause] ?? cause} ${count}`)
    .join(', ');
}

/** The result as `--json` writes it. */
function evalReport(model: string, results: readonly EvaluatedSet[]) {
  return {
    model,
    sets: results.map(({ data, evaluation, failures, notices }) => ({
      data,
      samplesPerProblem: evaluation.samplesPerProblem,
      temperature: evaluation.temperature,
      all: evaluation.all,
      byLevel: evaluation.byLevel,
      tokensSampled: evaluation.tokensSampled,
      neverSolved: failures.map(({ problemId, level, attempts, causes, example }) => ({ problemId, level, attempts, causes, example })),
      notices: notices.map(({ message }) => message),
    })),
  };
}
