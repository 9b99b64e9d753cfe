/** `critique-grpo export`: a checkpoint as an ordinary Hugging Face folder. */
import { mkdir, readdir } from 'node:fs/promises';
import { resolve } from 'node:path';
import type { Command } from 'commander';
import { WorkbenchError } from '../../core/errors.ts';
import { EngineProcess } from '../../engine/local/client.ts';
import { copySideFiles } from '../../models/folder.ts';
import { resolveDemo } from '../../training/policy.ts';
import { exitCodes, type CliCommand, type CliContext } from '../command.ts';
import { findCheckpoint } from '../findCheckpoint.ts';
import { positiveInteger } from '../numberOptions.ts';

interface ExportOptions {
  readonly out: string;
  readonly workspace: string;
  readonly run?: string;
  readonly step?: string;
  readonly form?: string;
  readonly force?: boolean;
}

export const exportModel: CliCommand = {
  name: 'export',
  summary: 'Write a checkpoint as a Hugging Face folder, or as a PEFT adapter.',
  register(command: Command, context: CliContext): void {
    command
      .requiredOption('--out <folder>', 'where to write')
      .option('--run <id>', 'the newest run if left out')
      .option('--step <number>', 'the newest checkpoint if left out')
      .option('--form <form>', 'merged: complete weights; adapter: a LoRA run as PEFT writes it', 'merged')
      .option('--force', 'write into a folder that is not empty')
      .option('--workspace <folder>', 'where runs are kept, under .critique-grpo', '.')
      .addHelpText('after', '\nExample:\n  critique-grpo export --out my-model')
      .action(async (options: ExportOptions) => {
        process.exitCode = await exportCheckpoint(options, context);
      });
  },
};

async function exportCheckpoint(options: ExportOptions, { entries, demoFolder, output }: CliContext): Promise<number> {
  const form = options.form;
  if (form !== 'merged' && form !== 'adapter') {
    throw new WorkbenchError({ code: 'config.invalid', message: `--form is "${form}".`, remedy: 'Choose merged or adapter.' });
  }
  const checkpoint = await findCheckpoint(
    options.workspace,
    options.run,
    options.step === undefined ? undefined : positiveInteger('--step', options.step),
  );
  const out = resolve(options.out);
  await mkdir(out, { recursive: true });
  if (options.force !== true && (await readdir(out)).length > 0) {
    throw new WorkbenchError({
      code: 'export.notEmpty',
      message: `${out} is not empty.`,
      remedy: 'Give another --out, or --force to write into it.',
    });
  }
  const { model, training } = checkpoint.config;
  const engine = await EngineProcess.open({
    entry: entries.engine,
    model: resolveDemo(model.path, demoFolder),
    ...(model.lora === null ? {} : { lora: model.lora }),
    keepReference: false,
    threads: 1,
    maxPositions: 16,
    microBatchTokens: training.microBatchTokens,
    layerCheckpointing: false,
    maxRows: 1,
  });
  try {
    await engine.loadState(checkpoint.folder);
    await engine.exportWeights(out, form);
  } finally {
    await engine.dispose();
  }
  await copySideFiles(checkpoint.folder, out);
  const load =
    form === 'merged' ? `AutoModelForCausalLM.from_pretrained(${JSON.stringify(out)})` : `PeftModel.from_pretrained(base, ${JSON.stringify(out)})`;
  output.write(`Step ${checkpoint.step} of run ${checkpoint.runId} is in ${out}.\nIn Python: ${load}\n`);
  return exitCodes.done;
}
