/** Scores on a fixed set of problems, and which problems count as failing every time. */
import { describe, expect, it } from 'vitest';
import { numeric } from '../../../backend/rewards/numeric.ts';
import type { Verifier } from '../../../backend/rewards/verifier.ts';
import { evaluate, type Evaluated, type EvaluationRequest } from '../../../backend/training/evaluate.ts';
import { problems, scriptedRun, scriptOf, type Fate, type ScriptedRun, type ScriptedRunOptions } from '../../support/scriptedRun.ts';

async function evaluated(
  fates: readonly Fate[],
  request: Partial<EvaluationRequest> = {},
  options: Partial<ScriptedRunOptions> = {},
): Promise<ScriptedRun & Evaluated> {
  const made = await scriptedRun({ problems: problems(fates.length), script: scriptOf(fates), ...options });
  const whole = { set: 'heldOut', step: 4, problems: made.run.trainProblems, samples: 4, temperature: 0.6, ...request } as const;
  return { ...made, ...(await evaluate(made.run, whole)) };
}

describe('evaluate', () => {
  it('scores all problems and each level', async () => {
    const { evaluation, events } = await evaluated([{ rollouts: 'RWWW' }, { rollouts: 'WWWW' }, { rollouts: 'RRRR' }]);
    expect(evaluation).toMatchObject({ runId: 'run', step: 4, set: 'heldOut', samplesPerProblem: 4, temperature: 0.6 });
    expect(evaluation.all).toMatchObject({ problems: 3, samples: 12, passAt1: (0.25 + 0 + 1) / 3, neverSolved: 1 });
    expect(evaluation.all.passAtK).toEqual({ 1: 1.25 / 3, 2: 1.5 / 3, 4: 2 / 3 });
    expect(evaluation.byLevel).toMatchObject({ easy: { problems: 2, passAt1: 0.625 }, hard: { problems: 1, passAt1: 0 } });
    expect(events).toEqual([]);
  });

  it('lists the problems without a right sample, with causes and an example', async () => {
    const { failures } = await evaluated([{ rollouts: 'RWWW' }, { rollouts: 'WCWC' }]);
    expect(failures).toEqual([
      { runId: 'run', step: 4, problemId: 'p1', level: 'hard', attempts: 4, causes: { wrongValue: 2, truncated: 2 }, example: 'Answer: 60.' },
    ]);
  });

  it('leaves out samples that the verifier could not judge', async () => {
    const verifier: Verifier = {
      ...numeric,
      verify(input) {
        if (input.finish === 'length') throw new Error('it tripped');
        return numeric.verify(input);
      },
    };
    const { evaluation, failures, notices } = await evaluated(
      [{ rollouts: 'RCCC' }, { rollouts: 'CCCC' }, { rollouts: 'WCWW' }],
      {},
      { parts: { verifier } },
    );
    expect(evaluation.all).toMatchObject({ problems: 2, samples: 4, passAt1: 0.5, neverSolved: 1 });
    expect(failures.map(({ problemId, attempts }) => [problemId, attempts])).toEqual([['p2', 3]]);
    expect(notices).toMatchObject([{ code: 'verifier.failed', step: 4, message: expect.stringContaining('8 of 12 answers') as string }]);
  });

  it('samples alike at every step, and differently for each set, problem and sample', async () => {
    const seedsOf = async (request: Partial<EvaluationRequest>): Promise<number[]> => {
      const { engine } = await evaluated([{ rollouts: 'W' }, { rollouts: 'W' }], request);
      const asked = engine.callsOf('sample')[0]?.request;
      expect(asked).toMatchObject({ temperature: 0.6, maxTokens: 24 });
      return asked?.seeds.flat() ?? [];
    };
    const first = await seedsOf({ step: 0 });
    expect(await seedsOf({ step: 9 })).toEqual(first);
    expect(await seedsOf({ step: 9, samples: 2 })).toEqual([first[0], first[1], first[4], first[5]]);
    const train = await seedsOf({ set: 'train' });
    expect(new Set([...first, ...train]).size).toBe(16);
  });

  it('counts its tokens and tells how far it is', async () => {
    const { evaluation, phases, run } = await evaluated([{ rollouts: 'W' }], { samples: 2 });
    expect(evaluation.tokensSampled).toBe(run.tokenizer.encodeText('Answer: 60.Answer: 61.').length + 2);
    expect(phases).toEqual(['4 evaluate']);
  });
});
