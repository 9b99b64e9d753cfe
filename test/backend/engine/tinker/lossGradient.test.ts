/** One weight a token, of every algorithm's loss: the derivative that finite differences see. */
import { describe, expect, it } from 'vitest';
import { lossProgram, suppliedInputs } from '../../../../backend/algorithms/algorithm.ts';
import { algorithms } from '../../../../backend/algorithms/index.ts';
import { Rng } from '../../../../backend/core/rng.ts';
import type { TrainSequence } from '../../../../backend/engine/contract.ts';
import { dependsOn, lossGradient } from '../../../../backend/engine/tinker/lossGradient.ts';

const rng = Rng.of(5, 'loss');
const draw = (length: number, low: number, high: number): Float32Array => Float32Array.from({ length }, () => low + (high - low) * rng.uniform());

function sequence(length: number): TrainSequence {
  const inputs: Record<string, Float32Array> = Object.fromEntries(suppliedInputs.map((name) => [name, draw(length, -3, -0.2)]));
  inputs['advantages'] = new Float32Array(length).fill(length % 2 === 0 ? 0.8 : -0.6);
  inputs['isOffPolicy'] = new Float32Array(length).fill(length % 3 === 0 ? 1 : 0);
  inputs['weights'] = new Float32Array(length).fill(0.25 / length);
  inputs['uniformWeights'] = new Float32Array(length).fill(1 / 9);
  return { tokens: new Int32Array(length + 1), targets: Int32Array.from({ length }, (_, t) => t + 1), inputs };
}

describe.each(Object.values(algorithms).map((algorithm) => [algorithm.name, algorithm] as const))('%s', (_, algorithm) => {
  const program = lossProgram(algorithm, { ...algorithm.defaults, klCoefficient: 0.05, entropyCoefficient: 0, clipLow: 0.2, clipHigh: 0.3 });
  const sequences = [sequence(2), sequence(3), sequence(4)];
  const logprobs = sequences.map(({ targets }) => Array.from(draw(targets.length, -3, -0.2)));

  it('has the derivative of its loss by each logprob', () => {
    const { weights, loss } = lossGradient(program, sequences, logprobs);
    const step = 1e-6;
    const lossAt = (s: number, t: number, by: number): number =>
      lossGradient(
        program,
        sequences,
        logprobs.map((own, i) => own.map((value, k) => (i === s && k === t ? value + by : value))),
      ).loss;
    expect(Number.isFinite(loss)).toBe(true);
    weights.forEach((own, s) => {
      own.forEach((weight, t) => expect(-weight).toBeCloseTo((lossAt(s, t, step) - lossAt(s, t, -step)) / (2 * step), 6));
    });
  });

  it('adds up over sequences and blocks', () => {
    const many = Array.from({ length: 400 }, () => sequences).flat();
    const [one, all] = [lossGradient(program, sequences, logprobs), lossGradient(program, many, Array.from({ length: 400 }, () => logprobs).flat())];
    expect(all.loss / 400).toBeCloseTo(one.loss, 9);
    for (const [name, value] of Object.entries(one.metrics)) expect((all.metrics[name] ?? NaN) / 400).toBeCloseTo(value, 9);
    expect(all.weights.at(-1)).toEqual(one.weights.at(-1));
  });

  it('needs entropies for an entropy bonus, and for nothing else', () => {
    const withBonus = lossProgram(algorithm, { ...algorithm.defaults, entropyCoefficient: 0.01 });
    expect(dependsOn(withBonus, 'entropies')).toBe(true);
    expect(dependsOn(program, 'entropies')).toBe(false);
  });
});

it('says which values are missing', () => {
  const algorithm = Object.values(algorithms)[0] as (typeof algorithms)[keyof typeof algorithms];
  expect(() => lossGradient(lossProgram(algorithm, algorithm.defaults), [sequence(3)], [[-1]])).toThrow(/1 values of logprobs for 3 targets/);
});
