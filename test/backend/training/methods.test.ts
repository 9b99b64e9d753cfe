/** What each method makes its groups of: which sequences, given what, with which credit. The losses are held by goldens. */
import { describe, expect, it } from 'vitest';
import { numeric } from '../../../backend/rewards/numeric.ts';
import type { Verifier } from '../../../backend/rewards/verifier.ts';
import { collectStep, type Collected } from '../../../backend/training/collect.ts';
import { StepScope } from '../../../backend/training/stepScope.ts';
import { stepMetrics } from '../../../backend/training/stepMetrics.ts';
import { updatePolicy } from '../../../backend/training/update.ts';
import { scriptedLogprobs } from '../../support/scriptedEngine.ts';
import {
  problem,
  problems,
  scriptedRun,
  scriptOf,
  tokenizer,
  type Fate,
  type ScriptedRun,
  type ScriptedRunOptions,
} from '../../support/scriptedRun.ts';

interface Made extends ScriptedRun {
  readonly collected: Collected;
  readonly scope: StepScope;
}

async function collect(algorithm: string, fates: readonly Fate[], options: Partial<ScriptedRunOptions> = {}): Promise<Made> {
  const config = { algorithm, ...options.config, switches: { nRollouts: 2, ...options.config?.switches } };
  const made = await scriptedRun({ problems: problems(fates.length), script: scriptOf(fates), ...options, config });
  const scope = new StepScope(3, 7);
  return { ...made, scope, collected: await collectStep(made.run, scope, made.run.trainProblems) };
}

/** Members of the first group: the last part of the id, reward, advantage and weight. */
function members({ collected }: Made, group = 0): [string, number, number, number][] {
  return (collected.groups[group]?.group.members ?? []).map(({ id, reward, advantage, weight }) => [
    id.split('/').slice(3).join('/'),
    reward,
    advantage,
    weight,
  ]);
}

/** What the engine was trained on, as text: what stands before, and what is to be learned. */
async function trainedTexts({ run, scope, collected, engine }: Made): Promise<{ given: string; learned: string }[]> {
  await updatePolicy(run, scope, collected.groups);
  return engine.callsOf('forwardBackward').flatMap(({ sequences }) =>
    sequences.map(({ tokens, targets }) => {
      const start = targets[0] ?? 0;
      return { given: tokenizer.decode([...tokens.slice(0, start)]), learned: tokenizer.decode([...tokens.slice(start)], { skipSpecial: true }) };
    }),
  );
}

const rescued: Fate = { rollouts: 'RW', refinements: '-R' };

describe('what is imitated', () => {
  it('by RAFT is every right rollout', async () => {
    const made = await collect('raft', [{ rollouts: 'RW' }, { rollouts: 'RR' }, { rollouts: 'WW' }]);
    expect(members(made)).toEqual([
      ['r0', 1, 1, 0.5],
      ['r1', 0, 0, 0],
    ]);
    expect(made.collected.groups.map(({ group }) => group.zeroSignal)).toEqual([false, false, true]);
    expect((await trainedTexts(made)).map(({ learned }) => learned)).toEqual([
      expect.stringContaining('= 15'),
      expect.stringContaining('= 16'),
      expect.stringContaining('= 16'),
    ]);
    expect(made.collected.critiques).toEqual([]);
  });

  it('by Refinement FT is every right refinement, as an answer to the problem alone', async () => {
    const made = await collect('refinement-ft', [rescued]);
    expect(members(made)).toEqual([
      ['r0', 1, 0, 0],
      ['r1', 0, 0, 0],
      ['r1/refinement', 1, 1, 1 / 3],
    ]);
    expect(await trainedTexts(made)).toEqual([
      { given: tokenizer.decode([...made.run.promptOf(problem(0))]), learned: 'Step 1: 10 + 5 = 15. Answer: 15.' },
    ]);
  });

  it('by CITL-FT are right rollouts, and right refinements given answer and critique', async () => {
    const made = await collect('citl-ft', [rescued]);
    const texts = await trainedTexts(made);
    expect(members(made).map(([id, , advantage]) => [id, advantage])).toEqual([
      ['r0', 1],
      ['r1', 0],
      ['r1/refinement', 1],
    ]);
    expect(texts.map(({ given }) => /Answer: 61\.\s*<eos>\s*<c>\s*The answer is wrong\.\s*<r>$/.test(given))).toEqual([false, true]);
    const refinement = made.collected.groups[0]?.members.at(-1);
    expect(refinement?.behaviorLogprobs).toEqual(refinement?.tokens.map(() => scriptedLogprobs.sampled));
  });

  it('by Critique FT is the critique, given problem and answer; nothing is refined', async () => {
    const made = await collect('critique-ft', [rescued]);
    expect(members(made)).toEqual([
      ['r0', 1, 0, 0],
      ['r1', 0, 0, 0],
      ['r1/critique', 1, 1, 1 / 3],
    ]);
    expect(made.collected.refined).toEqual([]);
    const texts = await trainedTexts(made);
    expect(texts).toEqual([{ given: expect.stringMatching(/Answer: 61\.\s*<eos>\s*<c>$/) as string, learned: 'The answer is wrong.' }]);
    const { engine } = made;
    const [sequence] = engine.callsOf('forwardBackward')[0]?.sequences ?? [];
    expect(sequence?.tokens.at(-1)).toBe(tokenizer.eosToken);
  });

  it('leaves out a critique that does not fit the context, with a notice', async () => {
    const made = await collect('critique-ft', [rescued], { parts: { contextLength: 20 } });
    expect(members(made).map(([id]) => id)).toEqual(['r0', 'r1']);
    expect(made.scope.notices).toMatchObject([{ code: 'critique.tooLong', message: expect.stringContaining('20 tokens') as string }]);
  });
});

