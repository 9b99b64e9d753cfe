/** Truncated sampling outside the graph: what is kept and what is drawn, held against the definition. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Rng } from '../../../backend/core/rng.ts';
import { drawToken, type Truncation } from '../../../backend/engine/local/tokenSampling.ts';

/** The definition: sort everything, keep the first k, keep the smallest part that reaches p, draw by inverse CDF. */
function byDefinition(logits: readonly number[], { temperature, topK, topP }: Truncation, uniform: number): number {
  const largest = logits.reduce((a, b) => Math.max(a, b));
  const order = logits.map((_, token) => token).sort((a, b) => (logits[b] as number) - (logits[a] as number) || a - b);
  const candidates = topK > 0 ? order.slice(0, topK) : order;
  const masses = candidates.map((token) => Math.exp(((logits[token] as number) - largest) / temperature));
  const reach = masses.reduce((a, b) => a + b, 0) * topP;
  let kept = 0;
  for (let mass = 0; kept < masses.length && (kept === 0 || mass < reach); kept++) mass += masses[kept] as number;
  let remaining = uniform * masses.slice(0, kept).reduce((a, b) => a + b, 0);
  for (let i = 0; i < kept; i++) if ((remaining -= masses[i] as number) < 0) return candidates[i] as number;
  return candidates[kept - 1] as number;
}

const logitsOf = fc.array(fc.oneof(fc.integer({ min: -40, max: 40 }), fc.constant(-Infinity), fc.integer({ min: -3, max: 3 })), {
  minLength: 1,
  maxLength: 40,
});

describe('a draw', () => {
  it('is the one that the definition gives', () => {
    fc.assert(
      fc.property(
        logitsOf,
        fc.constantFrom(0.25, 1, 2),
        fc.constantFrom(0, 1, 3, 100),
        fc.constantFrom(0.1, 0.5, 0.93, 1),
        fc.double({ min: 1e-6, max: 1 - 1e-6, noNaN: true }),
        (logits, temperature, topK, topP, uniform) => {
          if (!logits.some(Number.isFinite)) return;
          const truncation = { temperature, topK, topP };
          const row = Float32Array.from([7, ...logits, 9]);
          const { token, logprob } = drawToken(row, 1, logits.length, truncation, uniform);
          expect(token).toBe(byDefinition(logits, truncation, uniform));
          const largest = Math.max(...logits);
          const normalizer = logits.reduce((sum, logit) => sum + Math.exp(logit - largest), 0);
          expect(logprob).toBeCloseTo((logits[token] as number) - largest - Math.log(normalizer), 9);
        },
      ),
    );
  });

  it.each([
    { topK: 20, topP: 1 },
    { topK: 0, topP: 0.95 },
    { topK: 50, topP: 0.8 },
  ])('from the 151,936 logits of a real vocabulary too: %o', (kept) => {
    const rng = Rng.of(1, 'logits');
    const logits = Float32Array.from({ length: 151_936 }, () => 4 * rng.normal());
    const truncation = { temperature: 1, ...kept };
    expect(drawToken(logits, 0, logits.length, truncation, 0.37).token).toBe(byDefinition(Array.from(logits), truncation, 0.37));
  });

  it('from logits that are no numbers says so', () => {
    expect(drawToken(Float32Array.of(1, NaN, 2), 0, 3, { temperature: 1, topK: 2, topP: 1 }, 0.5).logprob).toBeNaN();
  });
});
