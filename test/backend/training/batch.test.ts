import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { suppliedInputs } from '../../../backend/algorithms/algorithm.ts';
import {
  buildSequences,
  completionSequence,
  splitUpdates,
  type BatchSwitches,
  type CreditedGroup,
  type CreditedMember,
} from '../../../backend/training/batch.ts';

const plain: BatchSwitches = { aggregation: 'constant', klCoefficient: 0, entropyCoefficient: 0 };

const member = (id: string, length: number, overrides: Partial<CreditedMember> = {}): CreditedMember => ({
  id,
  origin: 'policy',
  tokens: Array.from({ length }, (_, t) => 10 + t),
  behaviorLogprobs: Array.from({ length }, (_, t) => -0.5 - t),
  referenceLogprobs: null,
  advantage: 0.5,
  weight: 0.25,
  ...overrides,
});

/** One group with a signal (4 + 2 + 3 tokens), one without (5). */
const groups: CreditedGroup[] = [
  {
    id: 'a',
    promptTokens: [1, 2, 3],
    members: [member('a0', 4), member('a1', 2, { advantage: -0.5 }), member('a2', 3, { origin: 'refinement', weight: 1 })],
  },
  { id: 'b', promptTokens: [7], members: [member('b0', 5, { advantage: 0, weight: 1 })] },
];

describe('buildSequences', () => {
  it('puts the completion behind the prompt of the problem and targets the completion', () => {
    const [first, , refinement] = buildSequences(groups, plain, 8);
    expect([...first!.tokens]).toEqual([1, 2, 3, 10, 11, 12, 13]);
    expect([...first!.targets]).toEqual([3, 4, 5, 6]);
    expect([...refinement!.tokens]).toEqual([1, 2, 3, 10, 11, 12]);
  });

  it('supplies every input of a loss program, one value a target', () => {
    for (const { inputs, targets } of buildSequences(groups, plain, 8)) {
      expect(Object.keys(inputs).sort()).toEqual([...suppliedInputs].sort());
      for (const values of Object.values(inputs)) expect(values.length).toBe(targets.length);
    }
    const [first, second, refinement] = buildSequences(groups, plain, 8).map(({ inputs }) => inputs);
    expect([...first!['behaviorLogprobs']!]).toEqual([-0.5, -1.5, -2.5, -3.5]);
    expect([...first!['referenceLogprobs']!]).toEqual([0, 0, 0, 0]);
    expect([...second!['advantages']!]).toEqual([-0.5, -0.5]);
    expect([...first!['isOffPolicy']!, ...refinement!['isOffPolicy']!]).toEqual([0, 0, 0, 0, 1, 1, 1]);
  });

  const nGroups = 2;
  const weights = [
    { aggregation: 'constant', expected: [0.25 / nGroups / 8, 0.25 / nGroups / 8, 1 / nGroups / 8] },
    { aggregation: 'sequenceMean', expected: [0.25 / nGroups / 4, 0.25 / nGroups / 2, 1 / nGroups / 3] },
    { aggregation: 'tokenMean', expected: [0.25, 0.25, 1].map((weight) => weight / (0.25 * 4 + 0.25 * 2 + 1 * 3 + 1 * 5)) },
  ] as const;
  for (const { aggregation, expected } of weights) {
    it(`weighs tokens by ${aggregation}, groups without signal counted`, () => {
      const sequences = buildSequences(groups, { ...plain, aggregation }, 8);
      expected.forEach((weight, i) => expect(sequences[i]!.inputs['weights']![0]).toBeCloseTo(weight, 8));
    });
  }

  it('has token weights of sum 1 for tokenMean, and uniform weights of sum 1 always', () => {
    const everyone = { ...plain, aggregation: 'tokenMean', klCoefficient: 0.1 } as const;
    const total = (name: string, switches: BatchSwitches): number =>
      buildSequences(groups, switches, 8)
        .flatMap(({ inputs }) => [...inputs[name]!])
        .reduce((a, b) => a + b, 0);
    expect(total('weights', everyone)).toBeCloseTo(1, 6);
    expect(total('uniformWeights', everyone)).toBeCloseTo(1, 6);
    expect(total('uniformWeights', plain)).toBeCloseTo(1, 6);
  });

  it('leaves out what teaches nothing, unless KL or entropy need it', () => {
    expect(buildSequences(groups, plain, 8).length).toBe(3);
    expect(buildSequences(groups, { ...plain, klCoefficient: 0.1 }, 8).length).toBe(4);
    expect(buildSequences(groups, { ...plain, entropyCoefficient: -0.1 }, 8).length).toBe(4);
    expect(buildSequences([groups[1]!], plain, 8)).toEqual([]);
    expect(buildSequences([], plain, 8)).toEqual([]);
    expect(buildSequences([{ id: 'c', promptTokens: [1], members: [member('c0', 0), member('c1', 3, { weight: 0 })] }], plain, 8)).toEqual([]);
  });

  it('takes demonstrations, which have no behavior logprobs', () => {
    const [sequence] = buildSequences(
      [{ id: 'd', promptTokens: [1], members: [member('d0', 2, { origin: 'dataset', behaviorLogprobs: null })] }],
      plain,
      8,
    );
    expect([...sequence!.inputs['behaviorLogprobs']!]).toEqual([0, 0]);
  });

  it('names the member whose logprobs do not fit its tokens', () => {
    expect(() => buildSequences([{ id: 'e', promptTokens: [1], members: [member('e0', 2, { behaviorLogprobs: [-1] })] }], plain, 8)).toThrow(
      'behaviorLogprobs of e0: 1 values for 2 tokens',
    );
  });
});

describe('completionSequence', () => {
  it('needs something before the first token', () => expect(() => completionSequence([], [1])).toThrow('prompt is empty'));
});

describe('splitUpdates', () => {
  it('keeps every group, in order, in even and non-empty parts', () => {
    fc.assert(
      fc.property(fc.array(fc.nat()), fc.integer({ min: 1, max: 6 }), (list, updatesPerStep) => {
        const parts = splitUpdates(list, updatesPerStep);
        expect(parts.flat()).toEqual(list);
        expect(parts.length).toBe(Math.min(updatesPerStep, list.length));
        const sizes = parts.map((part) => part.length);
        if (sizes.length > 0) expect(Math.max(...sizes) - Math.min(...sizes)).toBeLessThanOrEqual(1);
      }),
    );
  });
});
