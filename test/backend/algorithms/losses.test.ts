import { describe, expect, it } from 'vitest';
import { klToReference, ratio, shapedProbability, surrogate } from '../../../backend/algorithms/losses.ts';
import { gradients } from '../../../backend/graph/autodiff.ts';
import { GraphBuilder } from '../../../backend/graph/builder.ts';
import type { Value } from '../../../backend/graph/ir.ts';
import { evaluate } from '../../../backend/graph/reference.ts';

/** y = f(x) elementwise, with dy/dx. */
function differentiate(x: readonly number[], f: (g: GraphBuilder, x: Value) => Value): { y: Float64Array; slope: Float64Array } {
  const g = new GraphBuilder();
  const input = g.input('x', 'f32', [x.length]);
  const y = f(g, input);
  const values = evaluate(g.finish({ y, slope: gradients(g, g.sum(y), [input])[0]! }), { x });
  return { y: values['y']!, slope: values['slope']! };
}

describe('policy shaping with γ = 0.1', () => {
  // p, ρ = p/(p + γ), Ψ = γp/(p + γ)² as published, rounded to 4 decimals.
  const table = [
    [1e-4, 0.001, 0.001],
    [1e-3, 0.0099, 0.0098],
    [0.01, 0.0909, 0.0826],
    [0.05, 0.3333, 0.2222],
    [0.1, 0.5, 0.25],
    [0.2162, 0.6838, 0.2162],
    [0.4, 0.8, 0.16],
    [0.7, 0.875, 0.1094],
    [0.9, 0.9, 0.09],
    [1, 0.9091, 0.0826],
  ] as const;
  const { y, slope } = differentiate(
    table.map(([p]) => Math.log(p)),
    (g, logprobs) => shapedProbability(g, logprobs, 0.1),
  );
  table.forEach(([p, rho, psi], i) => {
    it(`takes p = ${p} to ρ = ${rho} with Ψ = ${psi}`, () => {
      expect(Math.abs(y[i]! - rho)).toBeLessThan(6e-5);
      expect(Math.abs(slope[i]! - psi)).toBeLessThan(6e-5);
    });
  });

  it('pulls hardest at p = γ, by 1/4, for every γ', () => {
    for (const gamma of [0.01, 0.1, 0.9]) {
      const { slope: atGamma } = differentiate([Math.log(gamma), Math.log(gamma) - 0.1, Math.log(gamma) + 0.1], (g, x) =>
        shapedProbability(g, x, gamma),
      );
      expect(atGamma[0]).toBeCloseTo(0.25, 12);
      expect(Math.max(atGamma[1]!, atGamma[2]!)).toBeLessThan(0.25);
    }
  });

  it('has the published gradient on logits', () => {
    const target = 2;
    const g = new GraphBuilder();
    const logits = g.input('logits', 'f32', [1, 4]);
    const logprobs = g.pick(g.logSoftmax(logits), g.constant('i32', [1], [target]));
    const loss = g.sum(g.mul(shapedProbability(g, logprobs, 0.1), -0.875));
    const values = evaluate(g.finish({ logprobs, slope: gradients(g, loss, [logits])[0]! }), { logits: [1, 0.2, -0.7, 2] });
    expect(Math.exp(values['logprobs']![0]!)).toBeCloseTo(0.04199337, 8);
    [0.04189228, 0.01882342, -0.17459072, 0.11387503].forEach((expected, i) => expect(values['slope']![i]).toBeCloseTo(expected, 8));
  });
});

