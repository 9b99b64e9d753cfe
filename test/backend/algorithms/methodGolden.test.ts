/** The baselines and later methods against PyTorch in float64 (test/peers/make_algorithm_goldens.py): from verdicts to loss and gradient. */
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import type { CreditMember } from '../../../backend/algorithms/algorithm.ts';
import { findAlgorithm } from '../../../backend/algorithms/findAlgorithm.ts';
import { algorithms } from '../../../backend/algorithms/index.ts';
import { overlongPunishment } from '../../../backend/algorithms/rewardShaping.ts';
import { runConfigSchema, type Switches } from '../../../backend/protocol/runConfig.ts';
import { buildSequences, hasSignal, type CreditedGroup } from '../../../backend/training/batch.ts';
import { switchesOf, trainedAt } from '../../../backend/training/switches.ts';
import { evaluateLoss, tokensOf } from './lossHarness.ts';

interface GoldenMember extends Omit<CreditMember, 'hasTeacher'> {
  readonly logprobs: readonly number[];
  readonly behaviorLogprobs: readonly number[];
  readonly teacherLogprobs: readonly number[] | null;
  readonly entropies: readonly number[];
}

interface GoldenCase {
  readonly name: string;
  readonly algorithm: string;
  readonly switches: Partial<Switches>;
  readonly maxTokens: number;
  readonly step: number;
  readonly steps: number;
  readonly groups: readonly { readonly members: readonly GoldenMember[] }[];
  readonly expected: {
    readonly rewards: readonly (readonly number[])[];
    readonly loss: number;
    readonly gradLogprobs: readonly (readonly (readonly number[])[])[];
  };
}

const read = (name: string): { cases: GoldenCase[] } =>
  JSON.parse(readFileSync(new URL(`../../golden/${name}.json`, import.meta.url), 'utf8')) as { cases: GoldenCase[] };
const { cases } = read('algorithms');

describe('methods as PyTorch computes them', () => {
  it.each(cases.map((golden) => [golden.name, golden] as const))('%s', (_name, golden) => {
    const { maxTokens, groups, expected, step, steps } = golden;
    const config = runConfigSchema.parse({
      model: { path: '' },
      data: { train: '' },
      algorithm: golden.algorithm,
      switches: golden.switches,
      training: { steps },
    });
    const { algorithm, switches } = trainedAt({ algorithm: findAlgorithm(golden.algorithm), switches: switchesOf(config), config }, step);
    const credited = groups.map(({ members }, i): CreditedGroup => {
      const judged = members.map((member): CreditMember => {
        const isSampled = member.origin === 'policy' || member.origin === 'refinement';
        const punishment = isSampled ? overlongPunishment(member.logprobs.length, maxTokens, switches) : 0;
        return { ...member, reward: member.reward + punishment, hasTeacher: member.teacherLogprobs !== null };
      });
      expectClose(
        judged.map(({ reward }) => reward),
        expected.rewards[i]!,
        1e-12,
      );
      const credits = algorithm.credit(judged, switches);
      return {
        id: `${i}`,
        promptTokens: [1],
        members: members.map((member, j) => ({ ...member, ...credits[j]!, id: `${i}.${j}`, tokens: member.logprobs, referenceLogprobs: null })),
      };
    });

    const sequences = buildSequences(credited, switches, maxTokens);
    const members = groups.flatMap((group) => group.members);
    const trained = credited.flatMap((group) => group.members).flatMap((member, i) => (hasSignal(member) ? [i] : []));
    expect(sequences.length).toBe(trained.length);
    expect(trained.length).toBeGreaterThan(0);
    const gradients = expected.gradLogprobs.flat();
    members.forEach((_, i) => {
      if (!trained.includes(i)) for (const gradient of gradients[i]!) expect(Math.abs(gradient)).toBe(0);
    });

    const pick = (name: 'logprobs' | 'entropies'): (readonly number[])[] => trained.map((i) => members[i]![name]);
    const actual = evaluateLoss(algorithm, switches, tokensOf(sequences, pick('logprobs'), pick('entropies')));
    const expectedGradient = trained.flatMap((i) => gradients[i]!);
    // The inputs of a batch are float32, 6e-8 relative each, and the terms of the loss partly cancel: its scale is Σ |∂L/∂logπ|.
    const scale = expectedGradient.reduce((total, value) => total + Math.abs(value), Math.abs(expected.loss));
    expect(Math.abs(actual.loss - expected.loss)).toBeLessThan(1e-6 * scale);
    expectClose(actual.gradLogprobs, expectedGradient, 1e-6);
  });

  it('no algorithm is without a golden', () => {
    const covered = [...cases, ...read('losses').cases].map(({ algorithm }) => algorithm);
    expect(Object.keys(algorithms).filter((key) => !covered.includes(key))).toEqual([]);
  });
});

/** Within `tolerance`, relative to the largest expected value. */
function expectClose(actual: readonly number[], expected: readonly number[], tolerance: number): void {
  expect(actual.length).toBe(expected.length);
  const scale = Math.max(1e-12, ...expected.map(Math.abs));
  actual.forEach((value, i) => expect(Math.abs(value - expected[i]!) / scale).toBeLessThan(tolerance));
}
