import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { TokenDetail } from '../../../backend/protocol/views.ts';
import { tokensOf } from '../../../webview/gallery/explorerTokens.ts';
import { readout } from '../../../webview/rollouts/tokenReadout.ts';
import { colorStep, measure, measures, shapingWeight, tokenModes, tokenScales, whyEmpty } from '../../../webview/rollouts/tokenMeasures.ts';
import { drawnText, tokenAfterKey, tokenBlocks } from '../../../webview/rollouts/tokenText.ts';
import { bySize, signed, totalsLine } from '../../../webview/rollouts/tokenTotals.ts';

const refinement: TokenDetail = {
  rolloutId: 'run/1/p/r0/f0',
  isRefinement: true,
  tokens: [
    { text: 'Step', logprob: Math.log(0.9), problemLogprob: Math.log(0.8), entropy: 0.4 },
    { text: ' 20', logprob: Math.log(0.95), problemLogprob: Math.log(0.01), entropy: 1.2 },
    { text: '\n', logprob: Math.log(0.5), problemLogprob: Math.log(0.7), entropy: null },
  ],
  advantage: 0.875,
  weight: 7,
  shapingGamma: 0.1,
};
const rollout: TokenDetail = {
  ...refinement,
  isRefinement: false,
  advantage: -0.125,
  shapingGamma: null,
  tokens: refinement.tokens.map((token) => ({ ...token, problemLogprob: null })),
};

describe('what tokens are colored by', () => {
  // Table of the paper's Ψ at γ = 0.1 (lemma F.13).
  it.each([
    [1e-4, 0.001],
    [1e-3, 0.0098],
    [0.01, 0.0826],
    [0.05, 0.2222],
    [0.1, 0.25],
    [0.2162, 0.2162],
    [0.4, 0.16],
    [0.7, 0.1094],
    [0.9, 0.09],
    [1, 0.0826],
  ])('Ψ(%d) = %d at γ = 0.1', (p, weight) => {
    expect(shapingWeight(p, 0.1)).toBeCloseTo(weight, 4);
  });

  it('Ψ is the derivative of p / (p + γ) by log p, at most 1/4 and that at p = γ', () => {
    fc.assert(
      fc.property(fc.double({ min: 1e-3, max: 1, noNaN: true }), fc.double({ min: 0.01, max: 1, noNaN: true }), (p, gamma) => {
        const shaped = (logP: number): number => Math.exp(logP) / (Math.exp(logP) + gamma);
        const h = 1e-5;
        expect(shapingWeight(p, gamma)).toBeCloseTo((shaped(Math.log(p) + h) - shaped(Math.log(p) - h)) / (2 * h), 6);
        expect(shapingWeight(p, gamma)).toBeLessThanOrEqual(0.25 + 1e-12);
        expect(shapingWeight(gamma, gamma)).toBeCloseTo(0.25, 12);
      }),
    );
  });

  it('the gap is what the critique adds, and Ψ·A weighs by the probability given the problem alone', () => {
    expect(measures(refinement, 'gap').map((gap) => gap?.toFixed(3))).toEqual(['0.118', '4.554', '-0.336']);
    expect(measure(refinement, refinement.tokens[1]!, 'shaping')).toBeCloseTo(0.875 * 0.0826, 4);
    expect(measure(rollout, rollout.tokens[1]!, 'shaping')).toBe(-0.125);
  });

  it.each([
    ['gap', rollout, /Only refinements/],
    ['gap', { ...refinement, tokens: rollout.tokens }, /did not join/],
    ['shaping', { ...refinement, advantage: 0 }, /teaches nothing/],
    ['shaping', { ...refinement, shapingGamma: null }, /no shaping/],
    ['advantage', { ...refinement, advantage: null }, /in no group/],
    ['entropy', { ...refinement, tokens: refinement.tokens.map((token) => ({ ...token, entropy: null })) }, /loaded policy/],
    ['logprob', { ...refinement, tokens: [] }, /no tokens/],
  ] as const)('says why %s has nothing to show', (mode, detail, words) => {
    expect(whyEmpty(detail, mode)).toMatch(words);
  });

  it('says nothing where there is something to show', () => {
    for (const mode of tokenModes) expect(whyEmpty(refinement, mode)).toBeNull();
  });

  it.each([
    ['shaping', 0.25, 8],
    ['shaping', -0.25, -8],
    ['shaping', 99, 8],
    ['shaping', 0.01, 0],
    ['logprob', 0, 0],
    ['logprob', -2.5, 4],
    ['logprob', -80, 8],
    ['gap', -2, -4],
    ['entropy', -0.001, 0],
    ['entropy', null, 0],
  ] as const)('%s of %d is color step %d', (mode, value, step) => {
    expect(colorStep(value, tokenScales[mode], mode)).toBe(step);
  });
});

describe('totals and order of tokens', () => {
  it.each([
    ['logprob', '3 tokens · sum −0.850 · mean −0.283 · perplexity 1.33'],
    ['entropy', '3 tokens · mean 0.800 nats · highest 1.200'],
    ['gap', '3 tokens · mean gap +1.445 nats · largest +4.554 · 33 % above 2 nats'],
    ['advantage', '3 tokens · advantage +0.875 on each'],
    ['shaping', '3 tokens · sum +0.254 · mean +0.085 · half of the pull lies on 2 tokens'],
  ] as const)('of %s', (mode, line) => {
    expect(totalsLine(measures(refinement, mode), mode)).toBe(line);
  });

  it('counts tokens whose numbers are unknown, and names no mean of them', () => {
    expect(totalsLine([null, null], 'gap')).toBe('2 tokens');
  });

  it('orders by size, without the unknown and the zero ones', () => {
    expect(bySize([1, null, -3, 0, 1])).toEqual([2, 0, 4]);
  });

  it.each([
    [0, '0.000'],
    [-0.0001, '0.000'],
    [0.5, '+0.500'],
    [-2, '−2.000'],
  ])('writes %d as %s', (value, text) => {
    expect(signed(value)).toBe(text);
  });

  it('tells every number of a token', () => {
    expect(readout(refinement, 1)).toBe(
      '2 of 3 · " 20" · log π −0.051 (p 0.950) · from the problem alone −4.605 (p 0.010) · gap +4.554 · entropy 1.200 · advantage +0.875 · Ψ·A +0.072',
    );
    expect(readout(rollout, 2)).toBe('3 of 3 · "\\n" · log π −0.693 (p 0.500) · advantage −0.125');
    expect(readout(rollout, 3)).toBe('');
  });
});

describe('the text of tokens', () => {
  it('is cut into blocks that have every token once, and the text as drawn', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 2000 }), (count) => {
        const { tokens } = tokensOf('run/1/p/r0', count);
        const blocks = tokenBlocks(tokens);
        expect(blocks.flatMap(({ start, end }) => Array.from({ length: end - start }, (_, i) => start + i))).toEqual(tokens.map((_, at) => at));
        expect(blocks.map(({ text }) => text).join('')).toBe(tokens.map(({ text }) => drawnText(text)).join(''));
        expect(Math.max(0, ...blocks.map(({ start, end }) => end - start))).toBeLessThanOrEqual(256);
      }),
      { numRuns: 20 },
    );
  });

  it.each([
    ['ArrowRight', null, 0],
    ['ArrowRight', 4, 4],
    ['ArrowLeft', 2, 1],
    ['Home', 3, 0],
    ['End', null, 4],
    ['ArrowUp', 2, null],
  ])('%s from token %s leads to %s of five', (key, at, to) => {
    expect(tokenAfterKey(key, at, 5)).toBe(to);
  });
});
