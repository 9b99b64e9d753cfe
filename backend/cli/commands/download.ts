/** `critique-grpo download`: a model or a data file of a hub, into the cache that the Python tools share. */
import type { Command } from 'commander';
import { downloadFile, downloadModel } from '../../hub/download.ts';
import { isHubAddress, parseHubAddress, type HubAddress } from '../../hub/hubAddress.ts';
import { exitCodes, type CliCommand, type CliContext } from '../command.ts';
import { downloadLines } from '../downloadText.ts';
import { interruptSignal } from '../session.ts';
import { harmless } from '../terminalText.ts';

interface DownloadCommandOptions {
  readonly revision?: string;
  readonly configOnly?: boolean;
}

export const download: CliCommand = {
  name: 'download',
  summary: 'Bring a model or a data file from the hub into the cache.',
  register(command: Command, context: CliContext): void {
    command
      .argument('<id>', 'owner/name of a model, or hf://datasets/owner/name/path/to/file')
      .option('--revision <name>', 'branch, tag or commit; the main branch if left out')
      .option('--config-only', 'everything but the weights')
      .addHelpText(
        'after',
        [
          '\nOnly configuration, tokenizer and safetensors are downloaded. What was interrupted goes on where it ended.',
          'HF_HOME and HF_HUB_CACHE choose the folder, HF_ENDPOINT the server, HF_TOKEN who asks; HF_HUB_OFFLINE=1 asks nobody.',
          '\nExamples:\n  critique-grpo download Qwen/Qwen2.5-0.5B-Instruct\n  critique-grpo download hf://datasets/owner/name/data/train.parquet',
        ].join('\n'),
      )
      .action(async (id: string, options: DownloadCommandOptions) => {
        process.exitCode = await bring(id, options, context);
      });
  },
};

async function bring(id: string, { revision, configOnly }: DownloadCommandOptions, { output }: CliContext): Promise<number> {
  const named = parseHubAddress(isHubAddress(id) ? id : `hf://${id}`);
  const address: HubAddress = revision === undefined ? named : { ...named, revision };
  const signal = interruptSignal(() => output.write('\nStopping; what came so far is kept.\n'));
  const options = { signal, onProgress: downloadLines(output, () => performance.now()) };
  try {
    if (address.path !== null || address.kind === 'dataset') {
      output.write(`${harmless(await downloadFile(address, options))}\n`);
      return exitCodes.done;
    }
    const { folder, commit, isFromCache } = await downloadModel(address, configOnly === true ? 'description' : 'all', options);
    output.write(
      `${isFromCache ? `Commit ${commit.slice(0, 8)} was there already` : `Commit ${commit.slice(0, 8)} is there`}:\n${harmless(folder)}\n`,
    );
    return exitCodes.done;
  } catch (error) {
    if (signal.aborted) return exitCodes.interrupted;
    throw error;
  }
}
