/** The policy at an OpenAI-compatible endpoint, asked by the real client, and by our own critic. */
import { setTimeout as sleep } from 'node:timers/promises';
import OpenAI from 'openai';
import { describe, expect, it } from 'vitest';
import type { Answer } from '../../../backend/critics/critic.ts';
import { httpEndpoint } from '../../../backend/critics/httpEndpoint.ts';
import { OutsideModel } from '../../../backend/critics/outsideModel.ts';
import { criticOptionsSchema } from '../../../backend/protocol/criticConfig.ts';
import { problems } from '../../support/scriptedRun.ts';
import { finishRun, hasStopped, sourceOf, startTestBackend, type TestBackend, type TestBackendOptions } from './testBackend.ts';

const question = problems(1)[0]?.prompt ?? [];

interface Served {
  readonly backend: TestBackend;
  readonly runId: string;
  readonly client: OpenAI;
}

async function served(options: TestBackendOptions = {}): Promise<Served> {
  const backend = await startTestBackend(options);
  const rpc = await backend.connect();
  await rpc.ask('events/subscribe', { afterSeq: 0 });
  const runId = await finishRun(rpc, backend.workspace);
  return { backend, runId, client: clientOf(backend) };
}

function clientOf({ port, token }: Pick<TestBackend, 'port' | 'token'>): OpenAI {
  return new OpenAI({ baseURL: `http://127.0.0.1:${port}/v1`, apiKey: token, maxRetries: 0 });
}

function raw({ port, token }: TestBackend, path: string, init: RequestInit = {}): Promise<Response> {
  return fetch(`http://127.0.0.1:${port}${path}`, {
    ...init,
    headers: { authorization: `Bearer ${token}`, ...(init.headers as Record<string, string>) },
  });
}

