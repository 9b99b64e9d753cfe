/** `critique-grpo export-metrics`: the numbers of runs for TensorBoard, Weights & Biases, MLflow and others. */
import { resolve } from 'node:path';
import { Option, type Command } from 'commander';
import { metricsFormats, type MetricsFormatName } from '../../exchange/metricsFormats.ts';
import type { RunView } from '../../protocol/views.ts';
import { openStore } from '../../store/openStore.ts';
import type { VerdictChoice } from '../../store/standingVerdicts.ts';
import type { StoreReader } from '../../store/storeReader.ts';
import { exitCodes, type CliCommand, type CliContext } from '../command.ts';
import { findRuns, unusableRuns } from '../findRun.ts';
import { verdictsOption } from '../verdictsOption.ts';
import { checkOutputFolder, writeOutputFolder } from '../outputFolder.ts';

interface ExportMetricsOptions {
  readonly out: string;
  readonly as: MetricsFormatName;
  readonly all?: boolean;
  readonly verdicts: VerdictChoice;
  readonly force?: boolean;
  readonly workspace: string;
}

const formats = Object.entries(metricsFormats).map(([name, { summary }]) => `  ${name.padEnd(12)} ${summary}`);

const metricsRule = `Verdicts: where a verdict was settled or rescored since, a step's rewards, pass rate, kinds of groups and right refinements are counted again, and
train/verdictsChanged says in how many answers. Losses, gradients and evaluations stay as they were measured.`;

export const exportMetrics: CliCommand = {
  name: 'export-metrics',
  summary: 'Write the numbers of runs for TensorBoard, Weights & Biases, MLflow, Trackio or as tables.',
  register(command: Command, context: CliContext): void {
    command
      .argument('[run...]', 'ids of runs; the newest run if left out')
      .requiredOption('--out <folder>', 'where to write')
      .addOption(new Option('--as <format>', 'see below').choices(Object.keys(metricsFormats)).default('tensorboard'))
      .option('--all', 'every run of the workspace')
      .addOption(verdictsOption())
      .option('--force', 'write into a folder that is not empty')
      .option('--workspace <folder>', 'where runs are kept, under .critique-grpo', '.')
      .addHelpText(
        'after',
        `\nFormats:\n${formats.join('\n')}\n\n${metricsRule}\n\nExample:\n  critique-grpo export-metrics --all --as tensorboard --out tensorboard`,
      )
      .action(async (runs: readonly string[], options: ExportMetricsOptions) => {
        process.exitCode = await writeMetrics(runs, options, context);
      });
  },
};

async function writeMetrics(ids: readonly string[], options: ExportMetricsOptions, { output }: CliContext): Promise<number> {
  const out = await checkOutputFolder(options.out, options.force === true);
  const store = openStore(resolve(options.workspace), { readOnly: true });
  try {
    const runs = options.all === true ? allRuns(store) : findRuns(store, ids);
    const unusable = unusableRuns(store);
    let hint: (folder: string) => string = () => '';
    await writeOutputFolder(out, async (folder) => {
      hint = await metricsFormats[options.as].write({ store, runs, verdicts: options.verdicts, folder });
    });
    output.write(
      `The numbers of ${runs.length === 1 ? `run ${runs[0]?.id}` : `${runs.length} runs`} are in ${out}. To look at them:\n  ${hint(out)}\n`,
    );
    if (options.all === true && unusable !== '') output.write(`${unusable}\n`);
  } finally {
    store.close();
  }
  return exitCodes.done;
}

/** Throws `run.notFound` where there is none. */
function allRuns(store: StoreReader): readonly RunView[] {
  const runs = store.runs();
  return runs.length === 0 ? findRuns(store, []) : runs;
}
