/** A model elsewhere: whatever its server does, the answer says so, and nothing is thrown. */
import { describe, expect, it } from 'vitest';
import type { Answer } from '../../../backend/critics/critic.ts';
import { httpEndpoint } from '../../../backend/critics/httpEndpoint.ts';
import { OutsideModel } from '../../../backend/critics/outsideModel.ts';
import { criticOptionsSchema, type CriticOptions } from '../../../backend/protocol/criticConfig.ts';
import type { CriticPayment } from '../../../backend/protocol/criticViews.ts';
import type { Message } from '../../../backend/protocol/records.ts';
import { chatServer, disasters, inTurn, json, says, usage, type Behavior, type ChatServer } from './chatServer.ts';

const key = 'secret-key-of-a-test';

interface Made {
  readonly server: ChatServer;
  readonly model: OutsideModel;
  readonly notices: string[];
  readonly paid: CriticPayment[];
  readonly kept: Map<string, string>;
  readonly ask: (texts: readonly string[], round?: number, signal?: AbortSignal) => Promise<readonly Answer[]>;
}

async function modelOn(behavior: Behavior, options: Partial<CriticOptions> = {}, more: { clock?: () => number; spent?: number } = {}): Promise<Made> {
  const server = await chatServer(behavior);
  const kept = new Map<string, string>();
  const notices: string[] = [];
  const paid: CriticPayment[] = [];
  const model = new OutsideModel({
    endpoint: httpEndpoint({ baseUrl: server.baseUrl, model: 'judge', key: () => key }),
    options: { ...criticOptionsSchema.parse({ maxTokens: 50, timeoutSeconds: 20, retries: 1 }), ...options },
    cache: { get: (hash) => kept.get(hash) ?? null, keep: (hash, reply) => void kept.set(hash, reply) },
    spentBefore: { tokens: more.spent ?? 0, money: 0 },
    onPaid: (payment) => paid.push(payment),
    firstRetryMs: 1,
    ...(more.clock === undefined ? {} : { clock: more.clock }),
  });
  const ask: Made['ask'] = (texts, round = 0, signal = new AbortController().signal) =>
    model.generateOn({ notice: (code, message) => notices.push(`${code}: ${message}`), signal })(
      texts.map((content): Message[] => [{ role: 'user', content }]),
      'critique',
      texts.map((_, i) => i),
      round,
    );
  return { server, model, notices, paid, kept, ask };
}

describe('a sound server', () => {
  it('is asked in its own protocol, with the key, and its answer is counted', async () => {
    const prices = { promptPerMillion: 10_000, completionPerMillion: 100_000 };
    const { server, model, ask } = await modelOn(says('Conclusion: wrong'), { prices, topP: 0.75 });
    const [answer] = await ask(['Is it right?']);
    expect(answer).toEqual({
      ...{ text: 'Conclusion: wrong', isCutOff: false, promptTokens: 100, completionTokens: 20, attempts: 1, isCached: false, error: null },
      cost: 3,
    });
    expect(server.asked[0]).toMatchObject({
      path: '/v1/chat/completions',
      headers: { authorization: `Bearer ${key}` },
      body: { model: 'judge', messages: [{ role: 'user', content: 'Is it right?' }], temperature: 0.7, top_p: 0.75, max_tokens: 50, seed: 0 },
    });
    expect(model.spending.spent).toEqual({ tokens: 120, money: 3 });
  });

  it('that counts no tokens has them estimated', async () => {
    const { ask } = await modelOn(says('x'.repeat(40), {}));
    expect((await ask(['y'.repeat(80)]))[0]).toMatchObject({ promptTokens: 24, completionTokens: 14 });
  });

  it('is asked by several at a time, no more than allowed, and answers stay in order', async () => {
    const { server, ask } = await modelOn(
      async (response, asked, nth) => {
        await new Promise((resolve) => setTimeout(resolve, nth % 2 === 0 ? 20 : 5));
        await says(`to ${asked.body.messages[0]?.content}`)(response, asked, nth);
      },
      { concurrency: 3 },
    );
    const texts = Array.from({ length: 9 }, (_, i) => `q${i}`);
    expect((await ask(texts)).map(({ text }) => text)).toEqual(texts.map((text) => `to ${text}`));
    expect(server.mostAtOnce).toBe(3);
  });

  it('is asked no faster than allowed', async () => {
    const { ask } = await modelOn(says('yes'), { requestsPerMinute: 1200 });
    const started = performance.now();
    await ask(['a', 'b', 'c', 'd']);
    expect(performance.now() - started).toBeGreaterThan(140);
  });
});

