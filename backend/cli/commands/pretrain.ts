/** `critique-grpo pretrain`: rebuilds the demonstration's base model from random weights. */
import { join } from 'node:path';
import type { Command } from 'commander';
import { Rng } from '../../core/rng.ts';
import { WorkbenchError } from '../../core/errors.ts';
import { defaultDocumentOptions, pretrainingDocument } from '../../data/demo/documents.ts';
import { rememberPieces, tokenizeDocument } from '../../data/demo/documentTokens.ts';
import { demoQuestions, demoSeed } from '../../data/demo/sets.ts';
import { EngineProcess } from '../../engine/local/client.ts';
import { copySideFiles } from '../../models/folder.ts';
import { loadTokenizer } from '../../text/tokenizer.ts';
import { pretrain as pretrainModel, type PretrainProgress } from '../../training/pretrain.ts';
import { exitCodes, type CliCommand, type CliContext } from '../command.ts';
import { positiveInteger, wholeNumber } from '../numberOptions.ts';
import { checkOutputFolder, writeOutputFolder } from '../outputFolder.ts';
import { interruptSignal } from '../session.ts';
import { clock } from '../terminalText.ts';

interface PretrainOptions {
  readonly preset: string;
  readonly out: string;
  readonly seed: string;
  readonly updates: string;
  readonly documents: string;
  readonly threads: string;
  readonly force?: boolean;
}

const updatesPerLine = 100;

const optimizer = {
  learningRate: 2e-3,
  schedule: 'linear',
  warmupSteps: 100,
  beta1: 0.9,
  beta2: 0.98,
  epsilon: 1e-8,
  weightDecay: 0.01,
  gradientClip: 1,
} as const;

export const pretrain: CliCommand = {
  name: 'pretrain',
  summary: "Rebuild the demonstration's base model from random weights.",
  register(command: Command, context: CliContext): void {
    command
      .requiredOption('--out <folder>', 'where the model goes, as a Hugging Face folder')
      .option('--preset <name>', 'demo is the only one', 'demo')
      .option('--seed <number>', 'seed of weights and documents', '0')
      .option('--updates <number>', 'optimizer updates', '4200')
      .option('--documents <number>', 'documents an update', '32')
      .option('--threads <number>', "processor threads; the bundled weights' last bits depend on it", '2')
      .option('--force', 'write into a folder that is not empty')
      .addHelpText('after', '\nExample:\n  critique-grpo pretrain --preset demo --out base-model')
      .action(async (options: PretrainOptions) => {
        process.exitCode = await pretrainDemo(options, context);
      });
  },
};

async function pretrainDemo(options: PretrainOptions, { entries, demoFolder, output }: CliContext): Promise<number> {
  if (options.preset !== 'demo') {
    throw new WorkbenchError({
      code: 'config.unknownPreset',
      message: `There are no pretraining documents for "${options.preset}".`,
      remedy: 'Use --preset demo.',
    });
  }
  const seed = wholeNumber('--seed', options.seed);
  const updates = positiveInteger('--updates', options.updates);
  const documentsPerUpdate = positiveInteger('--documents', options.documents);
  const model = join(demoFolder, 'model');
  const out = await checkOutputFolder(options.out, options.force === true);
  const tokenizer = await loadTokenizer(model);
  const signal = interruptSignal(() => output.write('\nStopping without a model.\n'));
  const engine = await EngineProcess.open({
    entry: entries.engine,
    model,
    initialSeed: seed + 1,
    keepReference: false,
    threads: positiveInteger('--threads', options.threads),
    maxPositions: 512,
    microBatchTokens: 2048,
    layerCheckpointing: false,
    maxRows: 64,
  });
  try {
    const rng = Rng.of(seed, 'documents');
    const encode = rememberPieces((text) => tokenizer.encode(text));
    const documents = { ...defaultDocumentOptions, excludedQuestions: demoQuestions(demoSeed) };
    const start = performance.now();
    const recent: number[] = [];
    const show = ({ update, loss, tokens }: PretrainProgress): void => {
      recent.push(loss);
      if (update % updatesPerLine !== 0 && update !== updates) return;
      const seconds = (performance.now() - start) / 1000;
      const mean = recent.reduce((a, b) => a + b, 0) / recent.length;
      recent.length = 0;
      const rate = Math.round(tokens / seconds).toLocaleString('en-US');
      output.write(
        `update ${update}/${updates}  loss ${mean.toFixed(4)}  ${tokens.toLocaleString('en-US')} tokens, ${rate}/s  ${clock((seconds / update) * (updates - update))} left\n`,
      );
    };
    await pretrainModel({
      engine,
      nextDocument: () => tokenizeDocument(pretrainingDocument(rng, documents), encode),
      updates,
      documentsPerUpdate,
      optimizer,
      signal,
      onUpdate: show,
    });
    await writeOutputFolder(out, async (target) => {
      await engine.exportWeights(target, 'merged');
      await copySideFiles(model, target);
    });
    output.write(`Kept in ${out}. Measure it with: npx critique-grpo eval --preset demo --model ${out}\n`);
    return exitCodes.done;
  } catch (error) {
    if (signal.aborted) return exitCodes.interrupted;
    throw error;
  } finally {
    await engine.dispose();
  }
}
