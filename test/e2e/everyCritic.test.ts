/** Every critic in the registry trains a real model for two steps, and what it wrote is recorded under its kind. */
import { beforeAll, expect, it } from 'vitest';
import { critics } from '../../backend/critics/index.ts';
import type { RunConfigInput } from '../../backend/protocol/runConfig.ts';
import { openStore } from '../../backend/store/openStore.ts';
import { chatServer, says } from '../backend/critics/chatServer.ts';
import { writeProblems } from '../support/scriptedRun.ts';
import { temporaryFolder, temporaryFolderOfFile } from '../support/temporaryFolder.ts';
import { makeTinyModel, tinyProblems } from '../support/tinyModel.ts';
import { atPhase, runId, tinyConfig, trainTiny } from './tinyRun.ts';

const folder = temporaryFolderOfFile();
let model = '';
beforeAll(async () => {
  model = await makeTinyModel(folder);
});

/** What a critic needs besides its name. */
const needed: Readonly<Record<string, () => Promise<RunConfigInput['criticOptions']>>> = {
  chainOfThought: async () => ({ baseUrl: (await chatServer(says('Add the numbers again. Conclusion: wrong [END]'))).baseUrl, model: 'judge' }),
  weakToStrong: () => Promise.resolve({ modelFolder: model, maxTokens: 12 }),
};

it.each(Object.entries(critics))('%s', async (name, critic) => {
  const workspace = temporaryFolder();
  const config: RunConfigInput = {
    ...tinyConfig(model, writeProblems(`${workspace}/problems.jsonl`, tinyProblems)),
    critic: name,
    criticOptions: await needed[name]?.(),
    training: { steps: 2, problemsPerStep: 4 },
    evaluation: { every: 0, failureAttempts: 1 },
  };
  const pids: number[] = [];
  const outcome = await trainTiny({ workspace, config, onEngine: (pid) => pids.push(pid) });
  expect(outcome).toMatchObject({ reason: 'finished', step: 2 });
  expect(pids).toHaveLength(critic.needs.model === 'folder' ? 2 : 1);
  for (const pid of pids) expect(() => process.kill(pid, 0)).toThrow(/ESRCH/);

  const store = openStore(workspace, { readOnly: true });
  try {
    const { wrong, kinds } = store.funnel(runId);
    expect(wrong).toBeGreaterThan(0);
    // The tiny policy knows no words of critique: what it says of itself may be empty or cut off, but is its own.
    expect(kinds.map(({ kind }) => kind)).toEqual([critic.kind]);
    expect(kinds[0]?.refined).toBeGreaterThan(0);
    const calls = store.critiqueCalls(runId);
    expect(calls.length > 0).toBe(['chainOfThought', 'weakToStrong', 'selfEvaluation'].includes(name));
    expect(calls.every((call) => call.critic === critic.name && (call.attempts > 0 || call.isCached))).toBe(true);
    const updates = store.updates(runId);
    expect(updates.some(({ gradientNorm }) => gradientNorm > 0)).toBe(true);
    expect(updates.every(({ loss }) => Number.isFinite(loss))).toBe(true);
  } finally {
    store.close();
  }
});

it('the death of a critic’s engine costs nothing but time', async () => {
  const workspace = temporaryFolder();
  const pids: number[] = [];
  const config: RunConfigInput = {
    ...tinyConfig(model, writeProblems(`${workspace}/problems.jsonl`, tinyProblems)),
    critic: 'weakToStrong',
    criticOptions: await needed['weakToStrong']?.(),
    training: { steps: 2, problemsPerStep: 4 },
    evaluation: { every: 0, failureAttempts: 1 },
  };
  const observer = atPhase(2, 'sample', () => void process.kill(pids[1] ?? 0, 'SIGKILL'));
  const outcome = await trainTiny({ workspace, config, observer, onEngine: (pid) => pids.push(pid) });
  expect(outcome).toMatchObject({ reason: 'finished', step: 2 });
  expect(pids).toHaveLength(3);
  const store = openStore(workspace, { readOnly: true });
  const calls = store.critiqueCalls(runId, { fromStep: 2 });
  store.close();
  expect(calls.length).toBeGreaterThan(0);
  expect(calls.every(({ attempts }) => attempts > 0)).toBe(true);
});