describe('answers are kept', () => {
  it('and the same is not asked twice, but for another round, and where that is turned off', async () => {
    const { server, ask } = await modelOn(says('Conclusion: right'));
    await ask(['a', 'b']);
    expect((await ask(['b', 'a'])).map(({ isCached, cost, attempts }) => [isCached, cost, attempts])).toEqual([
      [true, 0, 0],
      [true, 0, 0],
    ]);
    expect(server.asked).toHaveLength(2);
    await ask(['a'], 1);
    expect(server.asked).toHaveLength(3);
    const forgetful = await modelOn(says('yes'), { cache: false });
    await forgetful.ask(['a']);
    await forgetful.ask(['a']);
    expect([forgetful.server.asked.length, forgetful.kept.size]).toEqual([2, 0]);
  });

  it('but failures are not, nor any key', async () => {
    const { server, kept, ask } = await modelOn(inTurn((response) => json(response, 400, {}), says(`you sent ${key.slice(0, 3)}`)));
    expect((await ask(['a']))[0]?.error).not.toBeNull();
    expect((await ask(['a']))[0]?.error).toBeNull();
    expect(server.asked).toHaveLength(2);
    expect(JSON.stringify([...kept])).not.toContain(key);
  });
});

describe('a server that answers with', () => {
  it.each(Object.entries(disasters))('%s is tried again, and then the answer says why there is none', async (name, disaster) => {
    const failing = await modelOn(disaster);
    const [answer] = await failing.ask(['a']);
    expect(answer).toMatchObject({ text: '', attempts: 2, cost: 0 });
    expect(answer?.error).toMatch(/\w{3}/);
    expect(answer?.error?.length).toBeLessThan(250);
    const tokens = failing.paid.reduce((sum, { promptTokens, completionTokens }) => sum + promptTokens + completionTokens, 0);
    expect([failing.model.spending.spent.tokens, (answer?.promptTokens ?? 0) + (answer?.completionTokens ?? 0)]).toEqual([tokens, tokens]);
    // Nothing but an answer without a text was billed.
    expect(failing.paid.length).toBe(name.endsWith('content') ? 2 : 0);
    const recovering = await modelOn(inTurn(disaster, says('Conclusion: wrong')));
    expect((await recovering.ask(['a']))[0]).toMatchObject({ text: 'Conclusion: wrong', attempts: 2, error: null });
  });

  it.each([400, 401, 403, 404, 422])('%i is not tried again', async (status) => {
    const { server, ask } = await modelOn((response) => json(response, status, { error: { message: `no: ${key}` } }));
    expect((await ask(['a']))[0]?.error).toContain(String(status));
    expect(server.asked).toHaveLength(1);
  });

  it('nothing at all is given up after a while', async () => {
    const { ask } = await modelOn(() => undefined, { timeoutSeconds: 0.05, retries: 0 });
    expect((await ask(['a']))[0]?.error).toBe('no answer came within 0.05 s');
  });

  it('a body that drips on and on is given up too', async () => {
    const drip: Behavior = (response) => {
      response.writeHead(200, { 'content-type': 'application/json' });
      const timer = setInterval(() => response.write(' '), 5);
      response.on('close', () => clearInterval(timer));
    };
    const { ask } = await modelOn(drip, { timeoutSeconds: 0.1, retries: 0 });
    expect((await ask(['a']))[0]?.error).toBe('no answer came within 0.1 s');
  });

  it('a flood is not read to its end', async () => {
    const chunk = 'x'.repeat(2 ** 20);
    const flood: Behavior = (response) => {
      response.writeHead(200, { 'content-type': 'application/json' });
      const pour = (): void => {
        while (!response.destroyed && response.write(chunk));
        if (!response.destroyed) response.once('drain', pour);
      };
      pour();
    };
    const { ask } = await modelOn(flood, { timeoutSeconds: 10, retries: 0 });
    expect((await ask(['a']))[0]?.error).toBe('the answer is longer than 8 MB');
  });

  it('a way to elsewhere is not followed: the key stays here', async () => {
    const other = await chatServer(says('I have your key'));
    const { ask } = await modelOn((response) => void response.writeHead(307, { location: `${other.baseUrl}/chat/completions` }).end());
    expect((await ask(['a']))[0]?.error).toMatch(/redirect/);
    expect(other.asked).toHaveLength(0);
  });

  it('a wish to be left alone is waited for, if it is short', async () => {
    const { ask } = await modelOn(inTurn((response) => json(response, 429, {}, { 'retry-after': '0.2' }), says('yes')));
    const started = performance.now();
    expect((await ask(['a']))[0]?.text).toBe('yes');
    expect(performance.now() - started).toBeGreaterThan(190);
    const long = await modelOn((response) => json(response, 429, {}, { 'retry-after': new Date(Date.now() + 3_600_000).toUTCString() }), {
      retries: 5,
    });
    expect((await long.ask(['a']))[0]).toMatchObject({ attempts: 1 });
  });
});

