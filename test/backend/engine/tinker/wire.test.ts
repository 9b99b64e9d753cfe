/** What goes over the wire, what servers make of sums, and what of their words reaches a person. */
import { expect, it } from 'vitest';
import { quoted } from '../../../../backend/engine/tinker/errors.ts';
import { advantageFactor, gradientNormOf, scaleOf } from '../../../../backend/engine/tinker/scale.ts';
import { backwardDatum, forwardDatum, samplingParams } from '../../../../backend/engine/tinker/wire.ts';

const tokens = Int32Array.from([5, 6, 7]);

it('reads every token but the last and aims at every token but the first', () => {
  expect(forwardDatum(tokens)).toEqual({
    model_input: { chunks: [{ type: 'encoded_text', tokens: [5, 6] }] },
    loss_fn_inputs: { target_tokens: { data: [6, 7], dtype: 'int64', shape: [2] }, weights: { data: [1, 1], dtype: 'float32', shape: [2] } },
  });
  // Without weights: SkyRL on JAX divides by their sum, which a sign makes senseless.
  expect(Object.keys(backwardDatum(tokens, { logprobs: [0, -1], advantages: [0, -0.5] }).loss_fn_inputs)).toEqual([
    'target_tokens',
    'logprobs',
    'advantages',
  ]);
});

it('says "all tokens" as servers do, and keeps seeds in 31 bits', () => {
  const request = { prompts: [], seeds: [], maxTokens: 9, temperature: 0.5, topK: 0, topP: 0.9, stopTokens: [1, 2] };
  expect(samplingParams(request, 2 ** 32 - 1)).toEqual({ max_tokens: 9, seed: 2 ** 31 - 1, temperature: 0.5, top_k: -1, top_p: 0.9, stop: [1, 2] });
  expect(samplingParams({ ...request, topK: 20 }, 3)).toMatchObject({ top_k: 20, seed: 3 });
});

it.each([
  [1, 1.02, 'sum'],
  [8, 8 * (3 / 14), 'mean'],
] as const)('tells sums from means by norms of %f and %f', (alone, among, scale) => expect(scaleOf('http://server', alone, among)).toBe(scale));

it.each([
  // A mean over sequences of sums, and one over all tokens of a batch.
  [1, 0.5],
  [1, 3 / 12],
  [0, 0],
  [undefined, undefined],
])('refuses what is neither: norms of %s and %s', (alone, among) => {
  expect(() => scaleOf('http://server', alone, among)).toThrow(/http:\/\/server adds up losses cannot be told/);
});

it('undoes a mean by the length of a sequence and their number', () => {
  expect(advantageFactor('sum', { targets: 10, sequences: 4 })).toBe(1);
  expect(advantageFactor('mean', { targets: 10, sequences: 4 })).toBe(40);
});

it('finds the norm of a gradient by the names that servers give it', () => {
  expect(gradientNormOf({ 'skyrl.ai/learning_rate': 1, 'skyrl.ai/grad_norm': 2 })).toBe(2);
  expect(gradientNormOf({ 'actor/grad_norm': 3 })).toBe(3);
  expect(gradientNormOf({ 'grad_norm:mean': 4 })).toBe(4);
  expect(gradientNormOf({ 'skyrl.ai/mhc_gradient_norm': 5 })).toBeUndefined();
  expect(gradientNormOf(null)).toBeUndefined();
});

it('quotes a server on one line, without what terminals obey', () => {
  expect(quoted('a\u001b[31m\nb\u202e')).toBe('a [31m b');
  expect(quoted('x'.repeat(1000))).toHaveLength(300);
});
