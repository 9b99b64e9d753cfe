import { describe, expect, it } from 'vitest';
import { ExperimentController } from '../../../webview/experiment/controller.ts';
import { standingOf } from '../../../webview/experiment/grid.ts';
import type { ExperimentTraits } from '../../../webview/gallery/experimentFixtures.ts';
import { experimentHost, type ExperimentHostOptions } from '../../../webview/gallery/experimentHost.ts';
import { updateAt } from '../../../webview/gallery/runFixtures.ts';
import { valueOf } from '../../../webview/ui/loadable.ts';

const connected = { state: 'connected', detail: '' } as const;
const experiment: ExperimentTraits = {
  id: 'e',
  cells: [
    { label: 'grpo', values: { algorithm: 'grpo' }, gain: 0.4 },
    { label: 'critique-grpo', values: { algorithm: 'critique-grpo' }, gain: 0.9, kinds: ['stepLevel'] },
  ],
  seeds: [0, 1],
  steps: 40,
  done: 1,
  isRunning: true,
};

async function openPage(traits: Partial<ExperimentTraits> = {}, options: ExperimentHostOptions = {}) {
  const host = experimentHost({ ...experiment, ...traits }, options);
  const page = new ExperimentController(host, () => undefined);
  page.receive({ type: 'show', view: { kind: 'experiment', experimentId: 'e' }, connection: connected });
  await settled();
  const asked = (): string[] => host.requests.map(({ method }) => method);
  return { page, host, asked, detail: () => valueOf(page.state.detail), report: () => valueOf(page.state.report) };
}

async function settled(ms = 0): Promise<void> {
  await new Promise((resolve) => setTimeout(resolve, ms));
  for (let turn = 0; turn < 8; turn++) await new Promise((resolve) => setTimeout(resolve, 0));
}

describe('the page of an experiment', () => {
  it('reads the grid and what is finished', async () => {
    const { detail, report, asked } = await openPage();
    expect(detail()?.runs.map(({ state }) => state)).toEqual(['finished', 'running', 'waiting', 'waiting']);
    expect(report()?.cells.map(({ seeds }) => seeds.length)).toEqual([1, 0]);
    expect(asked()).toEqual(['experiment/get', 'experiment/report']);
  });

  it('asks for no report before there is anything in it', async () => {
    const { page, asked } = await openPage({ done: 0 });
    expect(asked()).toEqual(['experiment/get']);
    expect(page.state.report.state).toBe('idle');
  });

  it('reads again when told to, and the report only when a run has ended', async () => {
    const { page, host, asked, detail, report } = await openPage();
    page.receive({ type: 'experimentsChanged', id: 'another' });
    page.receive({ type: 'experimentsChanged', id: 'e' });
    page.receive({ type: 'runsChanged', runId: 'e-1-seed0' });
    await settled(350);
    expect(asked()).toEqual(['experiment/get', 'experiment/report', 'experiment/get']);
    host.experiment = { ...experiment, done: 2 };
    page.receive({ type: 'experimentsChanged', id: 'e' });
    await settled(350);
    expect(asked().slice(3)).toEqual(['experiment/get', 'experiment/report']);
    expect(detail()?.finished).toBe(2);
    expect(report()?.cells.map(({ seeds }) => seeds.length)).toEqual([1, 1]);
  });

  it('moves a run on when a step is finished, without reading', async () => {
    const { page, detail, asked } = await openPage();
    const before = asked().length;
    const update = updateAt(23, { id: 'e-1-seed0', steps: 40, done: 23 });
    const event = (runId: string) => ({ seq: 1, runId, time: 0, body: { type: 'stepFinished', update } }) as const;
    page.receive({ type: 'events', events: [event('e-1-seed0'), event('elsewhere')] });
    await settled();
    expect(detail()?.runs.map(({ step }) => step)).toEqual([40, 23, 0, 0]);
    expect(asked()).toHaveLength(before);
  });

  it('starts and pauses by the id of the experiment, one at a time', async () => {
    const { page, host } = await openPage({ isRunning: false });
    page.start();
    page.pause();
    expect(page.state.pending).toBe('start');
    await settled();
    expect(page.state.pending).toBeNull();
    page.pause();
    await settled();
    expect(host.requests.slice(2)).toEqual([
      { method: 'experiment/start', params: { source: { id: 'e' } } },
      { method: 'experiment/pause', params: { id: 'e' } },
    ]);
  });

  it('says why it could not be started, until it is tried again', async () => {
    const { page } = await openPage({ isRunning: false }, { refused: { 'experiment/start': 'Experiment other is running.' } });
    page.start();
    await settled();
    expect(page.state).toMatchObject({ pending: null, refusal: { of: 'start', error: { message: 'Experiment other is running.' } } });
    page.pause();
    expect(page.state.refusal).toBeNull();
  });

  it('keeps what is known while the backend is away, and reads again when it is back', async () => {
    const { page, detail, asked } = await openPage();
    page.receive({ type: 'connection', connection: { state: 'lost', detail: '' } });
    expect(detail()?.finished).toBe(1);
    page.receive({ type: 'connection', connection: connected });
    expect(detail()?.finished).toBe(1);
    await settled();
    expect(asked().slice(2)).toEqual(['experiment/get', 'experiment/report']);
  });

  it('shows why it cannot read, and why there are no results', async () => {
    const unreadable = await openPage({}, { answers: 'failing' });
    expect(unreadable.page.state.detail).toMatchObject({ state: 'failed', error: { remedy: 'Look at the log, then try again.' } });
    const { page, asked } = await openPage({}, { refused: { 'experiment/report': 'gone' } });
    expect(page.state.report).toMatchObject({ state: 'failed', error: { message: 'gone' } });
    page.reloadReport();
    await settled();
    expect(asked().filter((method) => method === 'experiment/report')).toHaveLength(2);
  });

  it('leaves the doing to the host', async () => {
    const { page, host } = await openPage();
    page.openRun('e-0-seed0');
    page.copyMarkdown();
    page.openReport();
    expect(host.actions).toEqual([
      { do: 'openPanel', view: { kind: 'run', runId: 'e-0-seed0', overlays: [] } },
      { do: 'copyText', text: '# e\n' },
      { do: 'openReport', experimentId: 'e' },
    ]);
  });

  it.each<[Partial<ExperimentTraits>, string]>([
    [{ done: 0, isRunning: false }, 'waiting'],
    [{}, 'running'],
    [{ isRunning: false }, 'paused'],
    [{ done: 4, isRunning: false }, 'finished'],
    [{ done: 4, isRunning: false, failed: { 2: 'out of memory' } }, 'incomplete'],
  ])('with %j is %s', async (traits, standing) => {
    const { detail } = await openPage(traits);
    const value = detail();
    expect(value === null ? null : standingOf(value)).toBe(standing);
  });
});
