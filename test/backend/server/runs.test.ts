/** Runs as a client steers them: one policy at a time, asked between two steps or from its last checkpoint. */
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { CancellationTokenSource } from 'vscode-jsonrpc/node';
import { WorkbenchError } from '../../../backend/core/errors.ts';
import type { Activity } from '../../../backend/protocol/views.ts';
import type { Fault } from '../../support/scriptedEngine.ts';
import type { RpcClient } from './rpcClient.ts';
import { finishRun, hasStopped, sourceOf, startTestBackend, type TestBackend, type TestBackendOptions } from './testBackend.ts';

interface Training {
  readonly backend: TestBackend;
  readonly client: RpcClient;
  readonly runId: string;
}

/** A run of many steps that has made its first. */
async function startTraining(options: TestBackendOptions = {}, steps = 400): Promise<Training> {
  const backend = await startTestBackend({ sampleMs: 5, ...options });
  const client = await backend.connect();
  await client.ask('events/subscribe', { afterSeq: 0 });
  const { runId } = await client.ask('run/start', { source: sourceOf(backend.workspace, { training: { steps } }) });
  await client.until(() => client.events.some(({ body }) => body.type === 'stepFinished'));
  return { backend, client, runId };
}

async function activityOf({ client, runId }: Training): Promise<Activity | null> {
  return (await client.ask('run/get', { runId })).activity;
}

async function untilActivity(training: Training, wanted: Activity | null): Promise<void> {
  for (let i = 0; i < 400; i++) {
    if ((await activityOf(training)) === wanted) return;
    await sleep(5);
  }
  throw new Error(`${training.runId} never became ${wanted}`);
}

/** A wrong rollout and the critique that was written of it. */
async function criticized({ client, runId }: Pick<Training, 'client' | 'runId'>): Promise<{ rolloutId: string; critiqueId: string }> {
  const { rows } = await client.ask('rollout/page', { runId, status: 'wrong', order: 'oldest' });
  const rolloutId = rows[0]?.id ?? '';
  const { critiques } = await client.ask('rollout/get', { runId, rolloutId });
  return { rolloutId, critiqueId: critiques[0]?.id ?? '' };
}

const stepCount = ({ client }: Training): number => client.events.filter(({ body }) => body.type === 'stepFinished').length;

