import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { Event } from '../../../backend/protocol/events.ts';
import type { RunSource } from '../../../backend/protocol/methods.ts';
import { launchBackend } from '../../../extension/backend/launcher.ts';
import { repositoryRoot } from '../../support/sourceTree.ts';
import { backendLog, endProcess, openWindow, until, workspaceOfTest } from './liveBackend.ts';

describe('the backend of a window', () => {
  it('is started by the first request, once for requests that come together', async () => {
    const workspace = workspaceOfTest();
    const { backend, hellos, connections, launches } = openWindow(workspace);
    const answers = await Promise.all([backend.request('run/list', {}), backend.request('preset/list', {}), backend.request('run/list', {})]);
    expect(answers[1].map(({ name }) => name)).toContain('demo');
    expect([launches(), hellos.length]).toEqual([1, 1]);
    expect(connections.map(({ state }) => state)).toEqual(['connecting', 'connected']);
  });

  it('is not started to see whether there is one', async () => {
    const { backend, launches } = openWindow(workspaceOfTest());
    expect(await backend.attach()).toBe(false);
    expect([launches(), backend.connection.state]).toEqual([0, 'lost']);
  });

  it('outlives the window, and the next window finds it', async () => {
    const workspace = workspaceOfTest();
    const first = openWindow(workspace);
    await first.backend.connect();
    first.backend.dispose();
    const second = openWindow(workspace);
    expect(await second.backend.attach()).toBe(true);
    expect(second.hellos[0]?.pid).toBe(first.hellos[0]?.pid);
    expect(second.launches()).toBe(0);
  });

  it('serves two windows', async () => {
    const workspace = workspaceOfTest();
    const windows = [openWindow(workspace), openWindow(workspace)];
    await Promise.all(windows.map(({ backend }) => backend.connect()));
    const pids = windows.map(({ hellos }) => hellos[0]?.pid);
    expect(pids[0]).toBe(pids[1]);
  });

  it('is started again after its death, and says so', async () => {
    const workspace = workspaceOfTest();
    const { backend, hellos, connections } = openWindow(workspace);
    await backend.connect();
    const pid = hellos[0]?.pid ?? 0;
    endProcess(pid);
    await until(() => hellos.length === 2, 'the second backend');
    expect(hellos[1]?.pid).not.toBe(pid);
    expect(connections.some(({ detail }) => detail.includes(`(pid ${pid}) ended unexpectedly`))).toBe(true);
    expect(await backend.request('run/list', {})).toEqual([]);
  });

  it('is started again though it died before it heard of the subscription', async () => {
    const workspace = workspaceOfTest();
    let deaths = 0;
    const { backend, hellos, connections } = openWindow(workspace, {
      connected: ({ pid }) => {
        if (deaths++ === 0) endProcess(pid);
      },
    });
    await expect(backend.connect()).rejects.toMatchObject({ code: 'backend.connectionLost' });
    await until(() => hellos.length === 2 && connections.at(-1)?.state === 'connected', 'the second backend');
    expect(await backend.request('run/list', {})).toEqual([]);
  });

  it('that keeps dying is left alone after a while, until someone asks', async () => {
    const workspace = workspaceOfTest();
    const { backend, hellos, connections } = openWindow(workspace);
    await backend.connect();
    for (let i = 1; i <= 4; i++) {
      await until(() => hellos.length === i && backend.connection.state === 'connected', `backend ${i}`);
      // Else its death meets the subscription, which is another test.
      await backend.request('run/list', {});
      endProcess(hellos[i - 1]?.pid ?? 0);
    }
    await until(() => connections.at(-1)?.state === 'lost', 'the end of the attempts');
    expect(connections.at(-1)?.detail).toContain('Restart Backend');
    expect(await backend.request('run/list', {})).toEqual([]);
  });

  it('fails a request by name when it dies before the answer', async () => {
    const workspace = workspaceOfTest();
    const { backend, hellos } = openWindow(workspace);
    await backend.connect();
    const answer = backend.request('run/plan', { source: { preset: 'demo' } });
    endProcess(hellos[0]?.pid ?? 0);
    await expect(answer).rejects.toMatchObject({ code: 'backend.connectionLost', message: expect.stringContaining('run/plan') as unknown });
  });

  it('cancels on the other side what was given up here', async () => {
    const { backend } = openWindow(workspaceOfTest());
    await backend.connect();
    const abort = new AbortController();
    const answer = backend.request('workspace/doctor', { source: { preset: 'demo' } }, abort.signal);
    abort.abort();
    await expect(answer).rejects.toMatchObject({ code: 'request.cancelled' });
  });

  it('ends in order when told to, and starts again when needed', async () => {
    const workspace = workspaceOfTest();
    const { backend, hellos, connections, launches } = openWindow(workspace);
    await backend.connect();
    await backend.restart();
    expect(launches()).toBe(2);
    expect(hellos[1]?.pid).not.toBe(hellos[0]?.pid);
    expect(backendLog(workspace)).toContain('the backend ends: a client asked for it');
    expect(connections.some(({ detail }) => detail.includes('unexpectedly'))).toBe(false);
  });

  it('serves who asked while it was restarted', async () => {
    const { backend, launches, connections } = openWindow(workspaceOfTest());
    await backend.connect();
    const restarted = backend.restart();
    expect(await backend.request('run/list', {})).toEqual([]);
    await restarted;
    expect(launches()).toBe(2);
    expect(connections.some(({ detail }) => detail.includes('unexpectedly'))).toBe(false);
  });

  it('that cannot be started is said with a remedy, and tried again on the next request', async () => {
    const workspace = workspaceOfTest();
    let node = '/no/such/node';
    const { backend } = openWindow(workspace, { launch: (options) => launchBackend({ ...options, node }) });
    await expect(backend.request('run/list', {})).rejects.toMatchObject({ code: 'backend.noStart' });
    expect(backend.connection).toMatchObject({ state: 'lost', detail: expect.stringContaining('critiqueGrpo.nodePath') as unknown });
    node = process.execPath;
    expect(await backend.request('run/list', {})).toEqual([]);
  });
});

