/** A run whose rewards come from a researcher's own function in Python. */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { WorkbenchError } from '../../../backend/core/errors.ts';
import { findVerifier } from '../../../backend/training/findPlugin.ts';
import { planRun } from '../../../backend/training/plan.ts';
import { resolveRunSource } from '../../../backend/training/runFile.ts';
import { train } from '../../../backend/training/trainer.ts';
import { runFolder } from '../../../backend/store/workspaceFolders.ts';
import { demoFolder, problem, problems, scriptedRun, scriptOf, told, type ScriptedRun, type ScriptedRunOptions } from '../../support/scriptedRun.ts';
import { temporaryFolder } from '../../support/temporaryFolder.ts';

const answerOf = `import re

def answer(input):
    return (re.findall(r'Answer: (\\d+)', input['completion']) or [''])[-1]

def reward(input):
`;

async function runWith(
  body: string,
  { fault, ...config }: ScriptedRunOptions['config'] & Pick<ScriptedRunOptions, 'fault'> = {},
): Promise<{ made: ScriptedRun; path: string }> {
  const path = join(temporaryFolder(), 'reward.py');
  writeFileSync(path, answerOf + body);
  const fates = [
    { rollouts: 'RW', refinements: 'RR' },
    { rollouts: 'WW', refinements: 'WR' },
  ];
  const made = await scriptedRun({
    problems: problems(2),
    script: scriptOf(fates),
    config: { verifier: path, training: { steps: 2 }, switches: { trigger: 'anyWrong' }, ...config },
    ...(fault === undefined ? {} : { fault }),
  });
  return { made, path };
}

const statuses = ({ store }: ScriptedRun): unknown => store.rolloutPage({ runId: 'run', order: 'oldest' }).rows.map(({ status }) => status);

describe('a reward function', () => {
  it('gives the rewards that are trained on, and its version is told', async () => {
    const { made } = await runWith(
      `    print('graded', input['problem']['id'])\n    return {'reward': 2.5, 'status': 'right'} if answer(input) == input['answer'] else -1\n`,
    );
    await train(made.run);
    expect(statuses(made)).toEqual(['right', 'wrong', 'wrong', 'wrong', 'right', 'wrong', 'wrong', 'wrong']);
    const members = made.store.group('run', 'run/1/p0')?.group.members.map(({ reward }) => reward);
    expect(members?.slice(0, 2)).toEqual([2.5, -1]);
    const notices = made.store.eventsAfter(0, 1000).flatMap(({ body }) => (body.type === 'noticeRaised' ? [body] : []));
    expect(notices.map(({ code }) => code)).toEqual(['verifier.loaded']);
    expect(notices[0]?.message).toMatch(/^Rewards come from reward\.py, version [0-9a-f]{8}\.$/u);
    expect(readFileSync(join(runFolder(made.workspace, 'run'), 'verifier.log'), 'utf8')).toMatch(/graded p0\ngraded p/u);
  }, 30_000);

  it('that is edited while the run goes on counts from the next step on', async () => {
    const { made, path } = await runWith(`    return answer(input) == input['answer']\n`);
    made.store.onEvents((events) => {
      if (events.some(({ body }) => body.type === 'stepFinished' && body.update.step === 1)) writeFileSync(path, `${answerOf}    return True\n`);
    });
    await train(made.run);
    expect(statuses(made)).toEqual(['right', 'wrong', 'wrong', 'wrong', 'right', 'right', 'right', 'right']);
    expect(told(made.store.eventsAfter(0, 1000)).filter((text) => text.startsWith('notice'))).toEqual([
      'noticeRaised 0 verifier.loaded',
      'noticeRaised 2 verifier.changed',
    ]);
  }, 30_000);

  it.each(['critique-grpo', 'luffy'])(
    'that says something else each time lets %s make steps again after its engine died',
    async (algorithm) => {
      let calls = 0;
      const { made } = await runWith(`    import random; return random.random()\n`, {
        algorithm,
        training: { steps: 4 },
        checkpoint: { every: 2 },
        fault: (method) => {
          if (method === 'forwardBackward' && ++calls === 4)
            throw new WorkbenchError({ code: 'engine.died', message: 'It is gone.', remedy: 'None.' });
        },
      });
      const recorded: (number | null)[][] = [];
      const rewards = (): (number | null)[] => made.store.rolloutPage({ runId: 'run', order: 'oldest', limit: 8 }).rows.map(({ reward }) => reward);
      made.store.onEvents((events) => {
        if (events.some(({ body }) => body.type === 'stepFinished' && body.update.step >= 2)) recorded.push(rewards());
      });
      await train(made.run);
      expect(made.engines).toHaveLength(2);
      expect(told(made.store.eventsAfter(0, 1000)).at(-1)).toBe('runStopped 4 finished');
      expect(recorded.length).toBeGreaterThan(1);
      for (const seen of recorded) expect(seen).toEqual(recorded[0]);
    },
    60_000,
  );

  it.each([
    ['loops', 'while True:\n            pass', 'deadline of 300 ms'],
    ['throws', 'raise ValueError("no idea")', 'no idea'],
    ['returns NaN', 'return float("nan")', 'nan'],
    ['exits', 'import os; os._exit(5)', 'code 5'],
    ['prints a megabyte and fails', 'print("x" * (1 << 20)); raise KeyError("gone")', 'gone'],
  ])(
    'that %s on an answer costs that answer, and the run goes on',
    async (_, fault, reason) => {
      const { made } = await runWith(`    if answer(input) == '60':\n        ${fault}\n    return answer(input) == input['answer']\n`, {
        verifierOptions: { deadlineMs: 300 },
      });
      await train(made.run);
      const { rows } = made.store.rolloutPage({ runId: 'run', status: 'failed' });
      expect(rows.length).toBeGreaterThan(0);
      for (const { id, cause } of rows) {
        expect(cause).toBe('verifierFailed');
        expect(made.store.attempt('run', id)?.verdict?.reason).toContain(reason);
      }
      // Never scored as wrong: not in the group at all.
      const failed = new Set(rows.map(({ id }) => id));
      const members = ['run/1/p0', 'run/1/p1'].flatMap((id) => made.store.group('run', id)?.group.members ?? []);
      expect(members.some(({ id }) => failed.has(id))).toBe(false);
      expect(told(made.store.eventsAfter(0, 1000)).at(-1)).toBe('runStopped 2 finished');
    },
    60_000,
  );
});

