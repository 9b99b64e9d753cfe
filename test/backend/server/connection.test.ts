/** Handshake, parameters, errors and cancellation of one client, and what several clients have of each other. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { CancellationTokenSource } from 'vscode-jsonrpc/node';
import { protocolVersion } from '../../../backend/protocol/methods.ts';
import { RpcClient } from './rpcClient.ts';
import { finishRun, sourceOf, startTestBackend } from './testBackend.ts';

describe('the handshake', () => {
  it('tells who answers', async () => {
    const backend = await startTestBackend();
    const client = await RpcClient.knock(backend);
    onTestFinished(() => client.close());
    expect(await client.ask('initialize', { protocolVersion, client: 'test' })).toEqual({
      protocolVersion,
      backendVersion: '1.2.3',
      workspace: backend.workspace,
      pid: process.pid,
      lastSeq: 0,
      isViewOnly: false,
    });
  });

  it('comes first', async () => {
    const client = await RpcClient.knock(await startTestBackend());
    onTestFinished(() => client.close());
    const { code, data } = await client.failureOf('run/list', {});
    expect([code, data.code]).toEqual([-32002, 'request.notInitialized']);
  });

  it.each([
    [protocolVersion - 1, /^Update the extension/],
    [protocolVersion + 1, /^Update the backend/],
  ])('with version %i says which side to update', async (theirs, remedy) => {
    const client = await RpcClient.knock(await startTestBackend());
    onTestFinished(() => client.close());
    const { data } = await client.failureOf('initialize', { protocolVersion: theirs, client: 'test' });
    expect(data).toMatchObject({ code: 'protocol.mismatch', remedy: expect.stringMatching(remedy) as string });
    expect((await client.failureOf('run/list', {})).data.code).toBe('request.notInitialized');
  });
});

describe('a request', () => {
  it.each([
    ['run/listen', {}, -32601, 'request.unknown', '"run/listen"'],
    ['toString', {}, -32601, 'request.unknown', '"toString"'],
    ['run/get', {}, -32602, 'request.invalid', 'runId'],
    ['run/get', { runId: 1 }, -32602, 'request.invalid', 'runId'],
    ['run/get', { runId: 'a', also: 1 }, -32602, 'request.invalid', 'also'],
    ['run/get', ['a'], -32602, 'request.invalid', 'the parameters'],
    ['rollout/page', { runId: 'a', limit: 5000 }, -32602, 'request.invalid', 'limit'],
    ['critique/refine', { runId: 'a', critiqueId: 'b', samples: 0.5 }, -32602, 'request.invalid', 'samples'],
    ['run/get', { runId: 'a' }, -32000, 'run.missing', 'run a'],
    ['run/start', { source: { preset: 'nonsense' } }, -32000, 'config.unknownPreset', 'nonsense'],
    ['run/start', { source: { file: { path: '/x/a.cgrpo.json', text: '{\n  "model": 1\n}' } } }, -32000, 'config.incomplete', 'no data'],
    ['run/plan', { source: { preset: 'demo', overrides: { 'model.path': '/nowhere' } } }, -32000, 'model.notFound', '/nowhere'],
  ])('%s %j fails with its reason', async (method, params, code, dataCode, words) => {
    const backend = await startTestBackend();
    const client = await backend.connect();
    const error = await client.failureOf(method, params);
    expect(error.code).toBe(code);
    expect(error.data.code).toBe(dataCode);
    expect(error.data.message).toContain(words);
    expect(error.message).toBe([error.data.message, error.data.remedy ?? ''].join(' ').trim());
    await expect(client.ask('run/list', {})).resolves.toEqual([]);
  });

  it('that meets a bug is answered, logged with its stack, and the backend goes on', async () => {
    const backend = await startTestBackend({
      doctor: () => {
        throw new TypeError('a bug \u001b[31mhere');
      },
    });
    const client = await backend.connect();
    const { code, data } = await client.failureOf('workspace/doctor', { source: { preset: 'demo' } });
    expect([code, data.code]).toEqual([-32603, 'internal.error']);
    const log = readFileSync(join(backend.workspace, '.critique-grpo', 'backend.log'), 'utf8');
    expect(log).toMatch(/ERROR request workspace\/doctor\n {2}TypeError: a bug ·\[31mhere\n {2} +at /);
    await expect(client.ask('run/list', {})).resolves.toEqual([]);
  });

  it('is cancelled where it is, and the client is told so', async () => {
    let signal: AbortSignal | undefined;
    const backend = await startTestBackend({
      doctor: (_config, given) => {
        signal = given;
        return new Promise((_, reject) => given.addEventListener('abort', () => reject(given.reason as Error)));
      },
    });
    const client = await backend.connect();
    const source = new CancellationTokenSource();
    const failure = client.failureOf('workspace/doctor', { source: { preset: 'demo' } }, source.token);
    await client.until(() => signal !== undefined);
    source.cancel();
    const { code, data } = await failure;
    expect([code, data.code]).toEqual([-32800, 'request.cancelled']);
    expect(signal?.aborted).toBe(true);
  });

  it('with an answer too large for one message fails in words', async () => {
    const detail = 'x'.repeat(33 * 2 ** 20);
    const backend = await startTestBackend({ doctor: () => Promise.resolve([{ name: 'large', status: 'ok', detail, remedy: null }]) });
    const client = await backend.connect();
    const { data } = await client.failureOf('workspace/doctor', { source: { preset: 'demo' } });
    expect(data.code).toBe('reply.tooLarge');
    await expect(client.ask('run/list', {})).resolves.toEqual([]);
  });
});

describe('a second client', () => {
  it('hears and may do the same as the first', async () => {
    const backend = await startTestBackend();
    const [first, second] = [await backend.connect(), await backend.connect()];
    await second.ask('events/subscribe', { afterSeq: 0 });
    const runId = await finishRun(first, backend.workspace);
    await second.until(() => second.events.length === first.events.length);
    expect(second.events).toEqual(first.events);
    expect(second.changedRuns).toContain(runId);
    first.close();
    const { runId: another } = await second.ask('run/start', { source: sourceOf(backend.workspace) });
    await second.until(() => second.events.some((event) => event.runId === another && event.body.type === 'runStopped'));
    expect((await second.ask('run/list', {})).map(({ id, state }) => [id, state])).toEqual([
      [another, 'finished'],
      [runId, 'finished'],
    ]);
  });
});