describe('the events of a run', () => {
  const isEnd = ({ body }: Event): boolean => body.type === 'runStopped';

  it('all arrive once and in order, though the backend was killed meanwhile', async () => {
    const workspace = workspaceOfTest();
    const { backend, hellos, events } = openWindow(workspace);
    const { runId } = await backend.request('run/start', { source: smallRun(workspace, 6) });
    await until(() => events.some(({ body }) => body.type === 'groupFinished'), 'the first group', 60_000);
    endProcess(hellos[0]?.pid ?? 0);
    await until(() => hellos.length === 2 && backend.connection.state === 'connected', 'the second backend');
    expect((await backend.request('run/get', { runId })).state).toBe('stopped');
    await backend.request('run/resume', { runId });
    await until(() => events.some(isEnd), 'the end of the run', 120_000);
    const seqs = events.map(({ seq }) => seq);
    expect(seqs).toEqual(seqs.map((_, i) => (seqs[0] ?? 0) + i));
    expect(events.at(-1)?.body).toMatchObject({ type: 'runStopped', reason: 'finished' });
  }, 180_000);

  it('arrive also when the folder was emptied and counting began anew', async () => {
    const workspace = workspaceOfTest();
    const { backend, events } = openWindow(workspace);
    for (const ends of [1, 2]) {
      await backend.request('run/start', { source: smallRun(workspace, 1) });
      await until(() => events.filter(isEnd).length === ends, `end ${ends}`, 60_000);
      await backend.shutDown();
      rmSync(join(workspace, '.critique-grpo'), { recursive: true });
    }
  }, 120_000);
});

/** The demonstration's model on a handful of its problems. */
function smallRun(workspace: string, steps: number): RunSource {
  const lines = readFileSync(join(repositoryRoot, 'media/demo/train.jsonl'), 'utf8').split('\n');
  writeFileSync(join(workspace, 'few.jsonl'), `${lines.slice(0, 6).join('\n')}\n`);
  const overrides = { 'data.train': 'few.jsonl', 'data.heldOut': null, 'training.steps': steps, 'training.problemsPerStep': 2 };
  return { preset: 'demo', overrides: { ...overrides, 'evaluation.finalSamples': 1, 'evaluation.failureAttempts': 1 } };
}
