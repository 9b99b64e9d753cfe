/** What the doctor says of critics. */
import { afterEach, describe, expect, it } from 'vitest';
import { criticCheck } from '../../../backend/cli/criticCheck.ts';
import type { Finding } from '../../../backend/cli/doctorCheck.ts';
import { runConfigSchema, type RunConfigInput } from '../../../backend/protocol/runConfig.ts';
import { demoFolder } from '../../support/scriptedRun.ts';
import { chatServer, json } from '../critics/chatServer.ts';

afterEach(() => delete process.env['CRITIC_API_KEY']);

function examine(config: Partial<RunConfigInput>): Promise<Finding> {
  const patient = {
    config: runConfigSchema.parse({ model: { path: 'demo:model' }, data: { train: 'demo:train.jsonl' }, ...config }),
    context: { entries: { engine: '', grader: '' }, demoFolder },
    workspace: '',
    threads: 1,
    signal: new AbortController().signal,
  };
  return criticCheck.examine(patient, { longestPrompt: 60 });
}

describe('the doctor', () => {
  it.each<[string, Partial<RunConfigInput>, Finding['status'], RegExp]>([
    ['a rule', { critic: 'verdict' }, 'ok', /verdict, follows a rule/],
    ['the policy', { critic: 'self' }, 'ok', /self, asks the policy/],
    ['none', { algorithm: 'grpo', critic: 'chainOfThought' }, 'ok', /none/],
    ['the editor', { critic: 'chainOfThought', criticOptions: { endpoint: 'editor' } }, 'ok', /of the editor/],
    ['an endpoint without address', { critic: 'chainOfThought' }, 'failed', /baseUrl/],
    ['a folder', { critic: 'weakToStrong', criticOptions: { modelFolder: 'demo:model' } }, 'ok', /about [\d.]+ MB more/],
    ['a folder without name', { critic: 'weakToStrong' }, 'failed', /modelFolder/],
  ])('knows %s', async (_, config, status, detail) => {
    expect(await examine(config)).toMatchObject({ status, detail: expect.stringMatching(detail) as string });
  });

  it('throws at a prompt that is broken', async () => {
    await expect(examine({ critic: 'self', criticOptions: { promptFile: 'builtin:nothing' } })).rejects.toMatchObject({ code: 'critic.badPrompt' });
    expect(await examine({ critic: 'self', criticOptions: { promptFile: 'builtin:selfCritique' } })).toMatchObject({ status: 'ok' });
  });

  it('asks the endpoint what it has, and never shows the key', async () => {
    process.env['CRITIC_API_KEY'] = 'a-key';
    const { baseUrl, asked } = await chatServer((response) => json(response, 200, { object: 'list', data: [{ id: 'judge' }, { id: 'other' }] }));
    const of = (model: string, url = baseUrl): Promise<Finding> => examine({ critic: 'chainOfThought', criticOptions: { baseUrl: url, model } });
    expect(await of('judge')).toMatchObject({ status: 'ok', detail: `judge at ${baseUrl}, key CRITIC_API_KEY, no budget` });
    expect(asked[0]).toMatchObject({ path: '/v1/models', headers: { authorization: 'Bearer a-key' } });
    expect(await of('nobody')).toMatchObject({
      status: 'warning',
      detail: expect.stringMatching(/no model "nobody"; it has judge, other/) as string,
    });
    const refusing = await chatServer((response) => json(response, 401, { error: { message: 'bad key a-key' } }));
    const finding = await of('judge', refusing.baseUrl);
    expect(finding).toMatchObject({ status: 'warning', detail: expect.stringMatching(/does not answer: 401/) as string });
    expect(JSON.stringify(finding)).not.toContain('a-key');
    expect(await of('judge', 'http://127.0.0.1:9/v1')).toMatchObject({ status: 'warning' });
  });
});
