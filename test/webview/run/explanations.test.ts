import { describe, expect, it } from 'vitest';
import { evaluationsOf, seriesOf, summaryOf, updatesOf, type RunTraits } from '../../../webview/gallery/runFixtures.ts';
import { explanationsOf, type Explained } from '../../../webview/run/explanations.ts';

const traits: RunTraits = { id: 'a', steps: 100, done: 60 };

/** A run whose metrics are changed: a list is its last values, a number stands for all. */
function runWith(metrics: Readonly<Record<string, number | readonly number[]>>, of: RunTraits = traits): Explained {
  const { steps, values } = seriesOf(updatesOf(of));
  const changed = Object.entries(metrics).map(([name, value]) => {
    const column =
      typeof value === 'number' ? steps.map(() => value) : [...(values[name] ?? steps.map(() => 0)).slice(0, steps.length - value.length), ...value];
    return [name, column] as const;
  });
  return {
    summary: summaryOf(of),
    curves: { steps, values: { ...values, ...Object.fromEntries(changed) } },
    evaluations: evaluationsOf(of),
    secondsSinceNews: null,
  };
}

function textsOf(run: Explained): string {
  return explanationsOf(run)
    .map(({ text }) => text)
    .join('\n');
}

const calm = {
  'metrics.groups': 8,
  'metrics.groupsZeroSignal': 1,
  'metrics.groupsRescued': 0,
  'metrics.truncated': 0,
  'metrics.verifierFailed': 0,
  gradientNorm: 0.5,
};
const falling = (from: number, to: number): number[] => Array.from({ length: 60 }, (_, i) => (i < 30 ? from : to));

describe('explanations', () => {
  it('are none for a healthy run', () => {
    expect(textsOf(runWith(calm))).toBe('');
  });

  it('are none before the first step', () => {
    expect(explanationsOf(runWith({}, { ...traits, done: 0 }))).toEqual([]);
  });

  it.each([
    [
      'a loss of 0',
      { 'metrics.groupsZeroSignal': 8, 'metrics.critiques': 0 },
      /loss is 0 because every group was all-right or all-wrong.*what the critique loop is for/,
    ],
    ['a loss of 0 in spite of critiques', { 'metrics.groupsZeroSignal': 8, 'metrics.critiques': 6 }, /No refinement was right either/],
    ['a loss of 0 because all is solved', { 'metrics.groupsZeroSignal': 8, 'metrics.groupsAllRight': 8 }, /every answer of the last step was right/],
    ['half of the groups idle', { 'metrics.groupsZeroSignal': 5 }, /5 of 8 groups of the last step taught nothing/],
    ['rescues', { 'metrics.groupsRescued': 2 }, /2 of 8 problems had no right rollout but a right refinement/],
    ['critiques that never help', { 'metrics.refinementsRight': 0, 'metrics.refinementsWrong': 3 }, /None of the last 30 refinements was right/],
    ['cut-off answers', { 'metrics.truncated': 0.25 }, /25 % of the last answers hit the token limit/],
    ['a failing verifier', { 'metrics.verifierFailed': 1 }, /failed on 1 answer of/],
    ['a growing condition gap', { 'metrics.conditionGap': falling(0.3, 0.9) }, /condition gap has grown from 0.3 to 0.9/],
    ['collapsed entropy', { 'metrics.entropy': falling(0.8, 0.04), 'metrics.passRate': 0.5 }, /Entropy has fallen from 0.8 to 0.04 nats while 50 %/],
    ['clipping', { 'metrics.clipFraction': 0.4 }, /40 % of the tokens are clipped/],
    ['a gradient spike', { gradientNorm: [...Array.from({ length: 59 }, () => 0.5), 10] }, /gradient norm, 10, is 20 times/],
  ])('speak of %s', (_, metrics, expected) => {
    expect(textsOf(runWith({ ...calm, ...metrics }))).toMatch(expected);
  });

  it('do not blame entropy that fell because the policy is right', () => {
    expect(textsOf(runWith({ ...calm, 'metrics.entropy': falling(0.8, 0.04), 'metrics.passRate': 0.97 }))).toBe('');
  });

  it('name the problems that rewards alone never solve', () => {
    const stuck = runWith({}, { ...traits, kind: 'stuck', done: 60 });
    expect(textsOf(stuck)).toMatch(/flat for 20 steps, and \d+ of \d+ held-out problems were not solved in any sample.*critiques can/);
  });

  it('say that there is no held-out score, and why', () => {
    const run = { ...runWith(calm), evaluations: [] };
    expect(textsOf(run)).toMatch(/no evaluation yet/);
    const config = { ...run.summary.config, data: { ...run.summary.config.data, heldOut: null } };
    expect(textsOf({ ...run, summary: { ...run.summary, config } })).toMatch(/names no data.heldOut/);
  });

  it('notice silence, at the pace of the run', () => {
    expect(textsOf({ ...runWith(calm), secondsSinceNews: 60 })).toBe('');
    expect(textsOf({ ...runWith(calm), secondsSinceNews: 600 })).toMatch(/Nothing was heard of the run for 10 min/);
    expect(textsOf({ ...runWith({ ...calm, 'seconds.sample': 300 }), secondsSinceNews: 600 })).toBe('');
  });
});
