/** Numbers that are not finite, inputs that cannot be served, and what the engine is like afterwards. */
import { cp } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { LossProgram, OptimStepRequest } from '../../../backend/engine/contract.ts';
import { GraphBuilder } from '../../../backend/graph/builder.ts';
import { SafetensorsFile, writeSafetensors } from '../../../backend/models/safetensors.ts';
import { engineOptions, goldenLoss, modelFolder, readGolden, trainSequences, withEngine, withFolder } from './goldenEngines.ts';

const sequences = trainSequences(readGolden('qwen2-tied'));
const update: OptimStepRequest = { learningRate: 1e-2, beta1: 0.9, beta2: 0.99, epsilon: 1e-8, weightDecay: 0, gradientClip: null };
const sampling = { prompts: [[1, 2, 3]], seeds: [[1]], maxTokens: 4, temperature: 1, topK: 0, topP: 1, stopTokens: [] };

/** A copy of qwen2-tied with one element of a tensor replaced. */
async function poison(folder: string, tensor: string, value: number): Promise<void> {
  await cp(modelFolder('qwen2-tied'), folder, { recursive: true });
  const file = await SafetensorsFile.open(join(folder, 'model.safetensors'));
  const tensors = [];
  for (const { name, shape } of file.tensors.values()) tensors.push({ name, shape, values: await file.read(name) });
  await file.close();
  const poisoned = tensors.find(({ name }) => name === tensor);
  if (poisoned === undefined) throw new Error(`no tensor ${tensor}`);
  poisoned.values[3] = value;
  await writeSafetensors(join(folder, 'model.safetensors'), tensors, 'F32');
}

describe('a value that is not finite', () => {
  it.each([
    { tensor: 'model.layers.1.mlp.down_proj.weight', value: NaN, says: /the input layers\.1\.down\.weight/ },
    { tensor: 'model.layers.0.input_layernorm.weight', value: 3e38, says: /op \w+ next to .*layers\.0/ },
  ])('is reported with its place: $tensor = $value', ({ tensor, value, says }) =>
    withFolder(async (folder) => {
      await poison(folder, tensor, value);
      await withEngine(engineOptions(folder), async (engine) => {
        await expect(engine.forwardBackward(sequences, goldenLoss(false))).rejects.toMatchObject({
          code: 'engine.notFinite',
          message: expect.stringMatching(says) as string,
        });
        // The bad gradient is gone with it.
        expect((await engine.optimStep(update)).gradientNorm).toBe(0);
        await expect(engine.forward(sequences)).rejects.toMatchObject({ code: 'engine.notFinite' });
      });
    }),
  );

  it.each([{}, { temperature: 0 }, { topK: 3 }])('ends sampling instead of becoming tokens: $temperature $topK', (changes) =>
    withFolder(async (folder) => {
      await poison(folder, 'model.norm.weight', NaN);
      await withEngine(engineOptions(folder), (engine) =>
        expect(engine.sample({ ...sampling, ...changes })).rejects.toMatchObject({ code: 'engine.notFinite' }),
      );
    }),
  );

  /** A loss of 0 whose gradient overflows. */
  function overflowing(): LossProgram {
    const g = new GraphBuilder();
    const [weight, logprobs] = ['weight', 'logprobs'].map((name) => g.input(name, 'f32', [1])) as [
      ReturnType<typeof g.input>,
      ReturnType<typeof g.input>,
    ];
    return g.finish({ loss: g.sum(g.mul(g.mul(weight, 1e38), g.sub(logprobs, g.stopGradient(logprobs)))) });
  }

  it('in a gradient changes no weight', () =>
    withEngine(engineOptions('qwen2-tied'), async (engine) => {
      const before = await engine.forward(sequences);
      const heavy = sequences.map((sequence) => ({ ...sequence, inputs: { weight: Float32Array.from(sequence.targets, () => 3) } }));
      const { loss } = await engine.forwardBackward(heavy, overflowing());
      expect(loss).toBe(0);
      await expect(engine.optimStep(update)).rejects.toMatchObject({
        code: 'engine.notFinite',
        message: expect.stringContaining('The gradient of ') as string,
      });
      expect(await engine.forward(sequences)).toEqual(before);
      expect((await engine.describe()).policyVersion).toBe(0);
      await engine.forwardBackward(sequences, goldenLoss(false));
      expect((await engine.optimStep(update)).policyVersion).toBe(1);
    }));
});