it('a server that repeats the key is not quoted with it', async () => {
  const { notices, ask } = await modelOn(
    (response, asked) => json(response, 401, { error: { message: `bad key ${String(asked.headers.authorization)}` } }),
    {
      retries: 0,
    },
  );
  const answers = [...(await ask(['a'])), ...(await ask(['b'])), ...(await ask(['c']))];
  expect(JSON.stringify([answers, notices])).not.toContain(key);
  expect(answers[0]?.error).toContain('***');
});

it('one that is out of order is left alone, tried again after a while, and back when it answers', async () => {
  let now = 0;
  let isUp = false;
  const behavior: Behavior = (response, asked, nth) => (isUp ? says('yes') : (disasters['a 500'] as Behavior))(response, asked, nth);
  const { server, notices, ask } = await modelOn(behavior, { retries: 0, concurrency: 1 }, { clock: () => now });
  const errors = (await ask(['a', 'b', 'c', 'd', 'e'])).map(({ error }) => error);
  expect(server.asked).toHaveLength(3);
  expect(errors[4]).toMatch(/left alone/);
  expect(notices).toEqual([expect.stringMatching(/^critic\.outage: judge at http:.*500/)]);

  now = 31_000;
  expect((await ask(['f', 'g'])).map(({ attempts }) => attempts)).toEqual([1, 0]);
  now = 62_000;
  expect((await ask(['h']))[0]?.attempts).toBe(0);
  isUp = true;
  now = 92_000;
  expect((await ask(['i', 'j'])).map(({ text }) => text)).toEqual(['yes', 'yes']);
  expect(notices.slice(1)).toEqual([expect.stringMatching(/^critic\.recovered/)]);
});

