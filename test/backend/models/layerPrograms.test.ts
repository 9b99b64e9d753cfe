/** The programs of one layer and of the head, put together in float64: the numbers and gradients of the one graph of the whole model. */
import { describe, expect, it } from 'vitest';
import { Rng } from '../../../backend/core/rng.ts';
import { pullBack } from '../../../backend/graph/autodiff.ts';
import { GraphBuilder } from '../../../backend/graph/builder.ts';
import { sizeOf, type Graph } from '../../../backend/graph/ir.ts';
import { outputBytes } from '../../../backend/graph/peakMemory.ts';
import { evaluate, type Feed } from '../../../backend/graph/reference.ts';
import type { ModelConfig } from '../../../backend/models/config.ts';
import { headBlock, prefersLayers } from '../../../backend/models/estimate.ts';
import { headTrainProgram, layerBackwardProgram, layerForwardProgram, layerOf } from '../../../backend/models/layerPrograms.ts';
import { parameterSpecs, type LoraSpec } from '../../../backend/models/parameters.ts';
import { logprobProgram, trainProgram } from '../../../backend/models/programs.ts';
import { ropeTables } from '../../../backend/models/rope.ts';
import { benchConfig, benchLoss } from '../../support/benchModels.ts';

const config: ModelConfig = {
  modelType: 'test',
  vocabularySize: 11,
  hiddenSize: 8,
  nLayers: 3,
  nHeads: 4,
  nKvHeads: 2,
  headDim: 4,
  intermediateSize: 12,
  rmsNormEpsilon: 1e-6,
  rope: { theta: 10_000, scaling: null },
  tiedEmbeddings: true,
  qkvBias: true,
  outputBias: false,
  mlpBias: false,
  qkNorm: true,
  maxPositions: 8,
};
const [batch, length, nTargets] = [2, 5, 7];
const lora: LoraSpec = { rank: 2, alpha: 4, targets: ['q_proj', 'v_proj', 'down_proj'] };
const rng = Rng.of(1, 'numbers');
const integers = (count: number, below: number): Int32Array => Int32Array.from({ length: count }, () => Math.floor(rng.uniform() * below));
const tokens = integers(batch * length, config.vocabularySize);
const rows = integers(nTargets, batch * length);
const targets = integers(nTargets, config.vocabularySize);
const weight = Float64Array.from({ length: nTargets }, () => rng.normal());

type Numbers = Record<string, Feed>;

function zeros(graph: Graph): Numbers {
  return Object.fromEntries(
    graph.inputs
      .filter(({ name }) => name.startsWith('accumulated:'))
      .map(({ name, value }) => [name, new Float64Array(sizeOf(graph.values[value]?.shape ?? []))]),
  );
}