describe('what cannot be served is refused before it runs', () => {
  it.each([
    { prompts: [[1, 48]], code: 'token.outOfVocabulary', says: /Token 1 of prompt 0 is 48; the model's vocabulary has 48/ },
    { prompts: [[1], [-1]], code: 'token.outOfVocabulary', says: /prompt 1 is -1/ },
    { prompts: [[1.5]], code: 'token.outOfVocabulary', says: /1\.5/ },
    { prompts: [[NaN]], code: 'token.outOfVocabulary', says: /NaN/ },
    { prompts: [[1], []], code: 'prompt.length', says: /Prompt 1 has 0 tokens/ },
    { prompts: [Array.from({ length: 128 }, () => 1)], code: 'prompt.length', says: /128 tokens; the model has 128 positions/ },
  ])('$code $says', ({ prompts, code, says }) =>
    withEngine(engineOptions('qwen2-tied'), async (engine) => {
      await expect(engine.sample({ ...sampling, prompts, seeds: prompts.map(() => [1]) })).rejects.toMatchObject({
        code,
        message: expect.stringMatching(says) as string,
      });
      expect((await engine.sample(sampling)).tokensSampled).toBe(4);
    }),
  );

  it('tokens and lengths of sequences', () =>
    withEngine(engineOptions('qwen2-tied'), async (engine) => {
      const asked = (tokens: readonly number[], targets: readonly number[]) => [
        { tokens: Int32Array.from(tokens), targets: Int32Array.from(targets) },
      ];
      await expect(engine.forward(asked([1, 99], [1]))).rejects.toMatchObject({ code: 'token.outOfVocabulary' });
      await expect(
        engine.forward(
          asked(
            Array.from({ length: 130 }, () => 1),
            [1],
          ),
        ),
      ).rejects.toMatchObject({ code: 'sequence.length' });
      for (const targets of [[0], [2], [1, 1]]) await expect(engine.forward(asked([1, 2], targets))).rejects.toThrow(/target/);
      await expect(
        engine.forwardBackward([{ ...asked([1, 2], [1])[0]!, inputs: { weight: new Float32Array(2) } }], goldenLoss(false)),
      ).rejects.toThrow(/weight/);
      await expect(engine.forwardBackward([{ ...asked([1, 2], [1])[0]!, inputs: {} }], goldenLoss(false))).rejects.toThrow(/weight/);
      expect(
        (
          await engine.forward(
            asked(
              Array.from({ length: 129 }, () => 1),
              [128],
            ),
          )
        ).logprobs[0],
      ).toHaveLength(1);
    }));

  it('models that are not there', async () => {
    await expect(withEngine(engineOptions('/nowhere/model'), async () => undefined)).rejects.toMatchObject({ code: 'model.notFound' });
  });

  it('an adapter of a run that has none', () =>
    withEngine(engineOptions('qwen2-tied'), (engine) =>
      withFolder((folder) => expect(engine.exportWeights(folder, 'adapter')).rejects.toMatchObject({ code: 'export.noAdapter' })),
    ));
});

describe('what does not fit into memory is refused before it is tried', () => {
  const says = (text: RegExp) => ({ code: 'engine.outOfMemory', message: expect.stringMatching(text) as string });

  it('a model', async () => {
    const opened = withEngine(engineOptions('qwen2-tied', { memoryBytes: 90e6 }), async () => undefined);
    await expect(opened).rejects.toMatchObject(says(/The model in .*qwen2-tied needs about 1\d\d MB, .* 90 MB are there\. Train an adapter/));
  });

  it('a micro-batch, and a smaller one is served', () =>
    withEngine(engineOptions('qwen2-tied', { memoryBytes: 112e6, microBatchTokens: 16_384 }), async (engine) => {
      const many = Array.from({ length: 512 }, () => sequences).flat();
      await expect(engine.forwardBackward(many, goldenLoss(false))).rejects.toMatchObject(
        says(/Training on \d+ × 32 tokens needs about .* Lower training\.microBatchTokens/),
      );
      await engine.forwardBackward(sequences, goldenLoss(false));
      expect((await engine.optimStep(update)).policyVersion).toBe(1);
    }));

  it('the cache of a long sampling', () =>
    withEngine(engineOptions('qwen2-tied', { memoryBytes: 110e6, maxRows: 256 }), async (engine) => {
      const long = { ...sampling, seeds: [Array.from({ length: 256 }, (_, i) => i)], maxTokens: 120 };
      await expect(engine.sample(long)).rejects.toMatchObject(
        says(/(Sampling 256 sequences of up to|Decoding 256 rows of) \d+ tokens .* Lower sampling\.maxTokens/),
      );
      expect((await engine.sample(sampling)).tokensSampled).toBe(4);
    }));

  it('unless it is told to try', () =>
    withEngine(engineOptions('qwen2-tied', { memoryBytes: Infinity }), async (engine) =>
      expect((await engine.sample(sampling)).tokensSampled).toBe(4),
    ));
});
