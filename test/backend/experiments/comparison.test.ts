import { describe, expect, it } from 'vitest';
import {
  byLabel,
  checkComparable,
  findResult,
  plannedRuns,
  resultOf,
  variantsOf,
  withResult,
  type VariantRequest,
} from '../../../backend/experiments/comparison.ts';
import type { Evaluation, Update } from '../../../backend/protocol/records.ts';
import { fabricated, fabricatedConfig, levelScore } from './fabricatedResults.ts';

const base = fabricatedConfig({ critic: 'stepLevel', switches: { trigger: 'anyWrong', critiquesPerProblem: 3 } });
const request = (asked: Partial<VariantRequest>): VariantRequest => ({ algorithms: [], critics: [], weightings: [], ...asked });

describe('variantsOf', () => {
  it.each([
    ['nothing asked for', {}, ['critique-grpo']],
    ['algorithms', { algorithms: ['grpo', 'dr-grpo', 'critiqueGrpo'] }, ['grpo', 'dr-grpo', 'critique-grpo']],
    ['one algorithm by two names', { algorithms: ['critique-grpo', 'critiqueGrpo'] }, ['critique-grpo']],
    ['critics', { critics: ['verdict', 'resample'] }, ['critique-grpo · verdict', 'critique-grpo · resample']],
    ['a weighting', { weightings: ['uniform'] }, ['critique-grpo · uniform']],
    [
      'everything',
      { algorithms: ['grpo', 'critique-grpo'], critics: ['verdict', 'step-level'], weightings: ['paper', 'uniform'] },
      [
        'grpo',
        'critique-grpo · verdict · paper',
        'critique-grpo · verdict · uniform',
        'critique-grpo · step-level · paper',
        'critique-grpo · step-level · uniform',
      ],
    ],
  ] satisfies [string, Partial<VariantRequest>, string[]][])('names variants: %s', (_, asked, labels) => {
    expect(variantsOf(base, request(asked)).map(({ label }) => label)).toEqual(labels);
  });

  it('gives the switches to algorithms with critiques and leaves the others their defaults', () => {
    const variants = variantsOf(base, request({ algorithms: ['grpo', 'critique-grpo'], weightings: ['uniform'] }));
    expect(variants.map(({ config }) => config.switches)).toEqual([{}, { ...base.switches, refinementWeighting: 'uniform' }]);
  });

  it('keeps the switches of the algorithm that the configuration is for', () => {
    const own = fabricatedConfig({ algorithm: 'grpo', switches: { nRollouts: 4 } });
    expect(variantsOf(own, request({ algorithms: ['grpo', 'dr-grpo'] })).map(({ config }) => config.switches)).toEqual([{ nRollouts: 4 }, {}]);
  });

  it('refuses names that it does not know, also where no variant would use them', () => {
    expect(() => variantsOf(base, request({ algorithms: ['ppo'] }))).toThrow(/ppo/);
    expect(() => variantsOf(base, request({ algorithms: ['grpo'], critics: ['oracle'] }))).toThrow(/oracle/);
  });
});

describe('plannedRuns', () => {
  it('goes seed by seed and names every run apart', () => {
    const runs = plannedRuns(variantsOf(base, request({ algorithms: ['grpo', 'critique-grpo'], critics: ['verdict'] })), [3, 4]);
    expect(runs.map(({ config }) => config.name)).toEqual(['grpo-seed3', 'critique-grpo-verdict-seed3', 'grpo-seed4', 'critique-grpo-verdict-seed4']);
    expect(runs.map(({ config }) => config.seed)).toEqual([3, 3, 4, 4]);
  });
});