describe('a run', () => {
  it('starts, tells its events and progress, and ends; everything of it can be read', async () => {
    const backend = await startTestBackend();
    const client = await backend.connect();
    const runId = await finishRun(client, backend.workspace);
    expect(client.events.map(({ body }) => body.type).filter((type) => type === 'stepFinished')).toHaveLength(3);
    expect(client.progress.length).toBeGreaterThan(0);
    const run = await client.ask('run/get', { runId });
    expect(run).toMatchObject({ id: runId, state: 'finished', activity: null, lastStep: 3, lastPassAt1: 0 });
    const { rows } = await client.ask('rollout/page', { runId, status: 'wrong' });
    expect(rows).toHaveLength(6);
    expect(await client.ask('rollout/count', { runId, filter: { status: 'right' } })).toBe(6);
    const group = await client.ask('group/get', {
      runId,
      groupId: client.events.flatMap(({ body }) => (body.type === 'groupFinished' ? [body.groupId] : []))[0] ?? '',
    });
    expect(group.attempts).toHaveLength(2);
    expect((await client.ask('run/series', { runId, names: ['loss'] })).steps).toEqual([1, 2, 3]);
    expect(await client.ask('run/updates', { runId, afterStep: 1 })).toHaveLength(2);
    expect(await client.ask('run/metricNames', { runId })).toContain('metrics.reward');
    const news = await client.ask('run/news', { runId, limit: 3 });
    expect(news.map(({ seq }) => seq)).toEqual(
      client.events
        .filter(({ body }) => body.type !== 'groupFinished' && body.type !== 'stepFinished')
        .map(({ seq }) => seq)
        .slice(-3),
    );
    expect((await client.ask('run/funnel', { runId, range: { fromStep: 1, toStep: 1 } })).wrong).toBe(2);
    expect((await client.ask('problem/history', { runId, problemId: 'p0' })).visits).toHaveLength(3);
    expect(await client.ask('failure/list', { runId })).toEqual([]);
    expect(await client.ask('critique/toReview', { runId })).toEqual([]);
    const detail = await client.ask('rollout/tokens', { runId, id: rows[0]?.id ?? '', withEntropy: true });
    expect(detail.tokens.map(({ text }) => text).join('')).toContain('Answer:');
    expect(detail.tokens[0]).toMatchObject({ logprob: -0.5, entropy: null });
    const missing = await Promise.all([
      client.failureOf('rollout/get', { runId, rolloutId: 'x' }),
      client.failureOf('group/get', { runId, groupId: 'x' }),
      client.failureOf('problem/get', { runId, problemId: 'x' }),
      client.failureOf('run/updates', { runId: 'x' }),
    ]);
    expect(missing.map(({ data }) => data.code)).toEqual(['rollout.missing', 'group.missing', 'problem.missing', 'run.missing']);
  });

  it('pauses between two steps, answers meanwhile, and goes on', async () => {
    const training = await startTraining();
    const { client, runId } = training;
    await client.ask('run/pause', { runId });
    await untilActivity(training, 'paused');
    const before = stepCount(training);
    const { critiqueId, rolloutId } = await criticized(training);
    const trial = await client.ask('critique/refine', { runId, critiqueId, samples: 3 });
    expect(trial).toMatchObject({ critiqueId, rolloutId, success: { total: 3 } });
    const detail = await client.ask('rollout/tokens', { runId, id: rolloutId, withEntropy: true });
    expect(detail.tokens[0]?.entropy).toBe(1);
    expect(stepCount(training)).toBe(before);
    expect(await activityOf(training)).toBe('paused');
    await client.ask('run/resume', { runId });
    await client.until(() => stepCount(training) > before + 1);
    expect(await activityOf(training)).toBe('training');
  });

  it('stops with a checkpoint and is resumed from there, to its end', async () => {
    const training = await startTraining({}, 40);
    const { client, runId, backend } = training;
    await client.ask('run/stop', { runId });
    await client.ask('run/stop', { runId });
    const stopped = await client.ask('run/get', { runId });
    expect(stopped).toMatchObject({ state: 'stopped', activity: null });
    expect(client.events.filter(({ body }) => body.type === 'checkpointSaved').length).toBeGreaterThan(0);
    expect(backend.engines.map(({ isDisposed }) => isDisposed)).toEqual([true]);
    await client.ask('run/resume', { runId });
    await client.until(() => client.events.filter(({ body }) => body.type === 'runStopped').length === 2);
    expect(client.events.at(-1)?.body).toMatchObject({ reason: 'finished' });
    expect(client.events.map(({ body }) => (body.type === 'runStarted' ? body.resumedFrom : undefined)).filter((from) => from !== undefined)).toEqual(
      [null, stopped.lastStep],
    );
    expect((await client.failureOf('run/resume', { runId })).data.code).toBe('run.finished');
    expect((await client.failureOf('run/pause', { runId })).data.code).toBe('run.notTraining');
  });

  it('is the only one: another is refused with the name of the first and what to do', async () => {
    const { client, runId, backend } = await startTraining();
    const { data } = await client.failureOf('run/start', { source: sourceOf(backend.workspace) });
    expect(data).toMatchObject({ code: 'policy.busy', remedy: expect.stringContaining(`Stop run ${runId}`) as string });
    expect(data.message).toContain(`Run ${runId} is training`);
    expect(await client.ask('run/list', {})).toHaveLength(1);
  });

  it('that cannot be opened is no run', async () => {
    const backend = await startTestBackend();
    const client = await backend.connect();
    const source = sourceOf(backend.workspace, { prompt: { suffix: 'beads '.repeat(600) } });
    expect((await client.failureOf('run/start', { source: { ...source, overrides: { 'sampling.maxTokens': 600 } } })).data.code).toBe(
      'prompt.tooLong',
    );
    expect(await client.ask('run/list', {})).toEqual([]);
    await finishRun(client, backend.workspace);
  });

  it('whose engine fails is told why, and can be resumed', async () => {
    let isBroken = true;
    const fault: Fault = (method, earlier) => {
      if (isBroken && method === 'optimStep' && earlier === 2)
        throw new WorkbenchError({ code: 'engine.notFinite', message: 'The gradient is not finite.', remedy: 'Lower it.' });
    };
    const backend = await startTestBackend({ fault });
    const client = await backend.connect();
    await client.ask('events/subscribe', { afterSeq: 0 });
    const { runId } = await client.ask('run/start', { source: sourceOf(backend.workspace) });
    await client.until(() => hasStopped(client, runId));
    await expect.poll(async () => (await client.ask('run/get', { runId })).activity).toBeNull();
    expect(await client.ask('run/get', { runId })).toMatchObject({ state: 'failed', stopMessage: expect.stringContaining('not finite') as string });
    isBroken = false;
    await client.ask('run/resume', { runId });
    await client.until(
      () => client.events.at(-1)?.body.type === 'runStopped' && client.events.filter(({ body }) => body.type === 'runStopped').length === 2,
    );
    expect((await client.ask('run/get', { runId })).state).toBe('finished');
  });

  it('goes on without any client, and ends with the backend in a checkpoint', async () => {
    const { backend, client } = await startTraining({ idleMinutes: 0.01 });
    const seen = client.events.length;
    client.close();
    await sleep(900);
    const again = await backend.connect();
    await again.ask('events/subscribe', { afterSeq: seen });
    await again.until(() => again.events.filter(({ body }) => body.type === 'stepFinished').length > 2);
    await again.ask('shutdown', {});
    await backend.ended;
    expect(again.events.slice(-2).map(({ body }) => body.type)).toEqual(['checkpointSaved', 'runStopped']);
    expect(again.events.at(-1)?.body).toMatchObject({ reason: 'interrupted' });
  });
});

