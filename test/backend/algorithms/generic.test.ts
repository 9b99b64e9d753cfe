/** What every algorithm of the registry must hold; a new file gets these tests by being there. */
import { describe, expect, it } from 'vitest';
import { suppliedInputs, type CreditMember, type Needs } from '../../../backend/algorithms/algorithm.ts';
import { algorithms } from '../../../backend/algorithms/index.ts';
import { Rng } from '../../../backend/core/rng.ts';
import { switchesSchema, type Switches } from '../../../backend/protocol/runConfig.ts';
import { buildSequences, type CreditedGroup } from '../../../backend/training/batch.ts';
import { evaluateLoss, padTokens, sliceTokens, tokensOf, type Tokens } from './lossHarness.ts';

/** Three rollouts, or none, and one of everything else that the algorithm needs. */
const origins = ({ rollouts, refinements, critiqueTargets, demonstrations }: Needs): CreditMember['origin'][] => [
  ...(rollouts ? (['policy', 'policy', 'policy'] as const) : []),
  ...(refinements ? (['refinement'] as const) : []),
  ...(critiqueTargets ? (['critique'] as const) : []),
  ...(demonstrations ? (['dataset'] as const) : []),
];

/** Imitation gives credit to a lone member and to equals; the others learn from differences. */
const imitators = new Set(['sft', 'raft', 'refinement-ft', 'citl-ft', 'critique-ft']);

/** The variants on which a loss branches. */
const variants: Readonly<Record<string, Partial<Switches>>> = {
  defaults: {},
  'all clips': { clipLow: 0.2, clipHigh: 0.28, clipRefinements: true },
  'no clip, no shaping': { clipLow: null, clipHigh: null, clipRefinements: false, shapingGamma: null },
  'KL and entropy': { klCoefficient: 0.1, entropyCoefficient: 0.02 },
};