describe('resultOf', () => {
  const evaluation = (set: Evaluation['set'], step: number, easy: number, hard: number): Evaluation => ({
    runId: 'run',
    step,
    set,
    samplesPerProblem: 4,
    temperature: 1,
    all: levelScore((easy + hard) / 2, 200),
    byLevel: { easy: levelScore(easy), hard: levelScore(hard) },
    tokensSampled: 999,
  });
  const updates = Array.from({ length: 20 }, (_, i): Update => ({
    runId: 'run',
    step: i + 1,
    policyVersion: i + 1,
    loss: 0,
    gradientNorm: 1,
    learningRate: 1e-4,
    tokensSampled: 100,
    tokensTrained: 40,
    seconds: { sample: 0.2, update: 0.1 },
    metrics: {},
  }));
  const evaluations = [
    evaluation('heldOut', 0, 0.7, 0),
    evaluation('train', 0, 0.7, 0),
    evaluation('heldOut', 10, 0.8, 0.2),
    evaluation('heldOut', 20, 0.9, 0.5),
    evaluation('train', 20, 0.9, 0.25),
  ];
  const config = fabricatedConfig({ seed: 7 });

  it('puts scores over the tokens sampled until then and adds up what was spent', () => {
    const result = resultOf({ label: 'a', config, evaluations, updates, peakRssMb: 500 });
    expect(result.curve).toEqual([
      { step: 0, tokensSampled: 0, passAt1: 0.35, byLevel: { easy: 0.7, hard: 0 } },
      { step: 10, tokensSampled: 1000, passAt1: 0.5, byLevel: { easy: 0.8, hard: 0.2 } },
      { step: 20, tokensSampled: 2000, passAt1: 0.7, byLevel: { easy: 0.9, hard: 0.5 } },
    ]);
    expect(result).toMatchObject({ seed: 7, tokens: { sampled: 2000, trained: 800 }, seconds: 6, peakRssMb: 500 });
    expect([result.before.byLevel['hard']?.passAt1, result.after.byLevel['hard']?.passAt1]).toEqual([0, 0.5]);
    expect([result.trainProblems, result.neverSolved]).toEqual([
      { easy: 100, hard: 100 },
      { easy: 10, hard: 75 },
    ]);
  });

  it('is read from a file as it was written', () => {
    const result = resultOf({ label: 'a', config, evaluations, updates, peakRssMb: 500 });
    const read = JSON.parse(JSON.stringify(result)) as typeof result;
    expect(read).toEqual(result);
    expect(findResult([read], { label: 'a', config })).toBe(read);
  });

  it('does not pass an unfinished run off as a finished one', () => {
    expect(() => resultOf({ label: 'a', config, evaluations: evaluations.slice(0, 3), updates, peakRssMb: 1 })).toThrow(/step 20/);
  });
});

describe('results of a folder', () => {
  const results = [fabricated({ seed: 1 }), fabricated({ seed: 0 }), fabricated({ algorithm: 'critique-grpo' })];

  it('finds a run only with its very configuration', () => {
    const [first] = results;
    expect(findResult(results, { label: first!.label, config: structuredClone(first!.config) })).toBe(first);
    expect(findResult(results, { label: first!.label, config: { ...first!.config, seed: 2 } })).toBeUndefined();
    expect(findResult(results, { label: 'other', config: first!.config })).toBeUndefined();
  });

  it('replaces a result of the same label and seed, and keeps the rest', () => {
    const again = fabricated({ seed: 1, hard: 0.5 });
    expect(withResult(results, again)).toEqual([results[1], results[2], again]);
  });

  it('groups by label in order of appearance, each by seed', () => {
    expect([...byLabel(results)].map(([label, runs]) => [label, runs.map(({ seed }) => seed)])).toEqual([
      ['grpo', [0, 1]],
      ['critique-grpo', [0]],
    ]);
  });
});

describe('checkComparable', () => {
  const earlier = [fabricated({ algorithm: 'grpo' })];
  const planned = (overrides: Parameters<typeof fabricatedConfig>[0], label = 'critique-grpo') => [{ label, config: fabricatedConfig(overrides) }];

  it('lets a comparison grow by algorithms, critics, switches and seeds', () => {
    expect(() => checkComparable(earlier, planned({ critic: 'verdict', switches: { nRollouts: 4 }, seed: 9 }), 'out')).not.toThrow();
    expect(() => checkComparable(earlier, planned({ algorithm: 'grpo', seed: 9 }, 'grpo'), 'out')).not.toThrow();
  });

  it.each([
    ['another number of steps', planned({ training: { ...fabricatedConfig().training, steps: 21 } }), /training of grpo/],
    ['another model', planned({ model: { path: 'other', lora: null } }), /model of grpo/],
    ['other switches under the same label', planned({ algorithm: 'grpo', switches: { nRollouts: 4 } }, 'grpo'), /switches of grpo/],
  ])('refuses %s', (_, runs, message) => {
    expect(() => checkComparable(earlier, runs, 'out')).toThrow(message);
    expect(() => checkComparable(earlier, runs, 'out')).toThrow(expect.objectContaining({ code: 'comparison.otherSettings' }));
  });
});