describe('a person', () => {
  it('rewrites a critique, tries it and has the run learn from it from the next step on', async () => {
    const training = await startTraining();
    const { client, runId } = training;
    const { critiqueId, rolloutId } = await criticized(training);
    const critique = await client.ask('critique/revise', { runId, baseId: critiqueId, text: 'Add first.', author: 'Ada' });
    expect(critique).toMatchObject({ kind: 'human', author: 'Ada', revision: 2, supersedes: critiqueId });
    const conflict = await client.failureOf('critique/revise', { runId, baseId: critiqueId, text: 'Other.', author: 'Bob' });
    expect(conflict.data.code).toBe('critique.conflict');
    expect(await client.ask('critique/refine', { runId, critiqueId: critique.id, samples: 2 })).toMatchObject({ success: { total: 2 } });
    const enlistment = await client.ask('critique/enlist', { runId, critiqueId: critique.id, author: 'Ada' });
    await client.until(() => client.events.some(({ body }) => body.type === 'stepFinished' && body.update.step > enlistment.fromStep));
    const entry = (await client.ask('critique/history', { runId, rolloutId })).find((one) => one.critique.id === critique.id);
    expect(entry).toMatchObject({ trials: [{ critiqueId: critique.id }], enlistment: { fromStep: enlistment.fromStep } });
    expect((await client.ask('run/get', { runId })).isHumanTouched).toBe(true);
    expect((await client.ask('critique/withdraw', { runId, critiqueId: critique.id })).untilStep).toBeGreaterThan(enlistment.fromStep);
  });

  it('writes the first critique of a rollout that has none', async () => {
    const training = await startTraining();
    const { client, runId } = training;
    const { rows } = await client.ask('rollout/page', { runId, status: 'right', order: 'oldest' });
    const request = { runId, rolloutId: rows[0]?.id ?? '', text: 'Right, but long.', author: 'Ada' };
    expect(await client.ask('critique/write', request)).toMatchObject({ kind: 'human', revision: 1, supersedes: null });
    expect((await client.failureOf('critique/write', request)).data.code).toBe('critique.conflict');
    const rolloutId = (await criticized(training)).rolloutId;
    expect((await client.failureOf('critique/write', { ...request, rolloutId })).data.code).toBe('critique.conflict');
  });

  it('compares critics on one failed answer, and may cancel it without harm to the run', async () => {
    const training = await startTraining({ sampleMs: 30 });
    const { client, runId } = training;
    const { rolloutId } = await criticized(training);
    const request = { runId, rolloutId, critics: ['none', 'verdict'], humanText: 'Look again.', samples: 2 };
    const entries = await client.ask('critique/counterfactual', request);
    expect(entries.map(({ critic, success }) => [critic, success.total])).toEqual([
      ['none', 2],
      ['verdict', 2],
      ['human', 2],
    ]);
    const source = new CancellationTokenSource();
    const failure = client.failureOf('critique/counterfactual', request, source.token);
    await sleep(5);
    source.cancel();
    expect((await failure).code).toBe(-32800);
    const steps = stepCount(training);
    await client.until(() => stepCount(training) > steps + 1);
  });

  it('finds what was asked for before the window was reloaded', async () => {
    const training = await startTraining({ sampleMs: 30 });
    const { client, runId, backend } = training;
    const { critiqueId, rolloutId } = await criticized(training);
    client.ask('critique/refine', { runId, critiqueId, samples: 2 }).catch(() => undefined);
    await client.ask('run/list', {});
    const lastSeq = client.events.at(-1)?.seq ?? 0;
    client.close();
    const again = await backend.connect();
    await again.ask('events/subscribe', { afterSeq: lastSeq });
    await again.until(() => again.events.some(({ body }) => body.type === 'trialFinished'));
    expect(await again.ask('critique/history', { runId, rolloutId })).toMatchObject([{ trials: [{ success: { total: 2 } }] }]);
  });

  it('evaluates between two steps', async () => {
    const training = await startTraining();
    const { client, runId } = training;
    const evaluation = await client.ask('run/evaluate', { runId });
    expect(evaluation).toMatchObject({ set: 'heldOut', all: { problems: 2 } });
    expect(evaluation.step).toBeGreaterThan(0);
    expect(await client.ask('run/evaluations', { runId })).toContainEqual(evaluation);
  });
});

