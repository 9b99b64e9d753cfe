/** `critique-grpo eval`: pass@1 and pass@k of a model or checkpoint on problems, by level. */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Command } from 'commander';
import type { Evaluation, LevelScore, Problem } from '../../protocol/records.ts';
import type { RunConfig } from '../../protocol/runConfig.ts';
import { readProblems } from '../../data/jsonl.ts';
import { evaluate as evaluatePolicy } from '../../training/evaluate.ts';
import { closePolicy, openPolicy, requireFittingPrompts, resolveDemo } from '../../training/policy.ts';
import { exitCodes, type CliCommand, type CliContext } from '../command.ts';
import { findCheckpoint } from '../findCheckpoint.ts';
import { nonNegative, positiveInteger } from '../numberOptions.ts';
import { addRunOptions, resolveRunConfig, threadsOf, type RunArguments } from '../runArguments.ts';
import { interruptSignal } from '../session.ts';

interface EvalOptions extends RunArguments {
  readonly model?: string;
  readonly run?: string;
  readonly step?: string;
  readonly data?: string;
  readonly samples: string;
  readonly temperature?: string;
  readonly json?: string;
}

export const evaluate: CliCommand = {
  name: 'eval',
  summary: 'Score a model or checkpoint on problems, with intervals.',
  register(command: Command, context: CliContext): void {
    addRunOptions(command)
      .option('--model <folder>', "a model folder, instead of the configuration's")
      .option('--run <id>', 'a run\'s newest checkpoint (or --step); "newest" for the newest run')
      .option('--step <number>', 'which checkpoint of --run')
      .option('--data <file>', 'JSONL of problems; the held-out set of the configuration if left out')
      .option('--samples <number>', 'answers sampled for each problem', '8')
      .option('--temperature <number>', "0 is greedy; the configuration's if left out")
      .option('--json <file>', 'write the result there')
      .addHelpText('after', '\nExamples:\n  critique-grpo eval --preset demo\n  critique-grpo eval --preset demo --run newest --samples 16')
      .action(async (file: string | undefined, options: EvalOptions) => {
        process.exitCode = await evaluateModel(file, options, context);
      });
  },
};

async function evaluateModel(file: string | undefined, options: EvalOptions, context: CliContext): Promise<number> {
  const { output, demoFolder } = context;
  const checkpoint =
    options.run === undefined
      ? undefined
      : await findCheckpoint(
          options.workspace,
          options.run === 'newest' ? undefined : options.run,
          options.step === undefined ? undefined : positiveInteger('--step', options.step),
        );
  const written =
    file === undefined && options.preset === undefined && checkpoint !== undefined ? checkpoint.config : await resolveRunConfig(file, options);
  const config: RunConfig = options.model === undefined ? written : { ...written, model: { ...written.model, path: options.model } };
  const samples = positiveInteger('--samples', options.samples);
  const temperature = options.temperature === undefined ? config.evaluation.temperature : nonNegative('--temperature', options.temperature);
  const dataPath = resolveDemo(options.data ?? config.data.heldOut ?? config.data.train, demoFolder);
  const { problems } = await readProblems(dataPath, config.data);
  const signal = interruptSignal(() => output.write('\nStopping.\n'));
  const policy = await openPolicy({ id: 'eval', config, entries: context.entries, demoFolder, threads: threadsOf(options), observer: {}, signal });
  try {
    requireFittingPrompts(policy, problems);
    if (checkpoint !== undefined) await policy.engine.loadState(checkpoint.folder);
    const { evaluation, failures } = await evaluatePolicy(policy, {
      set: 'heldOut',
      step: checkpoint?.step ?? 0,
      problems,
      samples: temperature === 0 ? 1 : samples,
      temperature,
    });
    const what = checkpoint === undefined ? config.model.path : join(checkpoint.runId, `step ${checkpoint.step}`);
    output.write(
      `${what} on ${dataPath}: ${problems.length} problems, ${evaluation.samplesPerProblem} samples each at temperature ${temperature}\n\n${scoreTable(evaluation)}\n`,
    );
    output.write(`\nwhy problems fail: ${causesOf(failures)}\n`);
    if (options.json !== undefined)
      await writeFile(
        options.json,
        `${JSON.stringify({ model: what, data: dataPath, evaluation, failures: failures.map(withoutExample(problems)) }, null, 2)}\n`,
      );
    return exitCodes.done;
  } catch (error) {
    if (signal.aborted) return exitCodes.interrupted;
    throw error;
  } finally {
    await closePolicy(policy);
  }
}

/** Plain columns: level, pass@1 with its interval, pass@k, never solved. */
export function scoreTable({ all, byLevel }: Evaluation): string {
  const ks = Object.keys(all.passAtK).filter((k) => k !== '1');
  const row = (name: string, { passAt1, interval, passAtK, neverSolved, problems }: LevelScore): string[] => [
    name,
    `${(100 * passAt1).toFixed(1)} % [${(100 * interval[0]).toFixed(1)}, ${(100 * interval[1]).toFixed(1)}]`,
    ...ks.map((k) => `${(100 * (passAtK[k] ?? NaN)).toFixed(1)} %`),
    `${neverSolved} of ${problems}`,
  ];
  const rows = [
    ['level', 'pass@1 [95 %]', ...ks.map((k) => `pass@${k}`), 'never solved'],
    ...Object.entries(byLevel).map(([level, score]) => row(level, score)),
    row('all', all),
  ];
  const widths = (rows[0] as string[]).map((_, column) => Math.max(...rows.map((cells) => (cells[column] as string).length)));
  return rows
    .map((cells) =>
      cells.map((cell, column) => (column === 0 ? cell.padEnd(widths[column] as number) : cell.padStart(widths[column] as number))).join('   '),
    )
    .join('\n');
}

function causesOf(failures: readonly { readonly causes: Readonly<Record<string, number | undefined>> }[]): string {
  const totals: Record<string, number> = {};
  for (const { causes } of failures) for (const [cause, count] of Object.entries(causes)) totals[cause] = (totals[cause] ?? 0) + (count ?? 0);
  const parts = Object.entries(totals)
    .sort(([, a], [, b]) => b - a)
    .map(([cause, count]) => `${cause} ${count}`);
  return parts.length === 0 ? 'none does' : parts.join(', ');
}

function withoutExample(problems: readonly Problem[]) {
  const levels = new Map(problems.map(({ id, level }) => [id, level]));
  return ({ problemId, causes }: { readonly problemId: string; readonly causes: unknown }) => ({ problemId, level: levels.get(problemId), causes });
}
