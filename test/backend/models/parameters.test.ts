/** The map between stored parameters and Hugging Face tensors: nothing twice, nothing left out, whatever the configuration. */
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { sizeOf } from '../../../backend/graph/ir.ts';
import type { ModelConfig } from '../../../backend/models/config.ts';
import { namedTensors, readModelConfig } from '../../../backend/models/folder.ts';
import { loraTargets, parameterSpecs, type LoraSpec, type ParameterSpec } from '../../../backend/models/parameters.ts';
import { openWeights } from '../../../backend/models/weightFiles.ts';
import { goldenFolder, goldenNames } from './folders.ts';

const size = fc.integer({ min: 1, max: 5 });
const config: fc.Arbitrary<ModelConfig> = fc
  .record({
    vocabularySize: size,
    hiddenSize: size,
    nLayers: size,
    nKvHeads: size,
    perKvHead: fc.integer({ min: 1, max: 3 }),
    headDim: size.map((half) => 2 * half),
    intermediateSize: size,
    tiedEmbeddings: fc.boolean(),
    qkvBias: fc.boolean(),
    outputBias: fc.boolean(),
    mlpBias: fc.boolean(),
    qkNorm: fc.boolean(),
  })
  .map(({ perKvHead, ...sizes }) => ({
    ...sizes,
    modelType: 'llama',
    nHeads: sizes.nKvHeads * perKvHead,
    rmsNormEpsilon: 1e-6,
    rope: { theta: 10_000, scaling: null },
    maxPositions: 16,
  }));
const lora: fc.Arbitrary<LoraSpec> = fc.record({ rank: size, alpha: size, targets: fc.subarray([...loraTargets], { minLength: 1 }) });

function partNames(specs: readonly ParameterSpec[]): string[] {
  return specs.flatMap(({ parts }) => parts.map(({ name }) => name));
}

it.each(goldenNames)('%s: every tensor of the weight files is a part once', async (name) => {
  const weights = await openWeights(goldenFolder(name));
  const stored = [...weights.where.keys()].sort();
  await weights.close();
  const { config: read } = await readModelConfig(goldenFolder(name));
  expect(partNames(parameterSpecs(read)).sort()).toEqual(stored);
});

describe('of any configuration', () => {
  const any = fc.tuple(config, fc.option(lora, { nil: undefined })).map(([model, adapter]) => parameterSpecs(model, adapter));

  it('the parts of a parameter are its rows, one after the other', () => {
    fc.assert(
      fc.property(any, (specs) => {
        for (const { shape, parts } of specs) {
          let row = 0;
          for (const part of parts) {
            expect(part.rows).toEqual([row, row + (part.shape[0] as number)]);
            expect(part.shape.slice(1)).toEqual(shape.slice(1));
            row = part.rows[1];
          }
          expect(row).toBe(shape[0]);
        }
      }),
    );
  });

  it('no parameter and no tensor is there twice', () => {
    fc.assert(
      fc.property(any, (specs) => {
        for (const names of [specs.map(({ name }) => name), partNames(specs)]) expect(new Set(names).size).toBe(names.length);
      }),
    );
  });

  it('every stored value belongs to one tensor', () => {
    fc.assert(
      fc.property(any, (specs) => {
        const parameters = new Map(specs.map(({ name, shape }) => [name, new Float32Array(sizeOf(shape))]));
        for (const { values } of namedTensors(specs, parameters)) values.forEach((value, i) => (values[i] = value + 1));
        for (const values of parameters.values()) expect(values.every((value) => value === 1)).toBe(true);
      }),
    );
  });

  it('matrices decay and vectors do not; with an adapter it alone trains', () => {
    fc.assert(
      fc.property(config, lora, (model, adapter) => {
        for (const { shape, decays, trainable } of parameterSpecs(model)) expect([decays, trainable]).toEqual([shape.length === 2, true]);
        const adapted = parameterSpecs(model, adapter);
        expect(adapted.filter(({ trainable }) => !trainable).map(({ name }) => name)).toEqual(parameterSpecs(model).map(({ name }) => name));
        expect(adapted.filter(({ trainable }) => trainable)).toHaveLength(2 * model.nLayers * adapter.targets.length);
      }),
    );
  });
});

it('without values for a parameter there are no tensors to write', () => {
  const [model] = fc.sample(config, { numRuns: 1, seed: 1 }) as [ModelConfig];
  expect(() => namedTensors(parameterSpecs(model), new Map())).toThrow('no values for parameter embedding');
});
