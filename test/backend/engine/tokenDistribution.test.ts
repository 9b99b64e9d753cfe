/** Sampled tokens against exact probabilities, by Pearson's χ² with fixed seeds. */
import { describe, expect, it } from 'vitest';
import { drawToken, openUniform, type Truncation } from '../../../backend/engine/local/tokenSampling.ts';
import type { SampledSequence } from '../../../backend/engine/contract.ts';
import { distributions, engineOptions, largestDifference, withEngine } from './goldenEngines.ts';

const vocabularySize = 48;
const prompt = [18, 22, 36, 24, 13];
const nSamples = 3000;

/** What temperature, then top-k, then top-p leave of a distribution. */
function truncated(logprobs: ArrayLike<number>, { temperature, topK, topP }: Truncation): number[] {
  const tempered = Array.from(logprobs, (logprob) => Math.exp(logprob / temperature));
  const ranked = tempered
    .map((mass, token) => ({ mass, token }))
    .sort((a, b) => b.mass - a.mass)
    .slice(0, topK === 0 ? undefined : topK);
  const normalizer = ranked.reduce((sum, { mass }) => sum + mass, 0);
  const kept: number[] = Array.from(logprobs, () => 0);
  let reached = 0;
  for (const { mass, token } of ranked) {
    if (reached >= topP) break;
    kept[token] = mass;
    reached += mass / normalizer;
  }
  const total = kept.reduce((sum, mass) => sum + mass, 0);
  return kept.map((mass) => mass / total);
}

/** Standard normal quantile of a χ² statistic (Wilson & Hilferty 1931). Tokens expected fewer than 5 times are pooled. */
function chiSquareQuantile(counts: readonly number[], probabilities: readonly number[]): number {
  const total = counts.reduce((sum, count) => sum + count, 0);
  const cells = probabilities.map((probability, token) => ({ expected: probability * total, observed: counts[token] as number }));
  const large = cells.filter(({ expected }) => expected >= 5);
  const small = cells.filter(({ expected }) => expected < 5);
  const pooled = { expected: small.reduce((sum, cell) => sum + cell.expected, 0), observed: small.reduce((sum, cell) => sum + cell.observed, 0) };
  const used = pooled.expected > 1 ? [...large, pooled] : large;
  const statistic = used.reduce((sum, { expected, observed }) => sum + (observed - expected) ** 2 / expected, 0);
  const freedom = used.length - 1;
  return freedom === 0 ? 0 : ((statistic / freedom) ** (1 / 3) - (1 - 2 / (9 * freedom))) / Math.sqrt(2 / (9 * freedom));
}

const settings: readonly Truncation[] = [
  { temperature: 1, topK: 0, topP: 1 },
  { temperature: 0.7, topK: 0, topP: 1 },
  { temperature: 1.6, topK: 0, topP: 1 },
  { temperature: 1, topK: 7, topP: 1 },
  { temperature: 1, topK: 0, topP: 0.8 },
  { temperature: 0.7, topK: 12, topP: 0.9 },
];

describe.each(settings)('temperature $temperature, topK $topK, topP $topP', (truncation) => {
  it('draws tokens as often as their probability says, and reports logprobs of the untouched distribution', () =>
    withEngine(engineOptions('qwen3', { maxRows: 64, microBatchTokens: 1024 }), async (engine) => {
      const [distribution] = (await distributions(engine, prompt, vocabularySize)).slice(-1) as [Float32Array];
      const seeds = [Array.from({ length: nSamples }, (_, i) => i)];
      const { sequences } = await engine.sample({ prompts: [prompt], seeds, maxTokens: 1, stopTokens: [], ...truncation });
      const sampled = sequences[0] as readonly SampledSequence[];
      const tokens = sampled.map((sequence) => sequence.tokens[0] as number);
      const counts = Array.from({ length: vocabularySize }, (_, token) => tokens.filter((drawn) => drawn === token).length);
      const probabilities = truncated(distribution, truncation);
      expect(probabilities.filter((probability, token) => probability === 0 && counts[token] !== 0)).toEqual([]);
      expect(Math.abs(chiSquareQuantile(counts, probabilities))).toBeLessThan(3.5);
      expect(
        largestDifference(
          sampled.map(({ logprobs }) => logprobs[0] as number),
          tokens.map((token) => distribution[token] as number),
        ),
      ).toBeLessThan(1e-5);
    }));
});

it('takes the likeliest token at temperature 0', () =>
  withEngine(engineOptions('qwen3'), async (engine) => {
    const { sequences } = await engine.sample({
      prompts: [prompt],
      seeds: [[1, 2]],
      maxTokens: 12,
      temperature: 0,
      topK: 0,
      topP: 1,
      stopTokens: [],
    });
    const [first, second] = sequences[0] as [SampledSequence, SampledSequence];
    expect(first).toEqual(second);
    const rows = (await distributions(engine, [...prompt, ...first.tokens], vocabularySize)).slice(prompt.length - 1, -1);
    expect(Array.from(first.tokens)).toEqual(rows.map((row) => row.indexOf(Math.max(...row))));
  }));

describe('drawToken', () => {
  const draw = (logits: readonly number[], uniform: number, truncation: Partial<Truncation> = {}) =>
    drawToken(Float32Array.from([9, ...logits]), 1, logits.length, { temperature: 1, topK: 0, topP: 1, ...truncation }, uniform);

  it('walks from the likeliest token down', () => {
    const logits = [0.5, 0.3, 0.2].map(Math.log);
    expect([0.49, 0.51, 0.79, 0.81, 0.999999].map((uniform) => draw(logits, uniform).token)).toEqual([0, 1, 1, 2, 2]);
    expect(draw(logits, 0.9).logprob).toBeCloseTo(Math.log(0.2), 6);
  });

  it('always keeps one token', () => {
    expect(draw([1, 2, 3], 0.999, { topP: 1e-9 }).token).toBe(2);
    expect(draw([1, 2, 3], 0.999, { topK: 1 }).token).toBe(2);
  });

  it('keeps the token that reaches topP, and breaks ties by id', () => {
    expect(draw([0, 0, 0, 0], 0.99, { topP: 0.5 }).token).toBe(1);
    expect(draw([0, 0, 0, 0], 0.99, { topK: 3 }).token).toBe(2);
  });

  it('stands extreme logits', () => {
    expect(draw([-1e30, 0, 1000], 0.5)).toEqual({ token: 2, logprob: 0 });
  });
});

it('makes uniforms strictly between 0 and 1 that float32 holds', () => {
  for (const bits of [0, 1, 511, 512, 0x7fffffff, 0xffffffff]) {
    const uniform = openUniform(bits);
    expect(uniform).toBeGreaterThan(0);
    expect(uniform).toBeLessThan(1);
    expect(Math.fround(uniform)).toBe(uniform);
  }
});