describe('a run that does not train', () => {
  it('answers from its last checkpoint, is held open, and makes room for another', async () => {
    const backend = await startTestBackend();
    const client = await backend.connect();
    const first = await finishRun(client, backend.workspace);
    const { critiqueId } = await criticized({ client, runId: first });
    expect(await client.ask('critique/refine', { runId: first, critiqueId, samples: 2 })).toMatchObject({ policyVersion: 3, success: { total: 2 } });
    await client.ask('critique/refine', { runId: first, critiqueId, samples: 2 });
    expect((await client.ask('run/evaluate', { runId: first })).step).toBe(3);
    expect(backend.engines).toHaveLength(2);
    expect((await client.ask('run/get', { runId: first })).activity).toBeNull();
    const { runId: second } = await client.ask('run/start', { source: sourceOf(backend.workspace) });
    await client.until(() => hasStopped(client, second));
    expect(backend.engines.map(({ isDisposed }) => isDisposed)).toEqual([true, true, true]);
  });

  it('is closed when nobody asks for a while', async () => {
    const backend = await startTestBackend({ standByMs: 100 });
    const client = await backend.connect();
    const runId = await finishRun(client, backend.workspace);
    const { critiqueId } = await criticized({ client, runId });
    await client.ask('critique/refine', { runId, critiqueId, samples: 1 });
    expect(backend.engines[1]?.isDisposed).toBe(false);
    await expect.poll(() => backend.engines[1]?.isDisposed, { timeout: 3000 }).toBe(true);
  });

  it('is asked by two clients at once with one policy', async () => {
    const backend = await startTestBackend({ sampleMs: 20 });
    const [one, two] = [await backend.connect(), await backend.connect()];
    const runId = await finishRun(one, backend.workspace);
    const { critiqueId } = await criticized({ client: one, runId });
    const trials = await Promise.all([one, two, one, two].map((client) => client.ask('critique/refine', { runId, critiqueId, samples: 1 })));
    expect(new Set(trials.map(({ id }) => id)).size).toBe(4);
    expect(backend.engines).toHaveLength(2);
  });

  it('whose engine dies of a question is opened anew, and the question answered', async () => {
    let deaths = 0;
    const backend = await startTestBackend({
      fault: (method) => {
        if (method !== 'sample' || deaths !== 1) return;
        deaths++;
        throw new WorkbenchError({ code: 'engine.died', message: 'The engine process is gone.', remedy: '' });
      },
    });
    const client = await backend.connect();
    const runId = await finishRun(client, backend.workspace);
    const { critiqueId } = await criticized({ client, runId });
    deaths = 1;
    await expect(client.ask('critique/refine', { runId, critiqueId, samples: 2 })).resolves.toMatchObject({ success: { total: 2 } });
    expect(deaths).toBe(2);
    expect(backend.engines).toHaveLength(3);
  });
});