describe('demonstrations', () => {
  it('stand in LUFFY’s groups under the baseline of all, judged by the verifier', async () => {
    const wrong = { ...problem(1), demonstration: 'Answer: 3.' };
    const made = await collect('luffy', [{ rollouts: 'WW' }, { rollouts: 'WW' }], { problems: [problem(0), wrong] });
    expect(members(made)).toEqual([
      ['r0', 0, -1 / 3, 1 / 3],
      ['r1', 0, -1 / 3, 1 / 3],
      ['d', 1, 1 - 1 / 3, 1 / 3],
    ]);
    expect(members(made, 1)).toEqual([
      ['r0', 0, 0, 1 / 3],
      ['r1', 0, 0, 1 / 3],
      ['d', 0, 0, 1 / 3],
    ]);
    expect(made.collected.verdicts.map(({ rolloutId }) => rolloutId.split('/').at(-1))).toEqual(['r0', 'r1', 'r0', 'r1']);
  });

  it('are imitated beside rollouts whose advantages know nothing of them', async () => {
    const made = await collect('rl-with-sft', [{ rollouts: 'RW' }], { config: { algorithm: 'rl-with-sft', switches: { advantageStd: false } } });
    expect(members(made)).toEqual([
      ['r0', 1, 0.5, 0.5],
      ['r1', 0, -0.5, 0.5],
      ['d', 1, 1, 1],
    ]);
  });

  it('that the verifier came to no judgment on are left out of a comparison', async () => {
    const demonstration = 'Answer: 15.';
    const verifier: Verifier = {
      ...numeric,
      verify(input) {
        if (input.completion === demonstration) throw new Error('it tripped');
        return numeric.verify(input);
      },
    };
    const made = await collect('luffy', [{ rollouts: 'RW' }], { problems: [{ ...problem(0), demonstration }], parts: { verifier } });
    expect(members(made).map(([id]) => id)).toEqual(['r0', 'r1']);
    expect(made.collected.groups[0]?.group.excluded).toBe(0);
    expect(made.scope.notices).toMatchObject([{ code: 'verifier.failed' }]);
  });
});

describe('the self-teacher of SDPO', () => {
  it('reads the critique, and speaks of every token of the criticized rollout', async () => {
    const made = await collect('sdpo', [rescued]);
    const [right, wrong] = made.collected.groups[0]?.members ?? [];
    expect(right?.teacherLogprobs).toBeNull();
    expect([...(wrong?.teacherLogprobs ?? [])]).toEqual(wrong?.tokens.map(() => scriptedLogprobs.policy));
    const [sequence] = made.engine.callsOf('forward')[0]?.sequences ?? [];
    const start = sequence?.targets[0] ?? 0;
    expect(tokenizer.decode([...(sequence?.tokens ?? [])].slice(0, start))).toMatch(/Answer: 61\.\s*<eos>\s*<c>\s*The answer is wrong\.\s*<r>$/);
    expect([...(sequence?.tokens ?? [])].slice(start)).toEqual(wrong?.tokens);
    expect(members(made)).toEqual([
      ['r0', 1, 0, 0],
      ['r1', 0, 0, 0.5],
    ]);
    expect(made.collected.groups[0]?.group.zeroSignal).toBe(false);
    expect(made.collected.refined).toEqual([]);

    await updatePolicy(made.run, made.scope, made.collected.groups);
    const [trained] = made.engine.callsOf('forwardBackward')[0]?.sequences ?? [];
    expect([...(trained?.inputs['teacherLogprobs'] ?? [])]).toEqual(wrong?.tokens.map(() => scriptedLogprobs.policy));
    expect([...(trained?.inputs['behaviorLogprobs'] ?? [])]).toEqual(wrong?.tokens.map(() => scriptedLogprobs.sampled));
  });

  it('shares the advantage with the rewards by its weight', async () => {
    const made = await collect('sdpo', [rescued], { config: { algorithm: 'sdpo', switches: { distillationWeight: 0.25 } } });
    expect(members(made)).toEqual([
      ['r0', 1, 0.5, 0.5],
      ['r1', 0, -0.375, 0.5],
    ]);
  });
});

describe('overlong answers', () => {
  it('lose reward, not their verdict, with any algorithm', async () => {
    // Wrong answers have 5 tokens of 24, right ones 20: with half as buffer the latter lose 8/12.
    const made = await collect('grpo', [{ rollouts: 'RW' }], { config: { algorithm: 'grpo', switches: { overlongBuffer: 0.5 } } });
    const [right, wrong] = made.collected.groups[0]?.members ?? [];
    const length = right?.tokens.length ?? 0;
    expect(length).toBeGreaterThan(12);
    expect(right?.reward).toBeCloseTo(1 - (length - 12) / 12, 12);
    expect(wrong?.reward).toBe(0);
    expect(made.collected.verdicts.map(({ status, reward }) => [status, reward])).toEqual([
      ['right', 1],
      ['wrong', 0],
    ]);
    expect(stepMetrics(made.collected)['overlongPunishment']).toBeCloseTo((length - 12) / 24, 12);
  });

  it('leave no metric where nothing is punished', async () => {
    const made = await collect('grpo', [{ rollouts: 'RW' }]);
    expect(stepMetrics(made.collected)).not.toHaveProperty('overlongPunishment');
  });
});
