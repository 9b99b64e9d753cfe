/** Folders with the structure of published models, made by transformers: read, run, trained, exported and read again, against its numbers. */
import { readdirSync, readFileSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import type { Engine, ForwardSequence, TrainSequence } from '../../../backend/engine/contract.ts';
import { loadParameters, readModelConfig, saveModelFolder } from '../../../backend/models/folder.ts';
import { parameterSpecs } from '../../../backend/models/parameters.ts';
import type { Message } from '../../../backend/protocol/records.ts';
import { runConfigSchema, type RunConfig } from '../../../backend/protocol/runConfig.ts';
import { loadTokenizer } from '../../../backend/text/tokenizer.ts';
import { resolveModel } from '../../../backend/training/sources.ts';
import { engineOptions, goldenLoss, largestDifference, withEngine, withFolder } from './goldenEngines.ts';

interface Statistics {
  readonly logprobs: readonly number[];
  readonly entropies: readonly number[];
}

interface PublishedSequence extends Statistics {
  readonly conversation: readonly Message[];
  readonly text: string;
  readonly promptLength: number;
  readonly tokens: readonly number[];
  readonly targets: readonly number[];
  readonly weights: readonly number[];
  readonly after: Statistics;
}

interface Published {
  readonly step: { learningRate: number; beta1: number; beta2: number; epsilon: number; weightDecay: number };
  readonly tokenizerSize: number;
  readonly endTokens: readonly number[];
  readonly encoded: readonly { readonly text: string; readonly tokens: readonly number[] }[];
  readonly sequences: readonly PublishedSequence[];
}

/** Of logprobs around −6: float32 against float64. */
const tolerance = 1e-4;

const root = fileURLToPath(new URL('../../golden/published', import.meta.url));
const names = readdirSync(root).filter((name) => readdirSync(join(root, name)).includes('config.json'));
const adapterFolder = join(root, 'qwen2.5-0.5b-lora');

function golden(name: string): Published {
  return JSON.parse(readFileSync(join(root, name, 'golden.json'), 'utf8')) as Published;
}

function forwardSequences(sequences: readonly Pick<PublishedSequence, 'tokens' | 'targets'>[]): ForwardSequence[] {
  return sequences.map(({ tokens, targets }) => ({ tokens: Int32Array.from(tokens), targets: Int32Array.from(targets) }));
}

async function expectStatistics(
  engine: Engine,
  sequences: readonly Pick<PublishedSequence, 'tokens' | 'targets'>[],
  expected: readonly Statistics[],
) {
  const { logprobs, entropies } = await engine.forward(forwardSequences(sequences));
  expected.forEach((statistics, i) => {
    expect(largestDifference(logprobs[i] as Float32Array, statistics.logprobs)).toBeLessThan(tolerance);
    expect(largestDifference(entropies[i] as Float32Array, statistics.entropies)).toBeLessThan(tolerance);
  });
  return logprobs;
}

const options = { maxPositions: 512, microBatchTokens: 2048 };

describe.each(names)('%s', (name) => {
  const folder = join(root, name);
  const published = golden(name);

  it('is understood as text: tokens, chat template and ends', async () => {
    const tokenizer = await loadTokenizer(folder);
    expect(tokenizer.vocabularySize).toBe(published.tokenizerSize);
    expect(tokenizer.stopTokens).toEqual(published.endTokens);
    for (const { text, tokens } of published.encoded) {
      expect(tokenizer.encode(text)).toEqual(tokens);
      expect(tokenizer.decode(tokens)).toBe(text.normalize('NFC'));
    }
    for (const { conversation, text, tokens, promptLength } of published.sequences) {
      expect(tokenizer.applyChatTemplate(conversation, { addGenerationPrompt: true })).toBe(text);
      expect(tokenizer.encodeConversation(conversation, 'answer')).toEqual(tokens.slice(0, promptLength));
    }
  });

  it('is trained by one step as PyTorch trains it, exported in shards and read again to the identical numbers', () =>
    withEngine(engineOptions(folder, options), (engine) =>
      withFolder(async (exported) => {
        const { sequences, step } = published;
        await expectStatistics(engine, sequences, sequences);
        const trained: TrainSequence[] = forwardSequences(sequences).map((sequence, i) => ({
          ...sequence,
          inputs: { weight: Float32Array.from(sequences[i]?.weights ?? []), entropyWeight: new Float32Array(sequence.targets.length) },
        }));
        await engine.forwardBackward(trained, goldenLoss(false));
        await engine.optimStep({ ...step, gradientClip: null });
        const after = await expectStatistics(
          engine,
          sequences,
          sequences.map((sequence) => sequence.after),
        );
        await engine.exportWeights(exported, 'merged');
        const model = await readModelConfig(exported);
        await saveModelFolder(exported, model, await loadParameters(model, parameterSpecs(model.config)), { maxShardBytes: 60_000 });
        expect((await readdir(exported)).filter((file) => file.endsWith('.safetensors')).length).toBeGreaterThan(2);
        await withEngine(engineOptions(exported, options), async (again) =>
          expect((await again.forward(forwardSequences(sequences))).logprobs).toEqual(after),
        );
      }),
    ));
});

describe("PEFT's rank-stabilized adapter", () => {
  const { sequences } = JSON.parse(readFileSync(join(adapterFolder, 'golden.json'), 'utf8')) as Pick<Published, 'sequences'>;

  function configFor(path: string, lora: unknown = null): RunConfig {
    return runConfigSchema.parse({ model: { path, lora }, data: { train: 'train.jsonl' } });
  }

  async function sourceOptions(path: string) {
    const { folder, adapter, config } = await resolveModel(configFor(path), { demoFolder: root });
    const { lora } = config.model;
    if (adapter === null || lora === null) throw new Error(`${path} is taken for a whole model`);
    return engineOptions(folder, { ...options, lora, adapter });
  }

  it('is gone on with, and gives the same numbers merged, exported and read again', async () => {
    const source = await sourceOptions(adapterFolder);
    expect(source.model).toBe(join(root, 'qwen2.5-0.5b'));
    expect(source.lora).toMatchObject({ rank: 4, alpha: 16, targets: ['down_proj', 'up_proj', 'q_proj', 'v_proj'] });
    await withEngine(source, (engine) =>
      withFolder(async (folder) => {
        const own = await expectStatistics(engine, sequences, sequences);
        await engine.exportWeights(folder, 'adapter');
        await withEngine(await sourceOptions(folder), async (again) => expect(await expectStatistics(again, sequences, sequences)).toEqual(own));
        await withFolder(async (merged) => {
          await engine.exportWeights(merged, 'merged');
          await withEngine(engineOptions(merged, options), (again) => expectStatistics(again, sequences, sequences));
        });
      }),
    );
  });

  it('is refused where the run asks for another form', async () => {
    const lora = { rank: 8, alpha: 16, targets: ['q_proj'] };
    await expect(resolveModel(configFor(adapterFolder, lora), { demoFolder: root })).rejects.toMatchObject({
      code: 'adapter.otherForm',
      message: expect.stringMatching(/asks for an adapter of rank 8, alpha 16 on q_proj; the one in .*-lora has rank 4/) as string,
    });
    const same = { rank: 4, alpha: 16, targets: ['v_proj', 'q_proj', 'down_proj', 'up_proj'] };
    expect((await resolveModel(configFor(adapterFolder, same), { demoFolder: root })).adapter).toBe(adapterFolder);
  });
});
