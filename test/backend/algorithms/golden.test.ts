/** The losses against PyTorch in float64 (test/peers/make_loss_goldens.py), through credit, batch and loss program. */
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import type { CreditMember } from '../../../backend/algorithms/algorithm.ts';
import { findAlgorithm } from '../../../backend/algorithms/findAlgorithm.ts';
import { sum } from '../../../backend/core/stats.ts';
import type { Switches } from '../../../backend/protocol/runConfig.ts';
import { buildSequences, type CreditedGroup } from '../../../backend/training/batch.ts';
import { evaluateLoss, tokensOf } from './lossHarness.ts';

interface GoldenMember extends CreditMember {
  readonly logprobs: readonly number[];
  readonly behaviorLogprobs: readonly number[];
  readonly referenceLogprobs: readonly number[];
  readonly entropies: readonly number[];
}

interface GoldenCase {
  readonly name: string;
  readonly algorithm: string;
  readonly switches: Partial<Switches>;
  readonly maxTokens: number;
  readonly groups: readonly { readonly members: readonly GoldenMember[] }[];
  readonly expected: {
    readonly advantages: readonly (readonly number[])[];
    readonly tokenWeights: readonly (readonly number[])[];
    readonly tokenLosses: readonly (readonly (readonly number[])[])[];
    readonly loss: number;
    readonly gradLogprobs: readonly (readonly (readonly number[])[])[];
    readonly gradEntropies: readonly (readonly (readonly number[])[])[];
  };
}

const { cases } = JSON.parse(readFileSync(new URL('../../golden/losses.json', import.meta.url), 'utf8')) as { cases: GoldenCase[] };

describe('losses as PyTorch computes them', () => {
  it.each(cases.map((golden) => [golden.name, golden] as const))(
    '%s',
    (_name, { algorithm: name, switches: overrides, maxTokens, groups, expected }) => {
      const algorithm = findAlgorithm(name);
      const switches = { ...algorithm.defaults, ...overrides };
      const credited = groups.map(({ members }, i): CreditedGroup => {
        const credits = algorithm.credit(members, switches);
        return {
          id: `${i}`,
          promptTokens: [1],
          members: members.map((member, j) => ({ ...member, ...credits[j]!, id: `${i}.${j}`, tokens: member.logprobs })),
        };
      });
      const flat = groups.flatMap(({ members }) => members);
      const perMember = credited.flatMap(({ members }) => members);
      expectClose(
        perMember.map((member) => member.advantage),
        expected.advantages.flat(),
        1e-10,
      );

      const sequences = buildSequences(credited, switches, maxTokens);
      // Whoever was left out has no gradient in the golden either.
      const trainAll = switches.klCoefficient !== 0 || switches.entropyCoefficient !== 0;
      const trained = flat.flatMap((_, i) => (trainAll || perMember[i]!.advantage !== 0 ? [i] : []));
      expect(sequences.length).toBe(trained.length);
      flat.forEach((_, i) => {
        if (!trained.includes(i)) for (const gradient of expected.gradLogprobs.flat()[i]!) expect(Math.abs(gradient)).toBe(0);
      });
      sequences.forEach(({ inputs }, i) => expectClose([inputs['weights']![0]!], [expected.tokenWeights.flat()[trained[i]!]!], 1e-7));
      if (sequences.length === 0) {
        expect(expected.loss).toBeCloseTo(0, 12);
        return;
      }

      const actual = evaluateLoss(
        algorithm,
        switches,
        tokensOf(
          sequences,
          trained.map((i) => flat[i]!.logprobs),
          trained.map((i) => flat[i]!.entropies),
        ),
      );
      // The inputs of a batch are float32: 6e-8 relative each, and the terms of the loss partly cancel.
      const magnitude = expected.tokenLosses
        .flat()
        .reduce((total, values, i) => total + expected.tokenWeights.flat()[i]! * sum(values.map(Math.abs)), 0);
      expect(Math.abs(actual.loss - expected.loss)).toBeLessThan(3e-7 * (magnitude + Math.abs(expected.loss)));
      expectClose(
        actual.gradLogprobs,
        trained.flatMap((i) => expected.gradLogprobs.flat()[i]!),
        1e-6,
      );
      expectClose(
        actual.gradEntropies,
        trained.flatMap((i) => expected.gradEntropies.flat()[i]!),
        1e-6,
      );
    },
  );
});

/** Within `tolerance`, relative to the largest expected value. */
function expectClose(actual: readonly number[], expected: readonly number[], tolerance: number): void {
  expect(actual.length).toBe(expected.length);
  const scale = Math.max(1e-12, ...expected.map(Math.abs));
  actual.forEach((value, i) => expect(Math.abs(value - expected[i]!) / scale).toBeLessThan(tolerance));
}