for (const [key, algorithm] of Object.entries(algorithms)) {
  const memberOrigins = origins(algorithm.needs);
  const members = (rewards: readonly number[]): CreditMember[] =>
    memberOrigins.map((origin, i) => {
      const reward = rewards[i % rewards.length]!;
      return { origin, reward, isRight: reward > 0, hasTeacher: algorithm.needs.teacher && i === 0 };
    });

  describe(key, () => {
    it('has valid defaults and describes itself', () => {
      expect(switchesSchema.parse(algorithm.defaults)).toEqual(algorithm.defaults);
      expect(algorithm.title.length).toBeGreaterThan(0);
      expect(algorithm.summary.length).toBeGreaterThan(0);
      expect(algorithm.defaults.critiquesPerProblem > 0).toBe(algorithm.needs.critiques);
      expect(algorithm.defaults.kRefinements > 0).toBe(algorithm.needs.refinements);
    });

    it('gives one finite credit a member, with weights that are not negative', () => {
      for (const rewards of [
        [0, 1],
        [0.1, 0.7, 0.3],
        [1, 1, 1, 0],
      ]) {
        const credits = algorithm.credit(members(rewards), algorithm.defaults);
        expect(credits.length).toBe(memberOrigins.length);
        for (const { advantage, weight } of credits) expect(Number.isFinite(advantage) && weight >= 0 && Number.isFinite(weight)).toBe(true);
      }
      expect(algorithm.credit([], algorithm.defaults)).toEqual([]);
    });

    if (!imitators.has(algorithm.name)) {
      it.each([
        ['all failed', 0],
        ['all right', 1],
        ['all alike in a reward that rounds', 0.1],
      ])('gives a group that %s no credit at all', (_title, reward) => {
        for (const advantageStd of [false, true]) {
          const credits = algorithm.credit(members([reward]), { ...algorithm.defaults, advantageStd });
          credits.forEach(({ advantage }, i) => {
            if (memberOrigins[i] !== 'dataset') expect(advantage).toBe(0);
          });
        }
      });
    } else {
      it('gives nothing to wrong rollouts, and 1 to what it imitates, however alike', () => {
        const wrong = { origin: 'policy', reward: 1, isRight: false, hasTeacher: false } as const;
        expect(algorithm.credit([wrong], algorithm.defaults)).toEqual([{ advantage: 0, weight: 0 }]);
        const imitated = algorithm.credit(members([1]), algorithm.defaults).filter(({ weight }) => weight > 0);
        expect(imitated.length).toBeGreaterThan(0);
        for (const credit of imitated) expect(credit).toEqual({ advantage: 1, weight: 1 / memberOrigins.length });
      });
    }

    describe.each(Object.entries(variants))('with %s', (variant, overrides) => {
      const switches: Switches = { ...algorithm.defaults, ...overrides };
      const tokens = randomTokens(switches);
      const whole = evaluateLoss(algorithm, switches, tokens);

      it('has the gradient that finite differences have', () => {
        const step = 1e-6;
        for (const name of ['logprobs', 'entropies'] as const) {
          const gradient = name === 'logprobs' ? whole.gradLogprobs : whole.gradEntropies;
          tokens[name].forEach((_, t) => {
            const at = (delta: number): number =>
              evaluateLoss(algorithm, switches, { ...tokens, [name]: tokens[name].with(t, tokens[name][t]! + delta) }).loss;
            expect(gradient[t]).toBeCloseTo((at(step) - at(-step)) / (2 * step), 8);
          });
        }
        expect(whole.gradLogprobs.some((value) => value !== 0)).toBe(true);
        expect(whole.gradEntropies.some((value) => value !== 0)).toBe(switches.entropyCoefficient !== 0);
      });

      it('takes a step towards less loss', () => {
        const moved = tokens.logprobs.map((logprob, t) => logprob - 1e-4 * whole.gradLogprobs[t]!);
        expect(evaluateLoss(algorithm, switches, { ...tokens, logprobs: moved }).loss).toBeLessThan(whole.loss);
      });

      it.each([
        [0, 0],
        [-0.5, 2],
        [-80, 6],
      ])('is not changed by padding on which the network says logprob %d, entropy %d', (logprob, entropy) => {
        const padded = evaluateLoss(algorithm, switches, padTokens(tokens, 5, logprob, entropy));
        const zeros = new Array<number>(5).fill(0);
        expect(padded.loss).toBe(whole.loss);
        expect(padded.metrics).toEqual(whole.metrics);
        expectClose(padded.gradLogprobs, [...whole.gradLogprobs, ...zeros]);
        expectClose(padded.gradEntropies, [...whole.gradEntropies, ...zeros]);
      });

      it('adds up over micro-batches: loss, metrics and gradient', () => {
        const length = tokens.logprobs.length;
        for (const cut of [1, 5, length - 1]) {
          const parts = [
            evaluateLoss(algorithm, switches, sliceTokens(tokens, 0, cut)),
            evaluateLoss(algorithm, switches, sliceTokens(tokens, cut, length)),
          ] as const;
          expect(parts[0].loss + parts[1].loss).toBeCloseTo(whole.loss, 12);
          expectClose(
            parts.flatMap((part) => part.gradLogprobs),
            whole.gradLogprobs,
          );
          for (const [name, value] of Object.entries(whole.metrics)) expect(parts[0].metrics[name]! + parts[1].metrics[name]!).toBeCloseTo(value, 12);
        }
      });

      it('is 0 with no gradient on tokens without advantage and weight', () => {
        const nothing = new Array<number>(tokens.logprobs.length).fill(0);
        const silent = evaluateLoss(algorithm, switches, { ...tokens, advantages: nothing, weights: nothing, uniformWeights: nothing });
        expect(Math.abs(silent.loss)).toBe(0);
        expectClose(silent.gradLogprobs, nothing);
      });

      it('asks for nothing but the supplied inputs and reports under plain names', () => {
        expect(Object.keys(tokens).sort()).toEqual(['logprobs', 'entropies', ...suppliedInputs].sort());
        for (const name of Object.keys(whole.metrics)) expect(name).toMatch(/^[a-z][A-Za-z]*$/);
        expect('klToReference' in whole.metrics).toBe(variant === 'KL and entropy');
        expect('entropyBonus' in whole.metrics).toBe(variant === 'KL and entropy');
      });
    });

    /** Two groups of random lengths through credit and batch, away from the kinks of the clip. */
    function randomTokens(switches: Switches): Tokens {
      const rng = Rng.of(17, key);
      const list = (length: number, draw: () => number): number[] => Array.from({ length }, draw);
      const groups = [
        [0, 1],
        [1, 0, 0.5],
      ].map((rewards, i): CreditedGroup => {
        const credits = algorithm.credit(members(rewards), switches);
        return {
          id: `${i}`,
          promptTokens: [1, 2],
          members: memberOrigins.map((origin, j) => {
            const length = rng.integer(1, 4);
            const behaviorLogprobs = list(length, () => -0.05 - 3 * rng.uniform());
            return {
              id: `${i}.${j}`,
              origin,
              tokens: list(length, () => 3),
              behaviorLogprobs,
              referenceLogprobs: behaviorLogprobs.map((x) => x - 0.3 * rng.normal()),
              teacherLogprobs: algorithm.needs.teacher && j === 0 ? behaviorLogprobs.map((x) => x - rng.normal()) : null,
              ...credits[j]!,
            };
          }),
        };
      });
      const sequences = buildSequences(groups, switches, 4);
      const logprobs = sequences.map(({ inputs }) => [...inputs['behaviorLogprobs']!].map((x) => Math.min(-0.01, x + 0.4 * rng.normal())));
      return tokensOf(
        sequences,
        logprobs,
        logprobs.map((values) => values.map(() => 2 * rng.uniform())),
      );
    }
  });
}

function expectClose(actual: readonly number[], expected: readonly number[]): void {
  expect(actual.length).toBe(expected.length);
  actual.forEach((value, i) => expect(value).toBeCloseTo(expected[i]!, 12));
}