describe.each([
  ['all weights, a tied head', config, undefined],
  ['all weights, a head of its own', { ...config, tiedEmbeddings: false }, undefined],
  ['an adapter', config, lora],
] as const)('one layer at a time with %s', (_, shape, adapter) => {
  const model = { config: shape, lora: adapter, positions: length };
  const { cos, sin } = ropeTables(shape.rope, shape.headDim, length);
  const specs = parameterSpecs(shape, adapter);
  const parameters: Numbers = Object.fromEntries(
    specs.map((spec) => [
      spec.name,
      Float64Array.from({ length: sizeOf(spec.shape) }, () => 0.4 * rng.normal() + (spec.shape.length === 1 ? 0.6 : 0)),
    ]),
  );
  const d = shape.hiddenSize;

  /** A layer's parameters under the names of layer 0. */
  const ofLayer = (layer: number): Numbers =>
    Object.fromEntries(
      Object.entries(parameters).flatMap(([name, values]) => (layerOf(name)?.layer === layer ? [[layerOf(name)?.inLayer ?? '', values]] : [])),
    );
  const entering: Float64Array[] = [new Float64Array(tokens.length * d)];
  tokens.forEach((token, i) => entering[0]?.set((parameters['embedding'] as Float64Array).subarray(token * d, (token + 1) * d), i * d));
  const forward = layerForwardProgram(model, batch, length);
  for (let layer = 0; layer < shape.nLayers; layer++) {
    const outputs = evaluate(forward, { ...ofLayer(layer), cos, sin, entering: entering[layer] as Float64Array });
    entering.push(outputs['leaving'] as Float64Array);
  }
  const last = entering.at(-1) as Float64Array;

  it('comes to the same logprobs, and to the same gradient of every parameter', () => {
    const whole = trainProgram(model, { batch, length, nTargets, loss: benchLoss(), layerCheckpointing: false });
    const feeds = { ...parameters, cos, sin, tokens, rows, targets, 'loss:weight': weight };
    const expected = evaluate(whole, { ...feeds, ...zeros(whole) });

    // The head two targets at a time.
    const gradients = new Map<string, Float64Array>(specs.map(({ name, shape: own }) => [name, new Float64Array(sizeOf(own))]));
    const add = (name: string, values: ArrayLike<number>, offset = 0): void => {
      const sum = gradients.get(name) as Float64Array;
      for (let i = 0; i < values.length; i++) sum[offset + i] = (sum[offset + i] as number) + (values[i] as number);
    };
    let arriving = new Float64Array(last.length);
    const logprobs: number[] = [];
    for (let start = 0; start < nTargets; start += 2) {
      const own = rows.subarray(start, start + 2);
      const head = headTrainProgram(model, own.length, benchLoss());
      const hidden = Float64Array.from([...own].flatMap((row) => [...last.subarray(row * d, (row + 1) * d)]));
      const block = { hidden, targets: targets.subarray(start, start + 2), 'loss:weight': weight.subarray(start, start + 2) };
      const outputs = evaluate(head, { ...parameters, ...block, ...zeros(head) });
      logprobs.push(...(outputs['logprobs'] as Float64Array));
      own.forEach((row, i) => {
        for (let k = 0; k < d; k++)
          arriving[row * d + k] = (arriving[row * d + k] as number) + ((outputs['passed'] as Float64Array)[i * d + k] as number);
      });
      for (const [name, values] of Object.entries(outputs)) if (name.startsWith('gradient:')) add(name.slice('gradient:'.length), values);
    }
    const backward = layerBackwardProgram(model, batch, length);
    for (let layer = shape.nLayers - 1; layer >= 0; layer--) {
      const feedsOfLayer = { ...ofLayer(layer), cos, sin, entering: entering[layer] as Float64Array, arriving, ...zeros(backward) };
      const outputs = evaluate(backward, feedsOfLayer);
      arriving = outputs['passed'] as Float64Array<ArrayBuffer>;
      for (const [name, values] of Object.entries(outputs)) {
        if (name.startsWith('gradient:')) add(name.slice('gradient:'.length).replace('layers.0.', `layers.${layer}.`), values);
      }
    }
    tokens.forEach((token, i) => add('embedding', arriving.subarray(i * d, (i + 1) * d), token * d));

    const { logprobs: expectedLogprobs } = evaluate(logprobProgram(model, batch, length, nTargets), feeds);
    logprobs.forEach((value, i) => expect(value).toBeCloseTo(expectedLogprobs?.[i] as number, 10));
    for (const { name, trainable } of specs) {
      if (!trainable) continue;
      const sum = (expected[`gradient:${name}`] as Float64Array).map((value, i) => value + (expected[`gradient:${name}+1`]?.[i] ?? 0));
      sum.forEach((value, i) => expect(gradients.get(name)?.[i], name).toBeCloseTo(value, 10));
    }
  });
});

it('pulls a gradient back through a part of a program', () => {
  const g = new GraphBuilder();
  const [x, arriving] = [g.input('x', 'f32', [3]), g.input('arriving', 'f32', [3])];
  const [passed] = pullBack(g, g.mul(x, x), arriving, [x]);
  const outputs = evaluate(g.finish({ passed: passed ?? x }), { x: Float32Array.of(1, 2, 3), arriving: Float32Array.of(10, 1, -1) });
  expect([...(outputs['passed'] ?? [])]).toEqual([20, 4, -6]);
  expect(() => pullBack(g, x, g.input('short', 'f32', [2]), [x])).toThrow('pullBack');
});

it('counts the bytes of what a run gives out', () => {
  const g = new GraphBuilder();
  const x = g.input('x', 'f32', [4, 5]);
  expect(outputBytes(g.finish({ twice: g.add(x, x), sum: g.sum(x) }))).toBe(84);
});

describe('the way a model is trained', () => {
  it.each([
    ['a demonstration', benchConfig('demo'), 1024, false],
    ['ten million parameters', benchConfig('b'), 2048, false],
    ['a small model with a large vocabulary', { ...benchConfig('a'), vocabularySize: 151_936 }, 1024, true],
    ['a large model with a small vocabulary', { ...benchConfig('b'), nLayers: 100 }, 2048, true],
  ] as const)('of %s', (_, shape, tokensABatch, layerwise) => expect(prefersLayers(shape, tokensABatch)).toBe(layerwise));

  it.each([
    [151_936, 64e6, 96],
    [512, 64e6, 31_248],
    [151_936, 5e6, 8],
    [151_936, 1, 1],
  ])('keeps blocks of logits of a vocabulary of %d within %d bytes: %d rows', (vocabulary, bytes, block) =>
    expect(headBlock(vocabulary, bytes)).toBe(block),
  );
});
