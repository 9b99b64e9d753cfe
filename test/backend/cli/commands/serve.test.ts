/** `serve`: a real model folder and a real checkpoint at an endpoint, asked by the real client. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import OpenAI from 'openai';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { serve } from '../../../../backend/cli/commands/serve.ts';
import { fewProblems, runCommand, temporaryFolder, tinyModel, tinySettings, trainTiny } from './harness.ts';

let folder: Awaited<ReturnType<typeof temporaryFolder>>;
let model = '';
let runId = '';
const workspace = (): string => join(folder.path, 'workspace');

beforeAll(async () => {
  folder = await temporaryFolder();
  model = await tinyModel(join(folder.path, 'model'));
  runId = await trainTiny(workspace(), [
    ...tinySettings(model, await fewProblems(join(folder.path, 'problems.jsonl'), 4, 'train.jsonl')),
    'name="served"',
  ]);
});
afterAll(() => folder.remove());

interface Started {
  readonly client: OpenAI;
  readonly address: string;
  readonly text: () => string;
  readonly interrupt: () => Promise<number | null>;
}

async function start(args: readonly string[], environment: Readonly<Record<string, string>> = {}): Promise<Started> {
  const child = spawn(process.execPath, ['dist/cli.js', 'serve', ...args, '--threads', '1'], { env: { ...process.env, ...environment } });
  onTestFinished(() => void child.kill('SIGKILL'));
  let text = '';
  const field = (name: string): string | undefined => new RegExp(`^${name} +(\\S+)$`, 'm').exec(text)?.[1];
  await new Promise<void>((resolve, reject) => {
    for (const stream of [child.stdout, child.stderr]) {
      stream.on('data', (part: Buffer) => {
        text += part.toString();
        if (text.includes('Ctrl-C')) resolve();
      });
    }
    child.once('exit', (code) => reject(new Error(`exit ${code}: ${text}`)));
  });
  const address = field('Address') ?? '';
  const apiKey = environment['OWN_TOKEN'] ?? field('Key') ?? '';
  return {
    client: new OpenAI({ baseURL: address, apiKey, maxRetries: 0 }),
    address,
    text: () => text,
    interrupt: async () => {
      child.kill('SIGINT');
      const [code] = (await once(child, 'exit')) as [number | null];
      return code;
    },
  };
}

describe('serve', () => {
  it('a model folder', async () => {
    const { client, address, interrupt } = await start([model]);
    const { data } = await client.models.list();
    expect(data.map(({ id }) => id)).toEqual(['model']);
    const ask = () =>
      client.chat.completions.create({ model: 'model', messages: [{ role: 'user', content: 'How many?' }], max_tokens: 6, seed: 3, logprobs: true });
    const [first, second] = await Promise.all([ask(), ask()]);
    expect(first.choices).toEqual(second.choices);
    expect(first.choices[0]?.logprobs?.content?.every(({ logprob }) => logprob < 0)).toBe(true);
    let streamed = '';
    const asked = { model: 'model', messages: [{ role: 'user' as const, content: 'How many?' }], max_tokens: 6, seed: 3 };
    for await (const { choices } of await client.chat.completions.create({ ...asked, stream: true })) streamed += choices[0]?.delta.content ?? '';
    expect(streamed).toBe(first.choices[0]?.message.content);
    expect((await fetch(`${address}/models`)).status).toBe(401);
    expect(await interrupt()).toBe(130);
  });

  it('a checkpoint of a run, under a token of one’s own that is not printed', async () => {
    const { client, text } = await start([runId, '--workspace', workspace()], { OWN_TOKEN: 'my-own-token' });
    const made = await start([runId, '--workspace', workspace(), '--token-environment', 'OWN_TOKEN'], { OWN_TOKEN: 'my-own-token' });
    expect(text()).not.toContain('my-own-token');
    await expect(client.models.list()).rejects.toMatchObject({ status: 401 });
    expect(made.text()).not.toContain('my-own-token');
    const { choices } = await made.client.completions.create({ model: runId, prompt: 'Answer:', max_tokens: 4 });
    expect(choices).toHaveLength(1);
  });

  it.each<[string, readonly string[], string]>([
    ['a run that is not there', ['nobody'], 'run.notFound'],
    ['a step of a model folder', ['MODEL', '--step', '1'], 'config.invalid'],
    ['a token that is not there', ['MODEL', '--token-environment', 'NOT_THERE'], 'token.missing'],
    ['a port that is none', ['MODEL', '--port', 'x'], 'config.invalid'],
  ])('refuses %s', async (_, args, code) => {
    const given = args.map((arg) => (arg === 'MODEL' ? model : arg));
    await expect(runCommand(serve, [...given, '--workspace', workspace()])).rejects.toMatchObject({ code });
  });
});
