/** `kill -9` of the backend, and of its engine, while a client watches a run: nothing it was told is lost, and the run comes to its end. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { Rng } from '../../backend/core/rng.ts';
import type { Event } from '../../backend/protocol/events.ts';
import type { RunSource } from '../../backend/protocol/methods.ts';
import type { RunConfigInput } from '../../backend/protocol/runConfig.ts';
import { openStore } from '../../backend/store/openStore.ts';
import { BackendProcess } from '../backend/server/backendProcess.ts';
import type { RpcClient } from '../backend/server/rpcClient.ts';
import { writeProblems } from '../support/scriptedRun.ts';
import { temporaryFolder, temporaryFolderOfFile } from '../support/temporaryFolder.ts';
import { makeTinyModel, tinyProblems } from '../support/tinyModel.ts';
import { allEvents, tinyConfig } from './tinyRun.ts';

const kills = 20;
const folder = temporaryFolderOfFile();
let model = '';

beforeAll(async () => {
  model = await makeTinyModel(folder);
});

function sourceIn(workspace: string, steps: number): RunSource {
  const path = writeProblems(join(workspace, 'problems.jsonl'), tinyProblems);
  const config: RunConfigInput = {
    ...tinyConfig(model, path),
    name: 'killed',
    data: { train: path, heldOut: path },
    training: { steps, problemsPerStep: 2 },
    evaluation: { every: 0, finalSamples: 1, failureAttempts: 1 },
    checkpoint: { every: 2, keep: 2 },
  };
  return { file: { path: join(workspace, 'killed.cgrpo.json'), text: JSON.stringify(config) } };
}

async function startBackend(workspace: string): Promise<BackendProcess> {
  const backend = await BackendProcess.start(workspace);
  onTestFinished(() => void backend.child.kill('SIGKILL'));
  return backend;
}

/** Starts the workspace's run, or goes on with it; null when it is at its end. */
async function beginOrResume(client: RpcClient, source: RunSource): Promise<string | null> {
  const [run] = await client.ask('run/list', {});
  if (run?.state === 'finished') return null;
  if (run === undefined) return (await client.ask('run/start', { source })).runId;
  expect(run.state).toBe('stopped');
  await client.ask('run/resume', { runId: run.id });
  return run.id;
}

function storedEvents(workspace: string): readonly Event[] {
  const store = openStore(workspace, { readOnly: true });
  try {
    return allEvents(store);
  } finally {
    store.close();
  }
}

const isEnd = ({ body }: Event): boolean => body.type === 'runStopped' && body.reason === 'finished';

describe('a backend killed at any moment', () => {
  it(`${kills} times has lost nothing that a client was told, and its run comes to the same end`, { timeout: 120_000 }, async () => {
    const rng = Rng.of(11, 'backend kills');
    const workspace = temporaryFolder();
    const source = sourceIn(workspace, 24);
    const heard: Event[] = [];
    for (let killed = 0; !heard.some(isEnd);) {
      const backend = await startBackend(workspace);
      expect(backend.greeting).toMatchObject({ ready: true, pid: backend.child.pid });
      const client = await backend.connect();
      await client.ask('events/subscribe', { afterSeq: heard.at(-1)?.seq ?? 0 });
      // Now and then it dies while it opens the run.
      const opening = beginOrResume(client, source);
      opening.catch(() => undefined);
      if (killed >= kills) {
        await client.until(() => client.events.some(isEnd), 60_000);
        expect(await backend.end('SIGTERM')).toEqual([0, null]);
      } else {
        if (killed % 4 !== 0) {
          await opening;
          const count = client.events.length + rng.integer(1, 8);
          await client.until(() => client.events.length >= count || client.events.some(isEnd));
        }
        await sleep(rng.integer(0, killed % 4 === 0 ? 250 : 25));
        expect(await backend.end('SIGKILL')).toEqual([null, 'SIGKILL']);
        killed++;
      }
      // What had arrived by then is read yet.
      await sleep(5);
      heard.push(...client.events);
      client.close();
    }
    expect(heard).toEqual(storedEvents(workspace).slice(0, heard.length));
    expect(heard.flatMap(({ body }) => (body.type === 'stepFinished' ? [body.update.step] : []))).toEqual(
      Array.from({ length: 24 }, (_, i) => i + 1),
    );
    expect(heard.filter(({ body }) => body.type === 'runStarted').length).toBeGreaterThan(kills / 2);
  });
});

/** Children of a process. */
function childrenOf(pid: number): number[] {
  return readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').split(' ').filter(Boolean).map(Number);
}

describe.runIf(process.platform === 'linux')('an engine killed at any moment', () => {
  it(`${kills} times is started anew, which the client is told each time`, { timeout: 120_000 }, async () => {
    const rng = Rng.of(12, 'engine kills');
    const workspace = temporaryFolder();
    const backend = await startBackend(workspace);
    const client = await backend.connect();
    await client.ask('events/subscribe', { afterSeq: 0 });
    const { runId } = await client.ask('run/start', { source: sourceIn(workspace, 1000) });
    const count = (type: Event['body']['type']): number => client.events.filter(({ body }) => body.type === type).length;
    for (let killed = 1; killed <= kills; killed++) {
      // A step never reached before lies between two deaths; three without one would end the run.
      const steps = count('stepFinished');
      await client.until(() => count('stepFinished') > steps);
      await sleep(rng.integer(0, 40));
      const [engine] = childrenOf(backend.child.pid ?? 0);
      process.kill(engine ?? 0, 'SIGKILL');
      await client.until(() => count('noticeRaised') === killed);
    }
    const codes = client.events.flatMap(({ body }) => (body.type === 'noticeRaised' ? [body.code] : []));
    expect(codes).toEqual(Array.from({ length: kills }, () => 'engine.restarted'));
    expect(await client.ask('run/get', { runId })).toMatchObject({ state: 'running', activity: 'training' });
    await client.ask('run/stop', { runId });
    await client.until(() => count('runStopped') === 1);
    expect(client.events).toEqual(storedEvents(workspace));
    expect(await backend.end('SIGTERM')).toEqual([0, null]);
  });
});
