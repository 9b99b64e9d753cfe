/** Requests about critics over real sockets: the editor's models, keys, previews, and what is known of critiques by a model. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { protocolVersion, type Notifications } from '../../../backend/protocol/methods.ts';
import type { RunConfigInput } from '../../../backend/protocol/runConfig.ts';
import { chatServer, says } from '../critics/chatServer.ts';
import { RpcClient } from './rpcClient.ts';
import { finishRun, hasStopped, sourceOf, startTestBackend, type TestBackend } from './testBackend.ts';

type Asked = Notifications['languageModel/ask'];

async function editorOf(
  backend: TestBackend,
  answer: (asked: Asked, client: RpcClient) => void,
): Promise<{ client: RpcClient; asked: Asked[]; cancelled: string[] }> {
  const client = await RpcClient.knock(backend);
  onTestFinished(() => client.close());
  const asked: Asked[] = [];
  const cancelled: string[] = [];
  client.hear('languageModel/ask', (params) => {
    asked.push(params);
    answer(params, client);
  });
  client.hear('languageModel/cancel', ({ id }) => cancelled.push(id));
  await client.ask('initialize', { protocolVersion, client: 'editor', capabilities: { languageModel: true } });
  await client.ask('events/subscribe', { afterSeq: 0 });
  return { client, asked, cancelled };
}

const ofEditor: Omit<RunConfigInput, 'model' | 'data'> = {
  critic: 'chainOfThought',
  criticOptions: { endpoint: 'editor', model: 'some-family', maxTokens: 77, fallback: 'none', retries: 0, maxRegenerations: 0 },
};

const critique = 'Add 5 again. Conclusion: wrong [END]';

describe('the editor’s own models', () => {
  it('are asked for critiques', async () => {
    const backend = await startTestBackend();
    const { client, asked } = await editorOf(
      backend,
      ({ id }, self) => void self.ask('languageModel/answer', { id, text: critique, promptTokens: 9, completionTokens: 3 }),
    );
    const runId = await finishRun(client, backend.workspace, ofEditor);
    expect(asked[0]).toMatchObject({ model: 'some-family', maxTokens: 77, temperature: 0.7, messages: [{ role: 'user' }] });
    const calls = await client.ask('critic/calls', { runId });
    expect(calls[0]).toMatchObject({ model: 'some-family', conclusion: 'wrong', promptTokens: 9, completionTokens: 3, error: null });
    expect(await client.ask('critic/spending', { runId })).toMatchObject({ asked: calls.length, answered: calls.length });
    const [first] = await client.ask('critic/calls', { runId, rolloutId: calls[0]?.rolloutId ?? '' });
    expect(first).toEqual(calls[0]);
  });

  it.each<[string, { message: string; isPassing: boolean }]>([
    ['consent is refused', { message: 'the user refused', isPassing: false }],
    ['the answer is empty', { message: 'it answered with an empty text', isPassing: true }],
  ])('cost the critique where %s', async (_, error) => {
    const backend = await startTestBackend();
    const answer = error.isPassing ? { text: ' ' } : { error };
    const { client } = await editorOf(backend, ({ id }, self) => void self.ask('languageModel/answer', { id, ...answer }));
    const runId = await finishRun(client, backend.workspace, ofEditor);
    expect((await client.ask('critic/calls', { runId }))[0]?.error).toBe(error.message);
  });

  it('are not there when no editor is, and the run goes on', async () => {
    const backend = await startTestBackend();
    const client = await backend.connect();
    await client.ask('events/subscribe', { afterSeq: 0 });
    const runId = await finishRun(client, backend.workspace, ofEditor);
    expect((await client.ask('critic/calls', { runId }))[0]?.error).toBe('no editor with language models is attached');
    expect(client.events.some(({ body }) => body.type === 'noticeRaised' && body.code === 'critic.outage')).toBe(true);
  });

  it('that leave in the middle, or take too long, are given up', async () => {
    const backend = await startTestBackend();
    const watcher = await backend.connect();
    await watcher.ask('events/subscribe', { afterSeq: 0 });
    const { client: leaving } = await editorOf(backend, (_, self) => self.close());
    const { runId } = await leaving.ask('run/start', { source: sourceOf(backend.workspace, ofEditor) });
    await watcher.until(() => hasStopped(watcher, runId));
    const errors = (await watcher.ask('critic/calls', { runId })).map(({ error }) => error);
    expect(errors).toContain('the editor was closed');

    const slow = await startTestBackend();
    const { client, asked, cancelled } = await editorOf(slow, () => undefined);
    const config = { ...ofEditor, criticOptions: { ...ofEditor.criticOptions, timeoutSeconds: 0.05 } };
    await finishRun(client, slow.workspace, config);
    expect(cancelled).toContain(asked[0]?.id);
    expect(await client.ask('languageModel/answer', { id: asked[0]?.id ?? '', text: 'late' })).toBeNull();
  });
});

it('a key given by an editor is sent to the endpoint, and found nowhere', async () => {
  const key = 'key-of-the-editors-secret-storage';
  const server = await chatServer(says(critique));
  const backend = await startTestBackend();
  const client = await backend.connect();
  await client.ask('events/subscribe', { afterSeq: 0 });
  expect(await client.ask('critic/setKey', { name: 'JUDGE_API_KEY', key })).toBeNull();
  const criticOptions = { baseUrl: server.baseUrl, model: 'judge', apiKeyEnvironment: 'JUDGE_API_KEY', cache: false };
  const runId = await finishRun(client, backend.workspace, { critic: 'chainOfThought', criticOptions });
  expect(server.asked[0]?.headers.authorization).toBe(`Bearer ${key}`);
  await client.ask('critic/setKey', { name: 'JUDGE_API_KEY', key: null });
  const before = server.asked.length;
  const rolloutId = (await client.ask('critic/calls', { runId }))[0]?.rolloutId ?? '';
  await client.ask('critique/counterfactual', { runId, rolloutId, critics: ['chainOfThought'], samples: 1 });
  expect(server.asked[before]?.headers.authorization).toBe('Bearer none');
  const keySentWhenBoundTo = async (origin: string): Promise<string | undefined> => {
    await client.ask('critic/setKey', { name: 'JUDGE_API_KEY', key, origin });
    await client.ask('critique/counterfactual', { runId, rolloutId, critics: ['chainOfThought'], samples: 1 });
    return server.asked.at(-1)?.headers.authorization;
  };
  expect(await keySentWhenBoundTo('https://judge.example')).toBe('Bearer none');
  expect(await keySentWhenBoundTo(new URL(server.baseUrl).origin)).toBe(`Bearer ${key}`);
  for (const params of [
    { name: 'PATH', key },
    { name: 'JUDGE_API_KEY', key: '' },
    { name: 'JUDGE_API_KEY', key: 7 },
  ]) {
    const failure = await client.failureOf('critic/setKey', params);
    expect(failure.data.code).toBe('request.invalid');
    expect(JSON.stringify(failure)).not.toContain(key);
  }
  expect(backend.logLines.join('') + JSON.stringify(client.events)).not.toContain(key);
  for (const file of readdirSync(backend.workspace, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile())) {
    expect(readFileSync(join(file.parentPath, file.name)).includes(key), file.name).toBe(false);
  }
});

describe('a preview', () => {
  it('shows what would be asked, of an example and of a rollout', async () => {
    const server = await chatServer(says(critique));
    const backend = await startTestBackend();
    const client = await backend.connect();
    await client.ask('events/subscribe', { afterSeq: 0 });
    const runId = await finishRun(client, backend.workspace, { critic: 'verdict' });
    const preview = (critic: string, isRecorded = false) => {
      const source = sourceOf(backend.workspace, { critic, criticOptions: { baseUrl: server.baseUrl, model: 'judge' } });
      return client.ask('critic/preview', { source, ...(isRecorded ? { rollout: { runId, rolloutId: `${runId}/1/p0/r0` } } : {}) });
    };
    expect(await preview('chainOfThought')).toMatchObject({
      ...{ critic: 'chain-of-thought', asks: `judge at ${server.baseUrl}`, text: null, isExample: true },
      messages: [{ role: 'user', content: expect.stringMatching(/Ana has 10 beads[^]*\\boxed\{42\}/) as string }],
    });
    expect(await preview('chainOfThought', true)).toMatchObject({
      isExample: false,
      messages: [{ content: expect.stringMatching(/Answer: 60\./) as string }],
    });
    expect(await preview('self', true)).toMatchObject({
      asks: 'the policy',
      messages: [{ role: 'user' }, { role: 'assistant', content: 'Answer: 60.' }],
    });
    expect(await preview('verdictAnswer', true)).toMatchObject({ asks: null, messages: [], text: 'The answer is wrong. The right answer is 15.' });
    expect(await preview('weakToStrong')).toMatchObject({ asks: expect.stringMatching(/criticOptions\.modelFolder is missing/) as string });
    const missing = { source: sourceOf(backend.workspace), rollout: { runId, rolloutId: 'nowhere' } };
    expect((await client.failureOf('critic/preview', missing)).data.code).toBe('rollout.missing');
    expect(server.asked).toHaveLength(0);
  });
});
