/** `rescore` on the history of a run. */
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { rescore } from '../../../../backend/cli/commands/rescore.ts';
import type { RescoreReport } from '../../../../backend/protocol/verdictViews.ts';
import { openStore } from '../../../../backend/store/openStore.ts';
import { train } from '../../../../backend/training/trainer.ts';
import { problems, scriptedRun, scriptOf, type ScriptedRun } from '../../../support/scriptedRun.ts';
import { temporaryFolder } from '../../../support/temporaryFolder.ts';
import { runCommand } from './harness.ts';

async function finishedRun(): Promise<string> {
  const fates = [
    { rollouts: 'RW', refinements: 'WW' },
    { rollouts: 'WW', refinements: 'WW' },
  ];
  const workspace = temporaryFolder();
  const store = openStore(workspace);
  const { run } = await scriptedRun({
    after: { workspace, store } as ScriptedRun,
    problems: problems(2),
    script: scriptOf(fates),
    config: { switches: { trigger: 'anyWrong' } },
  });
  await train(run);
  // The command takes the store for writing.
  store.close();
  return workspace;
}

it('lists changed answers and groups, and writes all of it to a file', async () => {
  const workspace = await finishedRun();
  const reward = join(workspace, 'reward.py');
  await writeFile(reward, 'def reward(input):\n    return True\n');
  const json = join(workspace, 'out', 'rescore.json');
  const { text, exitCode } = await runCommand(rescore, ['run', '--verifier', reward, '--workspace', workspace, '--json', json]);
  expect(exitCode).toBe(0);
  expect(text).toMatch(/^Run run, rescoring1: \d+ answers graded with reward\.py\.$/mu);
  expect(text).toMatch(/^ {2}wrong → right: \d+$/mu);
  expect(text).toMatch(/^ {2}run\/1\/p1\/r0: wrong 0 → right 1 {2}The function gave the reward 1\.$/mu);
  expect(text).toMatch(/^2 of 2 groups would have been others:$/mu);
  expect(text).toMatch(/^ {2}run\/1\/p1: allWrong → allRight, advantages change by up to [\d.]+$/mu);
  const report = JSON.parse(await readFile(json, 'utf8')) as RescoreReport;
  expect(report.groups.map(({ groupId }) => groupId)).toEqual(['run/1/p0', 'run/1/p1']);

  const same = await runCommand(rescore, ['run', '--workspace', workspace]);
  expect(same.text).toMatch(
    /rescoring2: \d+ answers graded with numeric\.\n\nEvery answer keeps its status\.\n\nNone of 2 groups would have been another\.\n$/u,
  );
}, 30_000);

it('names a run that is not there', async () => {
  const workspace = await finishedRun();
  await expect(runCommand(rescore, ['other', '--workspace', workspace])).rejects.toMatchObject({ code: 'run.missing' });
});
