/** From groups to the sequences an engine is trained on, and when an update is made at all. */
import { describe, expect, it } from 'vitest';
import { collectStep } from '../../../backend/training/collect.ts';
import { StepScope } from '../../../backend/training/stepScope.ts';
import { updatePolicy, type Updated } from '../../../backend/training/update.ts';
import { scriptedLogprobs } from '../../support/scriptedEngine.ts';
import { problems, scriptedRun, scriptOf, type Fate, type ScriptedRun, type ScriptedRunOptions } from '../../support/scriptedRun.ts';

type Config = NonNullable<ScriptedRunOptions['config']>;

async function update(fates: readonly Fate[], config: Config = {}): Promise<ScriptedRun & { updated: Updated }> {
  const made = await scriptedRun({ problems: problems(fates.length), script: scriptOf(fates), config });
  return { ...made, updated: await updateOf(made) };
}

async function updateOf({ run }: ScriptedRun): Promise<Updated> {
  const scope = new StepScope(1, 0);
  const { groups } = await collectStep(run, scope, run.trainProblems);
  return updatePolicy(run, scope, groups);
}

/** Per sequence of an update: one value of each input (all its tokens have the same), and whether it is a refinement's. */
function inputsOf({ engine }: ScriptedRun, at = 0, names: readonly string[] = ['advantages', 'isOffPolicy', 'behaviorLogprobs']): number[][] {
  const { sequences } = engine.callsOf('forwardBackward')[at] as { sequences: readonly { inputs: Readonly<Record<string, Float32Array>> }[] };
  return sequences.map(({ inputs }) =>
    names.map((name) => {
      const values = [...(inputs[name] as Float32Array)];
      expect(new Set(values).size).toBe(1);
      return values[0] as number;
    }),
  );
}

describe('credit', () => {
  const rescued: Fate = { rollouts: 'WWW', refinements: 'RRR' };

  it('reaches the sequences with its advantage, its origin and the behavior logprobs of its own context', async () => {
    const made = await update([rescued], { switches: { nRollouts: 3 } });
    expect(inputsOf(made)).toEqual([
      [-0.25, 0, scriptedLogprobs.sampled],
      [-0.25, 0, scriptedLogprobs.sampled],
      [-0.25, 0, scriptedLogprobs.sampled],
      [0.75, 1, scriptedLogprobs.policy],
    ]);
  });

  it.each([
    ['paper', [1 / 3, 1 / 3, 1 / 3, 1]],
    ['uniform', [1 / 4, 1 / 4, 1 / 4, 1 / 4]],
  ] as const)('weighs %s: rollouts and refinement', async (refinementWeighting, expected) => {
    const made = await update([rescued, { rollouts: 'RRR' }], { switches: { nRollouts: 3, refinementWeighting } });
    const { maxTokens } = made.run.config.sampling;
    // The group without signal counts in the mean over groups.
    const weights = inputsOf(made, 0, ['weights']).map(([weight]) => (weight as number) * 2 * maxTokens);
    weights.forEach((weight, i) => expect(weight).toBeCloseTo(expected[i] as number, 6));
    expect(weights).toHaveLength(4);
  });

  it('of demonstrations is imitation', async () => {
    const made = await update([{ rollouts: 'W' }, { rollouts: 'W' }], { algorithm: 'sft' });
    expect(made.engine.calls.map(({ method }) => method)).toEqual(['forwardBackward', 'optimStep']);
    expect(inputsOf(made)).toEqual([
      [1, 1, 0],
      [1, 1, 0],
    ]);
    expect(made.updated).toMatchObject({ updates: 1, policyVersion: 1, loss: 2 });
  });
});

describe('updates', () => {
  it('are not made where nothing has a signal', async () => {
    const made = await update([{ rollouts: 'RR' }, { rollouts: 'WW', refinements: 'WW' }]);
    expect(made.updated).toMatchObject({ updates: 0, policyVersion: 0, tokensTrained: 0, loss: 0, gradientNorm: 0 });
    expect(made.engine.callsOf('optimStep')).toEqual([]);
  });

  it('have the optimizer’s settings and the learning rate of their number', async () => {
    const optimizer = { learningRate: 0.5, schedule: 'linear', weightDecay: 0.1, gradientClip: null, beta2: 0.98 } as const;
    const made = await update([{ rollouts: 'RW' }, { rollouts: 'RW' }], { optimizer, training: { updatesPerStep: 2, steps: 2 } });
    const common = { weightDecay: 0.1, gradientClip: null, beta1: 0.9, beta2: 0.98, epsilon: 1e-8 };
    expect(made.engine.callsOf('optimStep').map(({ request }) => request)).toEqual([
      { ...common, learningRate: 0.5 },
      { ...common, learningRate: 0.375 },
    ]);
  });

  it('of a step split its groups', async () => {
    const fates = [{ rollouts: 'RW' }, { rollouts: 'RR' }, { rollouts: 'RW' }, { rollouts: 'WW', refinements: 'RR' }];
    const made = await update(fates, { training: { updatesPerStep: 2 } });
    expect(made.engine.callsOf('forwardBackward').map(({ sequences }) => sequences.length)).toEqual([2, 5]);
    expect(made.updated).toMatchObject({ updates: 2, policyVersion: 2, loss: 3.5 });
    const tokens = made.engine.callsOf('forwardBackward').flatMap(({ sequences }) => sequences.map((sequence) => sequence.tokens.length));
    expect(made.updated.tokensTrained).toBe(tokens.reduce((sum, length) => sum + length, 0));
  });

  it('of a step are all made once one is', async () => {
    const made: ScriptedRun = await scriptedRun({
      problems: problems(2),
      script: scriptOf([{ rollouts: 'RW' }, { rollouts: 'RW' }]),
      config: { training: { updatesPerStep: 2 } },
      fault: (method, earlier) => {
        if (method === 'optimStep' && earlier === 0) made.controller.abort();
      },
    });
    await expect(updateOf(made)).resolves.toMatchObject({ updates: 2 });
  });

  it('can be stopped before the first', async () => {
    const made: ScriptedRun = await scriptedRun({
      problems: problems(1),
      script: scriptOf([{ rollouts: 'RW' }]),
      fault: (method) => {
        if (method === 'forwardBackward') made.controller.abort();
      },
    });
    await expect(updateOf(made)).rejects.toThrow(/abort/i);
    expect(made.engine.callsOf('optimStep')).toEqual([]);
  });
});

describe('a KL penalty', () => {
  it('asks the reference weights about every member, those without advantage too', async () => {
    const made = await update([{ rollouts: 'RW' }, { rollouts: 'RR' }], { algorithm: 'grpo', switches: { klCoefficient: 0.01 } });
    expect(made.engine.callsOf('forward').map(({ weights, sequences }) => [weights, sequences.length])).toEqual([['reference', 4]]);
    expect(inputsOf(made, 0, ['referenceLogprobs'])).toEqual([[-2], [-2], [-2], [-2]]);
  });
});
