/** `critique-grpo data`: what a file of problems holds, how it is read, and which verifier knows its answers. */
import type { Command } from 'commander';
import { WorkbenchError } from '../../core/errors.ts';
import type { RunConfig } from '../../protocol/runConfig.ts';
import { verifiers as allVerifiers } from '../../rewards/index.ts';
import { previewData } from '../../training/previewData.ts';
import { exitCodes, type CliCommand, type CliContext } from '../command.ts';
import { dataPreviewLines } from '../dataText.ts';
import { wholeNumber } from '../numberOptions.ts';
import { resultFile } from '../resultFile.ts';
import { resolveRunConfig } from '../runArguments.ts';
import { interruptSignal } from '../session.ts';

interface DataOptions {
  readonly model?: string;
  readonly verifier?: string;
  readonly examples: string;
  readonly set: readonly string[];
  readonly preset?: string;
  readonly json?: string;
}

export const data: CliCommand = {
  name: 'data',
  summary: 'Show how a file of problems is read: layout, levels, broken rows, answers.',
  register(command: Command, context: CliContext): void {
    command
      .argument('[path]', 'run file (*.cgrpo.json), or problems: a file, a folder of shards, a pattern, hf://datasets/…')
      .option('--preset <name>', 'the data of a preset, e.g. demo')
      .option('--model <folder>', 'count the prompts in tokens of this model')
      .option('--verifier <name>', 'test this verifier on the gold answers; of problems without a run file all are tested')
      .option('--examples <number>', 'problems shown', '3')
      .option(
        '--set <key=value>',
        'any setting of the run file, e.g. data.columns.answer=final (repeatable)',
        (text: string, all: string[]) => [...all, text],
        [],
      )
      .option('--json <file>', 'write the result there')
      .addHelpText(
        'after',
        '\nExamples:\n  critique-grpo data train.parquet\n  critique-grpo data my.cgrpo.json\n  critique-grpo data problems.csv --set data.columns.prompt=text --set data.columns.answer=result',
      )
      .action(async (path: string | undefined, options: DataOptions) => {
        process.exitCode = await show(path, options, context);
      });
  },
};

async function show(path: string | undefined, options: DataOptions, { entries, demoFolder, output }: CliContext): Promise<number> {
  const isRunFile = path?.endsWith('.cgrpo.json') ?? false;
  const isOfRun = isRunFile || path === undefined;
  const settings = [
    ...(isOfRun ? [] : [`data.train=${JSON.stringify(path)}`, 'data.heldOut=null']),
    ...(options.model === undefined ? [] : [`model.path=${JSON.stringify(options.model)}`]),
    ...(options.verifier === undefined ? [] : [`verifier=${JSON.stringify(options.verifier)}`]),
    ...options.set,
  ];
  const config = await configOf(isRunFile ? path : undefined, options.preset, settings);
  const writeResult = await resultFile(options.json);
  const signal = interruptSignal(() => output.write('\nStopping.\n'));
  try {
    const preview = await previewData(config, {
      demoFolder,
      grader: entries.grader,
      mayRunFunctions: true,
      examples: wholeNumber('--examples', options.examples),
      ...(isOfRun || options.verifier !== undefined ? {} : { verifiers: knowingVerifiers() }),
      signal,
    });
    output.write(`${dataPreviewLines(preview, output).join('\n')}\n`);
    await writeResult(preview);
    return preview.problem === null ? exitCodes.done : exitCodes.failed;
  } catch (error) {
    if (signal.aborted) return exitCodes.interrupted;
    throw error;
  }
}

/** The model may come later; without one, tokens are not counted. */
async function configOf(file: string | undefined, preset: string | undefined, settings: readonly string[]): Promise<RunConfig> {
  const resolve = (set: readonly string[]): Promise<RunConfig> =>
    resolveRunConfig(file, { ...(preset === undefined ? {} : { preset }), workspace: '.', threads: '1', set });
  try {
    return await resolve(settings);
  } catch (error) {
    if (!(error instanceof WorkbenchError) || error.code !== 'config.incomplete') throw error;
    return resolve(['model.path=', ...settings]);
  }
}

/** Those that compare with the gold answer. */
function knowingVerifiers(): string[] {
  return Object.values(allVerifiers)
    .filter(({ knowsGold }) => knowsGold !== false)
    .map(({ name }) => name);
}
