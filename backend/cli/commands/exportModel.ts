/** `critique-grpo export`: a checkpoint as an ordinary Hugging Face folder. */
import { readdir, realpath, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { Option, type Command } from 'commander';
import { WorkbenchError } from '../../core/errors.ts';
import { snapshotAddress } from '../../hub/hubCache.ts';
import { adapterFile } from '../../models/adapterConfig.ts';
import type { StoredDType } from '../../models/floats.ts';
import { copySideFiles, readModelConfig, saveTensors, usualShardBytes, withStoredTensors, type SaveOptions } from '../../models/folder.ts';
import { adapterWeightsFile, mergeLora, readAdapter, saveAdapterFolder } from '../../models/lora.ts';
import { resolveDemo, resolveModel, type ModelSource, type SourceOptions } from '../../training/sources.ts';
import { exitCodes, type CliCommand, type CliContext } from '../command.ts';
import { exportRemote } from '../exportRemote.ts';
import { downloadLines } from '../downloadText.ts';
import { findCheckpoint, type FoundCheckpoint } from '../findCheckpoint.ts';
import { positive, wholeNumber } from '../numberOptions.ts';
import { checkOutputFolder, writeOutputFolder } from '../outputFolder.ts';

const dtypes = { f32: 'F32', bf16: 'BF16', f16: 'F16' } as const satisfies Record<string, StoredDType>;

interface ExportOptions {
  readonly out: string;
  readonly workspace: string;
  readonly run?: string;
  readonly step?: string;
  readonly form: 'merged' | 'adapter';
  readonly dtype: keyof typeof dtypes;
  readonly maxShardGb: string;
  readonly force?: boolean;
}

type Base = Omit<ModelSource, 'tokenizerFolder'>;

export const exportModel: CliCommand = {
  name: 'export',
  summary: 'Write a checkpoint as a Hugging Face folder, or as a PEFT adapter.',
  register(command: Command, context: CliContext): void {
    command
      .requiredOption('--out <folder>', 'where to write')
      .option('--run <id>', 'the newest run if left out')
      .option('--step <number>', 'the newest checkpoint if left out')
      .addOption(
        new Option('--form <form>', 'merged: complete weights; adapter: a LoRA run as PEFT writes it')
          .choices(['merged', 'adapter'])
          .default('merged'),
      )
      .addOption(new Option('--dtype <type>', 'how complete weights are stored').choices(Object.keys(dtypes)).default('f32'))
      .option('--max-shard-gb <number>', 'complete weights larger than this are written as several files', String(usualShardBytes / 1e9))
      .option('--force', 'write into a folder that is not empty, in place of a model there')
      .option('--workspace <folder>', 'where runs are kept, under .critique-grpo', '.')
      .addHelpText(
        'after',
        '\nExamples:\n  critique-grpo export --out my-model\n  critique-grpo export --run critique-grpo-seed0 --step 80 --dtype bf16 --out at-80',
      )
      .action(async (options: ExportOptions) => {
        process.exitCode = await exportCheckpoint(options, context);
      });
  },
};

async function exportCheckpoint(options: ExportOptions, { entries, demoFolder, output }: CliContext): Promise<number> {
  const out = await checkOutputFolder(options.out, options.force === true);
  const checkpoint = await findCheckpoint(
    options.workspace,
    options.run,
    options.step === undefined ? undefined : wholeNumber('--step', options.step),
  );
  const { form } = options;
  if (checkpoint.config.engine.tinker === null) await writeLocal(out, options, checkpoint, { demoFolder, output });
  else {
    await writeOutputFolder(out, async (target) => {
      await exportRemote({ target, checkpoint, form, entries, demoFolder });
      await copySideFiles(checkpoint.folder, target);
    });
  }
  output.write(`Step ${checkpoint.step} of run ${checkpoint.runId} is in ${out}.\n\nIn Python:\n${loadingLines(form, out)}\n`);
  return exitCodes.done;
}

async function writeLocal(
  out: string,
  options: ExportOptions,
  checkpoint: FoundCheckpoint,
  { demoFolder, output }: Pick<CliContext, 'demoFolder' | 'output'>,
): Promise<void> {
  const maxShardBytes = 1e9 * positive('--max-shard-gb', options.maxShardGb);
  const source = await sourceOf(checkpoint, { demoFolder, onProgress: downloadLines(output, () => performance.now()) });
  await requireOther(out, [source.folder, ...(source.adapter === null ? [] : [source.adapter]), checkpoint.folder]);
  await writeOutputFolder(out, async (target) => {
    if (options.form === 'adapter') await writeAdapter(target, checkpoint, source);
    else await writeMerged(target, checkpoint, source, { dtype: dtypes[options.dtype], maxShardBytes });
    await copySideFiles(checkpoint.folder, target);
  });
}

/** A checkpoint of all weights needs nothing of the model that the run began with; one of an adapter needs its base. */
async function sourceOf({ folder, runFolder, config }: FoundCheckpoint, options: SourceOptions): Promise<Base> {
  const isAdapter = (await readdir(folder)).includes(adapterFile);
  if (isAdapter) return resolveModel(config, { ...options, pinFolder: runFolder });
  return { folder: resolveDemo(config.model.path, options.demoFolder), adapter: null, config };
}

/** Tensor by tensor from file to file, so that a model of any size takes the memory of one tensor. */
async function writeMerged(target: string, { folder }: FoundCheckpoint, { folder: base, config }: Base, options: SaveOptions): Promise<void> {
  const { lora } = config.model;
  const model = await readModelConfig(lora === null ? folder : base);
  const adapter = lora === null ? undefined : await readAdapter(folder, model.config, lora);
  await withStoredTensors(model, (tensors) =>
    saveTensors(target, model, lora === null || adapter === undefined ? tensors : mergeLora(tensors, lora, adapter), options),
  );
  // Beside merged weights, an adapter of before would be applied to them.
  for (const name of [adapterFile, adapterWeightsFile]) await rm(join(target, name), { force: true });
}

async function writeAdapter(target: string, { runId, folder }: FoundCheckpoint, { folder: base, config }: Base): Promise<void> {
  const { lora } = config.model;
  if (lora === null) {
    throw new WorkbenchError({
      code: 'export.noAdapter',
      message: `Run ${runId} trained all weights, so it has no adapter.`,
      remedy: 'Export with --form merged.',
    });
  }
  const model = await readModelConfig(base);
  const published = snapshotAddress(base);
  const origin = published === null ? { base, revision: null } : { base: published.id, revision: published.revision };
  await saveAdapterFolder(target, model, lora, await readAdapter(folder, model.config, lora), origin);
}

/** An export with --force must not overwrite what it reads, on which the run depends. */
async function requireOther(out: string, sources: readonly string[]): Promise<void> {
  const real = (path: string): Promise<string> => realpath(path).catch(() => path);
  const target = await real(out);
  for (const source of sources) {
    if ((await real(source)) !== target) continue;
    throw new WorkbenchError({ code: 'export.ontoSource', message: `${out} is what the run reads from.`, remedy: 'Give another --out.' });
  }
}

function loadingLines(form: 'merged' | 'adapter', out: string): string {
  const path = JSON.stringify(out);
  const model = form === 'merged' ? 'AutoModelForCausalLM' : 'AutoPeftModelForCausalLM';
  return [
    ...(form === 'merged' ? [] : ['  from peft import AutoPeftModelForCausalLM']),
    `  from transformers import ${form === 'merged' ? 'AutoModelForCausalLM, ' : ''}AutoTokenizer`,
    `  model = ${model}.from_pretrained(${path})`,
    `  tokenizer = AutoTokenizer.from_pretrained(${path})`,
  ].join('\n');
}
