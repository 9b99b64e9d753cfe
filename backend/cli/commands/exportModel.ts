/** `critique-grpo export`: a checkpoint as an ordinary Hugging Face folder. */
import { realpath, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { Option, type Command } from 'commander';
import { WorkbenchError } from '../../core/errors.ts';
import type { StoredDType } from '../../models/floats.ts';
import { copySideFiles, loadParameters, readModelConfig, saveModelFolder } from '../../models/folder.ts';
import { adapterSpecs, loadAdapter, mergeLora, saveAdapterFolder } from '../../models/lora.ts';
import { parameterSpecs } from '../../models/parameters.ts';
import { sizeOf } from '../../graph/ir.ts';
import { resolveDemo } from '../../training/policy.ts';
import { exitCodes, type CliCommand, type CliContext } from '../command.ts';
import { findCheckpoint, type FoundCheckpoint } from '../findCheckpoint.ts';
import { wholeNumber } from '../numberOptions.ts';
import { checkOutputFolder, writeOutputFolder } from '../outputFolder.ts';

const dtypes = { f32: 'F32', bf16: 'BF16', f16: 'F16' } as const satisfies Record<string, StoredDType>;

interface ExportOptions {
  readonly out: string;
  readonly workspace: string;
  readonly run?: string;
  readonly step?: string;
  readonly form: 'merged' | 'adapter';
  readonly dtype: keyof typeof dtypes;
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
      .addOption(
        new Option('--form <form>', 'merged: complete weights; adapter: a LoRA run as PEFT writes it')
          .choices(['merged', 'adapter'])
          .default('merged'),
      )
      .addOption(new Option('--dtype <type>', 'how complete weights are stored').choices(Object.keys(dtypes)).default('f32'))
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

async function exportCheckpoint(options: ExportOptions, { demoFolder, output }: CliContext): Promise<number> {
  const out = await checkOutputFolder(options.out, options.force === true);
  const checkpoint = await findCheckpoint(
    options.workspace,
    options.run,
    options.step === undefined ? undefined : wholeNumber('--step', options.step),
  );
  const base = resolveDemo(checkpoint.config.model.path, demoFolder);
  await requireOther(out, [base, checkpoint.folder]);
  await writeOutputFolder(out, async (target) => {
    if (options.form === 'adapter') await writeAdapter(target, checkpoint, base);
    else await writeMerged(target, checkpoint, base, dtypes[options.dtype]);
    await copySideFiles(checkpoint.folder, target);
  });
  output.write(`Step ${checkpoint.step} of run ${checkpoint.runId} is in ${out}.\n\nIn Python:\n${loadingLines(options.form, out)}\n`);
  return exitCodes.done;
}

async function writeMerged(target: string, { folder, config }: FoundCheckpoint, base: string, dtype: StoredDType): Promise<void> {
  const { lora } = config.model;
  const model = await readModelConfig(lora === null ? folder : base);
  const parameters = await loadParameters(model, parameterSpecs(model.config));
  if (lora !== null) {
    const adapter = new Map(adapterSpecs(model.config, lora).map(({ name, shape }) => [name, new Float32Array(sizeOf(shape))]));
    await loadAdapter(folder, model.config, lora, adapter);
    await saveModelFolder(target, model, mergeLora(model.config, lora, new Map([...parameters, ...adapter])), { dtype });
  } else await saveModelFolder(target, model, parameters, { dtype });
  // Beside merged weights, an adapter of before would be applied to them.
  for (const name of ['adapter_config.json', 'adapter_model.safetensors']) await rm(join(target, name), { force: true });
}

async function writeAdapter(target: string, { runId, folder, config }: FoundCheckpoint, base: string): Promise<void> {
  const { lora } = config.model;
  if (lora === null) {
    throw new WorkbenchError({
      code: 'export.noAdapter',
      message: `Run ${runId} trained all weights, so it has no adapter.`,
      remedy: 'Export with --form merged.',
    });
  }
  const model = await readModelConfig(base);
  const adapter = new Map(adapterSpecs(model.config, lora).map(({ name, shape }) => [name, new Float32Array(sizeOf(shape))]));
  await loadAdapter(folder, model.config, lora, adapter);
  await saveAdapterFolder(target, model, lora, adapter);
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