describe('before the start', () => {
  it('a function that cannot be loaded, or fails on the gold answers, is no run', async () => {
    await expect(runWith('    return 1 +\n')).rejects.toMatchObject({ code: 'verifier.cannotLoad' });
    await expect(runWith('    raise ValueError("always")\n')).rejects.toMatchObject({
      code: 'verifier.unfit',
      message: expect.stringMatching(/comes to no judgment on the gold answer of 2 of 2 problems.*always/u) as string,
    });
  }, 30_000);

  it('the path is looked at, the plan tells of it, and nothing is run', async () => {
    const folder = temporaryFolder();
    const path = join(folder, 'reward.py');
    expect(() => findVerifier(path)).toThrow(/There is no reward function at/u);
    writeFileSync(path, `open(${JSON.stringify(join(folder, 'trace'))}, 'w').close()\n`);
    expect(findVerifier(path)).toMatchObject({ name: 'reward.py', isBounded: false, knowsGold: false, path });
    const plan = await planRun(resolveRunSource({ preset: 'demo', overrides: { verifier: path } }), { demoFolder, available: 1e12 });
    expect(plan.arithmetic.at(-1)).toBe(`rewards: Your own reward function in ${path}, run in a process of its own with your rights.`);
    expect(plan.warnings).toEqual([]);
    expect(existsSync(join(folder, 'trace'))).toBe(false);
    expect(() => findVerifier('nonesuch')).toThrow(/the path of a reward function \(\*\.py, \*\.js, \*\.ts\) or one of: .*numeric/u);
  });

  it('a verifier that knows most of the gold answers starts, and the run tells which it does not know', async () => {
    const odd = { ...problem(2), answer: 'red' };
    const made = await scriptedRun({ problems: [...problems(2), odd], script: scriptOf([{ rollouts: 'R' }, { rollouts: 'R' }, { rollouts: 'R' }]) });
    await train(made.run);
    const [notice] = made.store.eventsAfter(0, 1000).flatMap(({ body }) => (body.type === 'noticeRaised' ? [body] : []));
    expect(notice).toMatchObject({ code: 'verifier.missesGold', step: 0 });
    expect(notice?.message).toMatch(/^The verifier "numeric" does not recognize the gold answer of 1 of 3 problems, for example "red" of p2: /u);
  });

  it('the plan warns of a verifier that does not know the gold answers', async () => {
    const plan = await planRun(resolveRunSource({ preset: 'demo', overrides: { verifier: 'choice' } }), { demoFolder, available: 1e12 });
    expect(plan.warnings).toEqual([
      expect.stringMatching(/^The verifier "choice" does not recognize the gold answer of 200 of 200 that were tried, for example/u),
    ]);
  });
});
