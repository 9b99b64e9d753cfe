/** One backend a workspace: where it says that it is, what a second one does, and what is left of one that died. */
import { existsSync, mkdirSync, readFileSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it, onTestFinished } from 'vitest';
import { protocolVersion } from '../../../backend/protocol/methods.ts';
import { runConfigSchema } from '../../../backend/protocol/runConfig.ts';
import { startBackend } from '../../../backend/server/startBackend.ts';
import { openStore } from '../../../backend/store/openStore.ts';
import { storeFolder } from '../../../backend/store/workspaceFolders.ts';
import { demoFolder } from '../../support/scriptedRun.ts';
import { temporaryFolder } from '../../support/temporaryFolder.ts';
import { BackendProcess } from './backendProcess.ts';
import { finishRun, sourceOf, startTestBackend } from './testBackend.ts';

const fileOf = (workspace: string): string => join(storeFolder(workspace), 'backend.json');

async function startProcess(workspace: string, ...options: string[]): Promise<BackendProcess> {
  const backend = await BackendProcess.start(workspace, ...options);
  onTestFinished(() => void backend.child.kill('SIGKILL'));
  return backend;
}

describe('the place of a backend', () => {
  it('is readable by its owner only, tells where it answers, and goes with it', async () => {
    const backend = await startTestBackend();
    const path = fileOf(backend.workspace);
    expect(statSync(path).mode & 0o777).toBe(0o600);
    expect(JSON.parse(readFileSync(path, 'utf8'))).toMatchObject({ port: backend.port, token: backend.token, pid: process.pid, protocolVersion });
    expect(backend.token).toMatch(/^[\w-]{43}$/);
    expect(readFileSync(join(storeFolder(backend.workspace), '.gitignore'), 'utf8')).toBe('*\n');
    expect(backend.logLines.join('')).not.toContain(backend.token);
    await backend.shutDown('test');
    expect(existsSync(path)).toBe(false);
  });

  it('is told to a second backend, which ends', async () => {
    const workspace = temporaryFolder();
    const first = await startProcess(workspace);
    const [second, third] = await Promise.all([startProcess(workspace), startProcess(workspace, '--view-only')]);
    for (const other of [second, third]) {
      expect(other.greeting).toEqual({ ...first.greeting, isExisting: true });
      expect(await other.ended()).toEqual([0, null]);
    }
    await expect(first.connect()).resolves.toBeDefined();
    expect(await first.end('SIGTERM')).toEqual([0, null]);
    expect(existsSync(fileOf(workspace))).toBe(false);
  });

  it('has one holder, however many start at once', async () => {
    const workspace = temporaryFolder();
    const started = await Promise.all(Array.from({ length: 4 }, () => startProcess(workspace)));
    const greetings = started.map(({ greeting }) => greeting);
    expect(greetings.filter((greeting) => greeting.ready && greeting.isExisting === undefined)).toHaveLength(1);
    expect(new Set(greetings.map((greeting) => greeting.ready && greeting.port)).size).toBe(1);
  });

  it.each([
    ['of one that was killed', undefined],
    ['with the number of another living process', JSON.stringify({ port: 1, pid: process.pid, token: 'x', protocolVersion: 1, startedAt: 0 })],
    ['that is cut off', '{"port": 12'],
    ['that is empty', ''],
  ])('%s is taken over', async (_, left) => {
    const workspace = temporaryFolder();
    const first = await startProcess(workspace);
    await first.end('SIGKILL');
    expect(existsSync(fileOf(workspace))).toBe(true);
    if (left !== undefined) writeFileSync(fileOf(workspace), left);
    const second = await startProcess(workspace);
    expect(second.greeting).toMatchObject({ ready: true, pid: second.child.pid });
    expect(second.greeting).not.toHaveProperty('isExisting');
    await expect(second.connect()).resolves.toBeDefined();
  });

  it('does not lead the log through a link to another file', async () => {
    const workspace = temporaryFolder();
    const victim = join(workspace, 'victim');
    writeFileSync(victim, 'precious');
    mkdirSync(storeFolder(workspace));
    for (const name of ['backend.log', 'backend.json']) symlinkSync(victim, join(storeFolder(workspace), name));
    const backend = await startTestBackend({ workspace });
    expect(readFileSync(victim, 'utf8')).toBe('precious');
    expect(JSON.parse(readFileSync(fileOf(workspace), 'utf8'))).toMatchObject({ port: backend.port });
  });
});

describe('the process', () => {
  it.each([
    [['--threads', '0'], 'option.invalid', '--threads'],
    [['--idle-minutes', 'never'], 'option.invalid', '--idle-minutes'],
    [['--nonsense'], 'option.invalid', '--nonsense'],
  ])('%j says what is wrong and ends', async (options, code, words) => {
    const backend = await startProcess(temporaryFolder(), ...options);
    expect(backend.greeting).toMatchObject({ ready: false, error: { code, message: expect.stringContaining(words) as string } });
    expect(await backend.ended()).toEqual([1, null]);
  });

  it('says so when the workspace is not there', async () => {
    const backend = await startProcess(join(temporaryFolder(), 'nowhere'));
    expect(backend.greeting).toMatchObject({ ready: false, error: { code: 'workspace.missing' } });
  });

  it('is ready soon, says one line without the token, and outlives its reader', async () => {
    const workspace = temporaryFolder();
    const backend = await startProcess(workspace);
    expect(backend.readyMs).toBeLessThan(5000);
    expect(JSON.stringify(backend.greeting)).not.toContain(backend.file().token);
    backend.child.stdout?.destroy();
    backend.child.stderr?.destroy();
    const client = await backend.connect();
    await client.ask('workspace/doctor', { source: { preset: 'demo', overrides: { 'model.path': '/nowhere' } } });
    await client.ask('shutdown', {});
    expect(await backend.ended()).toEqual([0, null]);
  });

  it('ends when nobody has needed it for a while, but not while someone is there', async () => {
    const backend = await startProcess(temporaryFolder(), '--idle-minutes', '0.02');
    const client = await backend.connect();
    await sleep(1500);
    await expect(client.ask('run/list', {})).resolves.toEqual([]);
    client.close();
    expect(await backend.ended()).toEqual([0, null]);
  });
});