describe('the openai client', () => {
  it('lists the runs as models', async () => {
    const { client, runId } = await served();
    const { data } = await client.models.list();
    expect(data).toEqual([{ id: runId, object: 'model', created: expect.any(Number) as number, owned_by: 'critique-grpo' }]);
    expect(await client.models.retrieve(runId)).toEqual(data[0]);
    await expect(client.models.retrieve('nobody')).rejects.toMatchObject({ status: 404, code: 'model.missing' });
  });

  it('chats, with log-probabilities, several answers and counts', async () => {
    const { client, runId, backend } = await served();
    const reply = await client.chat.completions.create({
      model: runId,
      messages: question,
      n: 2,
      logprobs: true,
      max_tokens: 24,
      seed: 7,
      top_p: 0.9,
    });
    expect(reply.choices.map(({ message, finish_reason: finish }) => [message.role, message.content, finish])).toEqual([
      ['assistant', 'Answer: 60.', 'stop'],
      ['assistant', 'Step 1: 10 + 5 = 15. Answer: 15.', 'stop'],
    ]);
    const [first] = reply.choices;
    expect(first?.logprobs?.content?.map(({ token }) => token).join('')).toBe('Answer: 60.');
    expect(first?.logprobs?.content?.every(({ logprob }) => logprob === -0.5)).toBe(true);
    const { prompt_tokens: prompt = 0, completion_tokens: completion = 0, total_tokens: total = 0 } = reply.usage ?? {};
    expect([prompt > 0, completion > 0, total]).toEqual([true, true, prompt + completion]);
    const [call] = backend.engines.at(-1)?.callsOf('sample').slice(-1) ?? [];
    expect(call?.request).toMatchObject({ topP: 0.9, temperature: 1, topK: 0, maxTokens: 24 });
  });

  it('gets the same seeds for the same seed, and others for another', async () => {
    const { client, runId, backend } = await served();
    for (const seed of [1, 1, 2]) await client.chat.completions.create({ model: runId, messages: question, seed, temperature: 0 });
    const calls = backend.engines.at(-1)?.callsOf('sample').slice(-3) ?? [];
    const [a, b, c] = calls.map(({ request }) => request.seeds);
    expect(a).toEqual(b);
    expect(a).not.toEqual(c);
    expect(calls[0]?.request.temperature).toBe(0);
  });

  it('streams', async () => {
    const { client, runId } = await served();
    const stream = await client.chat.completions.create({
      ...{ model: runId, messages: question, stream: true, n: 2, logprobs: true },
      stream_options: { include_usage: true },
    } as const);
    const texts = ['', ''];
    const finishes: (string | null)[] = [];
    let counted = 0;
    for await (const { choices, usage } of stream) {
      for (const { index, delta, finish_reason: finish } of choices) {
        texts[index] += delta.content ?? '';
        if (finish !== null) finishes.push(finish);
      }
      counted += usage?.completion_tokens ?? 0;
    }
    expect(texts).toEqual(['Answer: 60.', 'Step 1: 10 + 5 = 15. Answer: 15.']);
    expect(finishes).toEqual(['stop', 'stop']);
    expect(counted).toBeGreaterThan(0);
    const runner = client.chat.completions.stream({ model: runId, messages: question });
    expect((await runner.finalMessage()).content).toBe('Answer: 60.');
  });

  it('completes plain prompts, in texts or tokens', async () => {
    const { client, runId } = await served();
    const prompt = 'Ana has 10 beads. She gets 5. How many?';
    const reply = await client.completions.create({ model: runId, prompt, logprobs: 1, max_tokens: 24 });
    expect(reply.choices).toMatchObject([{ text: 'Answer: 60.', finish_reason: 'stop' }]);
    const logprobs = reply.choices[0]?.logprobs;
    expect(logprobs?.tokens?.join('')).toBe('Answer: 60.');
    expect(logprobs?.text_offset?.map((at) => 'Answer: 60.'.slice(at)[0])).toEqual(logprobs?.tokens?.map((token) => token[0]));
    const several = await client.completions.create({ model: runId, prompt: [prompt, prompt], n: 2, max_tokens: 24 });
    expect(several.choices.map(({ index }) => index)).toEqual([0, 1, 2, 3]);
    const ofTokens = await client.completions.create({ model: runId, prompt: [5, 6, 7], max_tokens: 24 });
    expect(ofTokens.usage?.prompt_tokens).toBe(3);
    let streamed = '';
    for await (const chunk of await client.completions.create({ model: runId, prompt, stream: true, max_tokens: 24 }))
      streamed += chunk.choices[0]?.text ?? '';
    expect(streamed).toBe('Answer: 60.');
  });

  it.each([
    [' 60', 'Answer:'],
    [['zzz', '.'], 'Answer: 60'],
    ['Answer', ''],
  ])('stops at %j', async (stop, expected) => {
    const { client, runId } = await served();
    const { choices } = await client.chat.completions.create({ model: runId, messages: question, stop, logprobs: true });
    expect(choices[0]?.message.content).toBe(expected);
    expect(choices[0]?.logprobs?.content?.map(({ token }) => token).join('')).toBe(expected);
  });

  it.each<[string, object, number, RegExp]>([
    ['an unknown model', { model: 'nobody' }, 404, /no model "nobody"/],
    ['no messages', { messages: [] }, 400, /messages/],
    ['a picture', { messages: [{ role: 'user', content: [{ type: 'image_url', image_url: { url: 'x' } }] }] }, 400, /messages\.0/],
    ['tools', { tools: [{ type: 'function', function: { name: 'f' } }] }, 400, /tools/],
    ['JSON alone', { response_format: { type: 'json_object' } }, 400, /response_format/],
    ['a penalty', { presence_penalty: 1 }, 400, /presence_penalty/],
    ['a thousand answers', { n: 1000 }, 400, /n:/],
    ['more than the context', { max_tokens: 100_000 }, 400, /exceed the model's context of 512/],
  ])('is refused %s', async (_, change, status, message) => {
    const { client, runId } = await served();
    const request = { model: runId, messages: question, ...change } as OpenAI.ChatCompletionCreateParamsNonStreaming;
    await expect(client.chat.completions.create(request)).rejects.toMatchObject({ status, message: expect.stringMatching(message) as string });
  });
});

describe('while a run trains', () => {
  it('it is asked between two steps, and its trace stays', async () => {
    const backend = await startTestBackend({ sampleMs: 20 });
    const rpc = await backend.connect();
    await rpc.ask('events/subscribe', { afterSeq: 0 });
    const { runId } = await rpc.ask('run/start', { source: sourceOf(backend.workspace, { training: { steps: 6 } }) });
    const client = clientOf(backend);
    let answers = 0;
    while (!hasStopped(rpc, runId)) {
      const { choices } = await client.chat.completions.create({ model: runId, messages: question });
      expect(choices[0]?.message.content).toBe('Answer: 60.');
      answers += 1;
      await sleep(5);
    }
    expect(answers).toBeGreaterThan(1);
    expect((await rpc.ask('run/get', { runId })).state).toBe('finished');
  });

  it('another run is busy, and says when to come again', async () => {
    const { backend, runId } = await served({ sampleMs: 20 });
    const rpc = await backend.connect();
    const { runId: other } = await rpc.ask('run/start', { source: sourceOf(backend.workspace, { training: { steps: 50 } }) });
    const response = await raw(backend, '/v1/chat/completions', { method: 'POST', body: JSON.stringify({ model: runId, messages: question }) });
    expect([response.status, response.headers.get('retry-after')]).toEqual([503, '5']);
    expect(await response.json()).toMatchObject({ error: { code: 'policy.busy', message: expect.stringContaining(other) as string } });
  });
});

describe('the door', () => {
  it.each<[string, string, RequestInit, number]>([
    ['a web page', '/v1/models', { headers: { origin: 'http://127.0.0.1' } }, 403],
    ['no token', '/v1/models', { headers: { authorization: '' } }, 401],
    ['another token', '/v1/models', { headers: { authorization: 'Bearer x' } }, 401],
    ['a preflight', '/v1/chat/completions', { method: 'OPTIONS', headers: { origin: 'null' } }, 403],
    ['another path', '/v1/embeddings', { method: 'POST', body: '{}' }, 404],
    ['no JSON', '/v1/chat/completions', { method: 'POST', body: '{' }, 400],
    ['a flood', '/v1/chat/completions', { method: 'POST', body: ' '.repeat(5 * 2 ** 20) }, 413],
  ])('refuses %s', async (_, path, init, status) => {
    const backend = await startTestBackend();
    expect((await raw(backend, path, init)).status).toBe(status);
    expect((await raw(backend, '/v1/models')).status).toBe(200);
  });

  it('lets nobody make the policy work who has left', async () => {
    const { backend, runId, client } = await served({ sampleMs: 300 });
    const controller = new AbortController();
    const asked = client.chat.completions.create({ model: runId, messages: question }, { signal: controller.signal });
    await sleep(100);
    controller.abort();
    await expect(asked).rejects.toThrow(/abort/i);
    const sampled = backend.engines.at(-1)?.callsOf('sample').length;
    await sleep(400);
    expect(backend.engines.at(-1)?.callsOf('sample').length).toBe(sampled);
    expect(backend.logLines.join('')).not.toMatch(/ERROR/);
  });
});

it('our own critic is one of its clients', async () => {
  const { backend, runId } = await served();
  const kept = new Map<string, string>();
  const model = new OutsideModel({
    endpoint: httpEndpoint({ baseUrl: `http://127.0.0.1:${backend.port}/v1`, model: runId, key: () => backend.token }),
    options: criticOptionsSchema.parse({ maxTokens: 24 }),
    cache: { get: (hash) => kept.get(hash) ?? null, keep: (hash, reply) => void kept.set(hash, reply) },
    spentBefore: { tokens: 0, money: 0 },
  });
  const ask = model.generateOn({ notice: () => undefined, signal: new AbortController().signal });
  const answers: readonly Answer[] = await ask([question, question], 'critique', [1, 2]);
  expect(answers.map(({ text, error }) => [text, error])).toEqual([
    ['Answer: 60.', null],
    ['Answer: 60.', null],
  ]);
});