describe('a budget', () => {
  it('of tokens stops calls before it is exceeded, with one notice', async () => {
    const { server, model, notices, ask } = await modelOn(says('yes'), { budget: { tokens: 400, money: null }, concurrency: 4 });
    const answers = await ask(Array.from({ length: 8 }, (_, i) => `question ${i}`.padEnd(360, '?')));
    expect(server.asked).toHaveLength(3);
    expect(model.spending.spent.tokens).toBe(360);
    expect(answers.filter(({ error }) => error?.includes('budget'))).toHaveLength(5);
    expect(notices).toEqual([expect.stringMatching(/^critic\.budgetUsedUp/)]);
  });

  it('is used up by answers that are of no use, too, and each try needs room of its own', async () => {
    const { server, model, paid, ask } = await modelOn(says('', { usage }), { budget: { tokens: 300, money: null }, retries: 5, concurrency: 1 });
    const [answer, other] = await ask(['a', 'b']);
    expect(server.asked).toHaveLength(3);
    expect(paid).toEqual(
      Array(2)
        .fill({ purpose: 'training', model: 'judge', promptTokens: 100, completionTokens: 20, cost: 0 })
        .concat(paid[2] ?? []),
    );
    expect(model.spending.spent.tokens).toBe(360);
    expect(answer).toMatchObject({ attempts: 3, promptTokens: 300, error: expect.stringMatching(/budget/) as string });
    expect(other).toMatchObject({ attempts: 0, error: expect.stringMatching(/budget/) as string });
  });

  it('that is used up is told to each study, and to training once', async () => {
    const { server, model } = await modelOn(says('yes'), { budget: { tokens: 10, money: null } });
    const told = async (purpose: 'training' | 'study'): Promise<string[]> => {
      const notices: string[] = [];
      const notice = (code: string, message: string): void => void notices.push(`${code}: ${message}`);
      const generate = model.generateOn({ notice, signal: new AbortController().signal, purpose });
      await generate([[{ role: 'user', content: 'a' }], [{ role: 'user', content: 'b' }]], 'critique', [0, 1]);
      return notices;
    };
    const sentence = /^critic\.budgetUsedUp: The budget for judge at http.* has no room for another critique, which may take 55 tokens: 0 are used\./;
    const ofStudy = expect.stringMatching(new RegExp(`${sentence.source} It is the run’s, for training and studies together`)) as string;
    expect([await told('study'), await told('study')]).toEqual([[ofStudy], [ofStudy]]);
    expect([await told('training'), await told('training')]).toEqual([[expect.stringMatching(sentence)], []]);
    expect(server.asked).toHaveLength(0);
  });

  it('of money, and what was spent before, count as well', async () => {
    const prices = { promptPerMillion: 0, completionPerMillion: 1e6 };
    const money = await modelOn(says('yes'), { budget: { tokens: null, money: 75 }, prices, concurrency: 1 });
    await money.ask(['a', 'b', 'c', 'd']);
    expect([money.server.asked.length, money.model.spending.spent.money]).toEqual([2, 40]);
    const before = await modelOn(says('yes'), { budget: { tokens: 400, money: null } }, { spent: 390 });
    await before.ask(['a']);
    expect(before.server.asked).toHaveLength(0);
  });
});

it('an abort ends it at once', async () => {
  const controller = new AbortController();
  const { ask } = await modelOn(() => controller.abort(new Error('the run stops')), { timeoutSeconds: 60 });
  await expect(ask(['a', 'b'], 0, controller.signal)).rejects.toThrow('the run stops');
  const waiting = new AbortController();
  const slow = await modelOn((response) => json(response, 429, {}, { 'retry-after': '50' }), { timeoutSeconds: 60 });
  setTimeout(() => waiting.abort(new Error('the run stops')), 50);
  await expect(slow.ask(['a'], 0, waiting.signal)).rejects.toThrow('the run stops');
});

describe('an address', () => {
  it.each([
    ['http://judge.example/v1', 'critic.insecureEndpoint'],
    ['http://127.0.0.1.example/v1', 'critic.insecureEndpoint'],
    ['https://user:pass@judge.example/v1', 'critic.keyInAddress'],
  ])('%s is refused: %s', (baseUrl, code) => {
    expect(() => httpEndpoint({ baseUrl, model: 'judge', key: () => key })).toThrow(expect.objectContaining({ code }) as Error);
  });

  it.each(['https://judge.example/v1', 'http://localhost:8000/v1', 'http://[::1]:8000/v1', 'http://127.0.0.1:8000/v1'])('%s is taken', (baseUrl) => {
    expect(httpEndpoint({ baseUrl, model: 'judge', key: () => undefined }).place).toBe(baseUrl);
  });
});
