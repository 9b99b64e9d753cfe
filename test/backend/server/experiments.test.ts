/** Experiments over the wire: started from a file, paused, gone on with, read while they run. */
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { ExperimentFileInput } from '../../../backend/protocol/experiment.ts';
import { problems, writeProblems } from '../../support/scriptedRun.ts';
import type { RpcClient } from './rpcClient.ts';
import { scriptedSettings } from '../experiments/scriptedExperiment.ts';
import { finishRun, sourceOf, startTestBackend, type TestBackend } from './testBackend.ts';

function fileOf({ workspace }: Pick<TestBackend, 'workspace'>, parts: Partial<ExperimentFileInput> = {}) {
  writeProblems(join(workspace, 'train.jsonl'), problems(2));
  writeProblems(join(workspace, 'heldOut.jsonl'), problems(4).slice(2));
  const file: ExperimentFileInput = {
    name: 'grid',
    axes: { 'switches.shapingGamma': [0.1, null] },
    seeds: [0],
    ...parts,
    base: {
      set: {
        ...scriptedSettings,
        'switches.trigger': 'allWrong',
        'training.steps': 2,
        'evaluation.every': 0,
        'evaluation.failureAttempts': 1,
        ...parts.base?.set,
      },
    },
  };
  return { file: { path: join(workspace, 'grid.experiment.json'), text: JSON.stringify(file) } };
}

async function until(client: RpcClient, id: string, isSo: (detail: Awaited<ReturnType<typeof detailOf>>) => boolean) {
  for (;;) {
    const detail = await detailOf(client, id);
    if (isSo(detail)) return detail;
    const { length } = client.changedExperiments;
    await Promise.race([client.until(() => client.changedExperiments.length > length), new Promise((resolve) => setTimeout(resolve, 200))]);
  }
}

const detailOf = (client: RpcClient, id: string) => client.ask('experiment/get', { id });

describe('experiments', () => {
  it('are run from their file to their report', async () => {
    const backend = await startTestBackend();
    const client = await backend.connect();
    expect(await client.ask('experiment/list', {})).toEqual([]);
    expect(await client.ask('experiment/start', { source: fileOf(backend) })).toEqual({ id: 'grid' });
    const detail = await until(client, 'grid', ({ isRunning }) => !isRunning);
    expect(detail.runs.map(({ cell, state, step, steps, error }) => [cell, state, step, steps, error])).toEqual([
      ['γ 0.1', 'finished', 2, 2, null],
      ['γ none', 'finished', 2, 2, null],
    ]);
    expect(await client.ask('experiment/list', {})).toMatchObject([{ id: 'grid', finished: 2, failed: 0, total: 2, isRunning: false }]);
    const report = await client.ask('experiment/report', { id: 'grid' });
    expect(report.markdown).toContain('2 of 2 runs are done');
    expect(report.figures.map(({ name, svg }) => [name, svg.startsWith('<svg')])).toEqual([
      ['curves', true],
      ['dynamics', true],
    ]);
    expect(report.cells.map(({ seeds }) => seeds.length)).toEqual([1, 1]);
    expect(client.changedExperiments.every((id) => id === 'grid')).toBe(true);
  });

  it('are paused with a checkpoint, and gone on with by their name alone', async () => {
    const backend = await startTestBackend({ sampleMs: 40 });
    const client = await backend.connect();
    await client.ask('experiment/start', { source: fileOf(backend, { base: { set: { 'training.steps': 4 } } }) });
    await until(client, 'grid', ({ runs }) => (runs[0]?.step ?? 0) >= 1);
    await expect(client.ask('experiment/start', { source: fileOf(backend) })).rejects.toMatchObject({ data: { code: 'experiment.busy' } });
    await client.ask('experiment/pause', { id: 'grid' });
    const paused = await detailOf(client, 'grid');
    expect(paused).toMatchObject({ isRunning: false, failed: 0 });
    expect(paused.runs.map(({ state }) => state)).toEqual(['paused', 'waiting']);
    await expect(client.ask('experiment/pause', { id: 'grid' })).rejects.toMatchObject({ data: { code: 'experiment.notRunning' } });

    await client.ask('experiment/start', { source: { id: 'grid' } });
    const done = await until(client, 'grid', ({ isRunning }) => !isRunning);
    expect(done.runs.map(({ state, runId }) => [state, runId])).toEqual([
      ['finished', paused.runs[0]?.runId],
      ['finished', 'grid-gamma-none-seed0'],
    ]);
  });

  it('are paused by whoever stops their run', async () => {
    const backend = await startTestBackend({ sampleMs: 40 });
    const client = await backend.connect();
    await client.ask('experiment/start', { source: fileOf(backend, { base: { set: { 'training.steps': 6 } } }) });
    const begun = await until(client, 'grid', ({ runs }) => (runs[0]?.step ?? 0) >= 1);
    await client.ask('run/stop', { runId: begun.runs[0]?.runId ?? '' });
    const paused = await until(client, 'grid', ({ isRunning }) => !isRunning);
    expect(paused.runs.map(({ state }) => state)).toEqual(['paused', 'waiting']);
    expect(paused.failed).toBe(0);
  });

  it('do not begin while another run trains, nor fail their runs by it', async () => {
    const backend = await startTestBackend({ sampleMs: 40 });
    const client = await backend.connect();
    const { runId } = await client.ask('run/start', { source: sourceOf(backend.workspace, { training: { steps: 50 } }) });
    await expect(client.ask('experiment/start', { source: fileOf(backend) })).rejects.toMatchObject({ data: { code: 'policy.busy' } });
    await client.ask('run/stop', { runId });
    await client.ask('experiment/start', { source: fileOf(backend) });
    const done = await until(client, 'grid', ({ isRunning }) => !isRunning);
    expect(done.finished).toBe(2);
  });

  it('outlive a run that fails', async () => {
    let saved = 0;
    const backend = await startTestBackend({
      fault: (method) => {
        if (method === 'saveState' && ++saved === 1) throw new Error('the disk is gone');
      },
    });
    const client = await backend.connect();
    await client.ask('experiment/start', { source: fileOf(backend) });
    const done = await until(client, 'grid', ({ isRunning }) => !isRunning);
    expect(done.runs.map(({ state, error }) => [state, error])).toEqual([
      ['failed', 'the disk is gone'],
      ['finished', null],
    ]);
    expect(done).toMatchObject({ finished: 1, failed: 1 });
  });

  it.each([
    ['a file that is none', { file: { path: 'x.experiment.json', text: '{"name": 3' } }, 'experiment.invalid'],
    ['an unknown critic', 'critic', 'critic.unknown'],
    ['a name that leaves the folder', { id: '../runs' }, 'experiment.missing'],
    ['one that was never started', { id: 'other' }, 'experiment.missing'],
  ] as const)('refuse %s', async (_, source, code) => {
    const backend = await startTestBackend();
    const client = await backend.connect();
    const asked = source === 'critic' ? fileOf(backend, { axes: { critic: ['verdict', 'oracle'] } }) : source;
    await expect(client.ask('experiment/start', { source: asked })).rejects.toMatchObject({ data: { code } });
    expect(await client.ask('run/list', {})).toEqual([]);
  });

  it('are not run in a workspace that is not trusted', async () => {
    const first = await startTestBackend();
    await finishRun(await first.connect(), first.workspace);
    await first.shutDown('done');
    const backend = await startTestBackend({ workspace: first.workspace, isViewOnly: true });
    const client = await backend.connect();
    await expect(client.ask('experiment/start', { source: fileOf(backend) })).rejects.toMatchObject({ data: { code: 'workspace.untrusted' } });
  });
});