describe('the surrogate', () => {
  const slopeOf = (r: number, advantage: number, clip: { clipLow: number | null; clipHigh: number | null }): number => {
    const { slope } = differentiate([r], (g, x) => surrogate(g, x, g.constant('f32', [1], [advantage]), clip).objective);
    return slope[0]!;
  };
  const both = { clipLow: 0.2, clipHigh: 0.28 };
  const cases = [
    { title: 'a likely success stops gaining at the upper bound', r: 1.5, advantage: 2, clip: both, slope: 0 },
    { title: 'the upper bound may differ from the lower', r: 1.25, advantage: 2, clip: both, slope: 2 },
    { title: 'an unlikely failure stops losing at the lower bound', r: 0.7, advantage: -2, clip: both, slope: 0 },
    { title: 'an unlikely success is never clipped', r: 0.1, advantage: 2, clip: both, slope: 2 },
    { title: 'a likely failure is never clipped', r: 3, advantage: -2, clip: both, slope: -2 },
    { title: 'an on-policy token passes', r: 1, advantage: -2, clip: both, slope: -2 },
    { title: 'a null lower bound leaves that side open', r: 0.7, advantage: -2, clip: { clipLow: null, clipHigh: 0.2 }, slope: -2 },
    { title: 'a null upper bound leaves that side open', r: 9, advantage: 2, clip: { clipLow: 0.2, clipHigh: null }, slope: 2 },
    { title: 'without bounds it is r·A', r: 9, advantage: 2, clip: { clipLow: null, clipHigh: null }, slope: 2 },
  ];
  for (const { title, r, advantage, clip, slope } of cases) it(title, () => expect(slopeOf(r, advantage, clip)).toBeCloseTo(slope, 12));

  it('marks the tokens whose clip binds, and nothing without bounds', () => {
    const g = new GraphBuilder();
    const r = g.constant('f32', [4], [1.5, 1.5, 0.5, 1]);
    const advantages = g.constant('f32', [4], [1, -1, -1, 1]);
    const { clipped } = surrogate(g, r, advantages, both);
    expect([...evaluate(g.finish({ clipped: clipped! }), {})['clipped']!]).toEqual([1, 0, 1, 0]);
    expect(surrogate(g, r, advantages, { clipLow: null, clipHigh: null }).clipped).toBeNull();
  });
});

describe('ratio and KL', () => {
  const behavior = -1;
  it('are 1 and 0 where the policies agree', () => {
    expect(differentiate([behavior], (g, x) => ratio(g, x, g.constant('f32', [1], behavior))).y[0]).toBe(1);
    const { y, slope } = differentiate([behavior], (g, x) => klToReference(g, x, g.constant('f32', [1], behavior)));
    expect(y[0]).toBeCloseTo(0, 12);
    expect(slope[0]).toBeCloseTo(0, 12);
  });

  it('are e^d and e^−d + d − 1 with d = log π − log π_other', () => {
    const logprobs = [-3, -1.2, -0.9, -0.01];
    const r = differentiate(logprobs, (g, x) => ratio(g, x, g.constant('f32', [4], behavior)));
    const kl = differentiate(logprobs, (g, x) => klToReference(g, x, g.constant('f32', [4], behavior)));
    logprobs.forEach((logprob, i) => {
      const d = logprob - behavior;
      expect(r.y[i]).toBeCloseTo(Math.exp(d), 12);
      expect(kl.y[i]).toBeCloseTo(Math.exp(-d) + d - 1, 12);
      expect(kl.slope[i]).toBeCloseTo(1 - Math.exp(-d), 12);
      expect(kl.y[i]).toBeGreaterThan(0);
    });
  });

  it('stay finite in float32 at any distance', () => {
    const largestFloat32 = 3.4e38;
    for (const logprob of [-1e4, 0]) {
      const r = differentiate([logprob], (g, x) => ratio(g, x, g.constant('f32', [1], -1e4 - logprob)));
      const kl = differentiate([logprob], (g, x) => klToReference(g, x, g.constant('f32', [1], -1e4 - logprob)));
      for (const value of [r.y[0]!, r.slope[0]!, kl.y[0]!, kl.slope[0]!]) expect(Math.abs(value)).toBeLessThan(largestFloat32);
    }
  });
});