describe('a workspace for viewing only', () => {
  it('shows everything and refuses what runs or writes, with the reason', async () => {
    const workspace = temporaryFolder();
    const writing = await startTestBackend({ workspace });
    const runId = await finishRun(await writing.connect(), workspace);
    await writing.shutDown('test');
    const backend = await startTestBackend({ workspace, isViewOnly: true });
    const client = await backend.connect();
    expect(await client.ask('run/list', {})).toMatchObject([{ id: runId, state: 'finished' }]);
    await client.ask('events/subscribe', { afterSeq: 0 });
    await client.until(() => client.events.at(-1)?.body.type === 'runStopped');
    const source = sourceOf(workspace);
    const critiqueId = 'c';
    const author = 'Ada';
    const refused: [string, unknown][] = [
      ['run/start', { source }],
      ['run/resume', { runId }],
      ['run/pause', { runId }],
      ['run/stop', { runId }],
      ['run/evaluate', { runId }],
      ['critique/revise', { runId, baseId: 'c', text: 't', author }],
      ['critique/write', { runId, rolloutId: 'r', text: 't', author }],
      ['critique/refine', { runId, critiqueId, samples: 1 }],
      ['critique/enlist', { runId, critiqueId, author }],
      ['critique/withdraw', { runId, critiqueId }],
      ['critique/counterfactual', { runId, rolloutId: 'r', critics: ['none'], samples: 1 }],
      ['workspace/doctor', { source }],
    ];
    for (const [method, params] of refused) {
      const { data } = await client.failureOf(method, params);
      expect([method, data.code, data.remedy]).toEqual([method, 'workspace.untrusted', expect.stringContaining('Trust the workspace')]);
    }
    expect(backend.engines).toEqual([]);
    await client.ask('shutdown', {});
    await backend.ended;
  });

  it('may be empty', async () => {
    const backend = await startTestBackend({ isViewOnly: true });
    const client = await backend.connect();
    expect(await client.ask('run/list', {})).toEqual([]);
    expect(existsSync(join(storeFolder(backend.workspace), 'store.db'))).toBe(false);
    expect((await client.failureOf('run/get', { runId: 'a' })).data.code).toBe('store.missing');
  });
});

describe('a workspace that another process writes', () => {
  it('is shown as it grows, refuses to write, and is taken over when the other has ended', async () => {
    const workspace = temporaryFolder();
    const store = openStore(workspace);
    const backend = await startTestBackend({ workspace });
    const client = await backend.connect();
    await client.ask('events/subscribe', { afterSeq: 0 });
    const { data } = await client.failureOf('run/start', { source: sourceOf(workspace) });
    // Not for viewing only: the extension would start such a backend anew, again and again.
    expect(await client.ask('initialize', { protocolVersion, client: 'test' })).toMatchObject({ isViewOnly: false });
    expect(data).toMatchObject({ code: 'store.locked', message: expect.stringContaining(String(process.pid)) as string });

    const config = runConfigSchema.parse({ model: { path: 'm' }, data: { train: 't' } });
    store.createRun({ id: 'elsewhere', name: 'elsewhere', algorithm: 'grpo', seed: 0, config });
    store.record({ runId: 'elsewhere', events: [{ type: 'runStarted', algorithm: 'grpo', seed: 0, steps: 3, resumedFrom: null }] });
    await client.until(() => client.events.length === 1, 3000);
    await client.until(() => client.changedRuns.includes('elsewhere'), 3000);
    expect(await client.ask('run/list', {})).toMatchObject([{ id: 'elsewhere', state: 'running', activity: null }]);
    expect((await client.failureOf('run/stop', { runId: 'elsewhere' })).data.code).toBe('store.locked');
    store.record({ runId: 'elsewhere', events: [{ type: 'runStopped', step: 0, reason: 'interrupted', message: '' }] });
    store.close();

    await finishRun(client, workspace);
    expect(client.events.map(({ seq }) => seq)).toEqual(client.events.map((_, i) => i + 1));
  });
});

it('a process that cannot begin leaves nothing behind', async () => {
  const workspace = temporaryFolder();
  mkdirSync(storeFolder(workspace));
  writeFileSync(join(storeFolder(workspace), 'store.db'), 'this is no database, whatever its name says '.repeat(100));
  const options = { workspace, isViewOnly: false, idleMinutes: 1, version: '', entries: { engine: '', grader: '' }, demoFolder, threads: 1 };
  const start = startBackend({ ...options, doctor: () => Promise.resolve([]), onLog: () => undefined });
  await expect(start).rejects.toMatchObject({ code: 'store.corrupt' });
  expect(existsSync(fileOf(workspace))).toBe(false);
});
