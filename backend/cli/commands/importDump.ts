/** `critique-grpo import`: rollouts of another trainer as a run of this workspace. */
import { basename, resolve } from 'node:path';
import { Option, type Command } from 'commander';
import { importVerlDump } from '../../exchange/verlDump.ts';
import { openStore } from '../../store/openStore.ts';
import { freeRunId } from '../../training/newRun.ts';
import { exitCodes, type CliCommand, type CliContext } from '../command.ts';
import { nonNegative } from '../numberOptions.ts';
import { interruptSignal } from '../session.ts';
import { harmless } from '../terminalText.ts';

interface ImportOptions {
  readonly from: 'verl';
  readonly name?: string;
  readonly rightFrom: string;
  readonly skipBroken?: boolean;
  readonly workspace: string;
}

export const importDump: CliCommand = {
  name: 'import',
  summary: 'Explore rollouts that another trainer dumped.',
  register(command: Command, context: CliContext): void {
    command
      .argument('<folder>', 'for verl: what trainer.rollout_data_dir names')
      .addOption(new Option('--from <trainer>', 'who wrote it').choices(['verl']).default('verl'))
      .option('--name <id>', 'of the run; the folder’s name if left out')
      .option('--right-from <score>', 'an answer is right from this score on', '0.5')
      .option('--skip-broken', 'leave out broken rows instead of refusing the folder')
      .option('--workspace <folder>', 'where runs are kept, under .critique-grpo', '.')
      .addHelpText(
        'after',
        '\nExample:\n  critique-grpo import outputs/rollouts --name qwen-grpo\nThen open the folder in the editor, or export its failures: critique-grpo export-data --as verl-failures',
      )
      .action(async (folder: string, options: ImportOptions) => {
        process.exitCode = await importFolder(folder, options, context);
      });
  },
};

async function importFolder(folder: string, options: ImportOptions, { output }: CliContext): Promise<number> {
  const rightFrom = nonNegative('--right-from', options.rightFrom);
  const store = openStore(resolve(options.workspace));
  const signal = interruptSignal(() => output.write('\nStopping. The steps that were imported stay.\n'));
  try {
    const runId = freeRunId(store, options.name ?? basename(resolve(folder)));
    const { steps, rollouts, problems, skipped } = await importVerlDump(store, resolve(folder), {
      runId,
      rightFrom,
      onBrokenRow: options.skipBroken === true ? 'skip' : 'refuse',
      signal,
      ...(output.isTerminal ? { onProgress: (done: number, total: number) => output.write(`\r${done} of ${total} steps`) } : {}),
    });
    const left = skipped.length === 0 ? '' : ` ${skipped.length} broken rows were left out, the first at ${harmless(skipped[0]?.place ?? '')}.`;
    output.write(`${output.isTerminal ? '\r' : ''}Run ${runId}: ${rollouts} rollouts of ${problems} problems in ${steps} steps.${left}\n`);
    return exitCodes.done;
  } catch (error) {
    if (signal.aborted) return exitCodes.interrupted;
    throw error;
  } finally {
    store.close();
  }
}
