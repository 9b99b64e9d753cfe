import { describe, expect, it } from 'vitest';
import { summaryOf, updateAt, type RunTraits } from '../../../webview/gallery/runFixtures.ts';
import { runHost, type RunHostOptions } from '../../../webview/gallery/runHost.ts';
import { DashboardController } from '../../../webview/run/controller.ts';
import { shownRun } from '../../../webview/run/state.ts';

const run: RunTraits = { id: 'a', steps: 100, done: 10 };
const other: RunTraits = { id: 'b', steps: 100, done: 20, kind: 'grpo' };
const connected = { state: 'connected', detail: '' } as const;

async function openDashboard(options: Partial<RunHostOptions> = {}) {
  const host = runHost({ runs: [run, other], ...options });
  const dashboard = new DashboardController(host, () => undefined);
  dashboard.receive({ type: 'show', view: { kind: 'run', runId: run.id, overlays: [] }, connection: connected });
  await settled();
  return { dashboard, host };
}

async function settled(): Promise<void> {
  for (let turn = 0; turn < 8; turn++) await new Promise((resolve) => setTimeout(resolve, 0));
}

const seriesRequests = ({ requests }: Awaited<ReturnType<typeof openDashboard>>['host']): unknown[] =>
  requests.filter(({ method }) => method === 'run/series').map(({ params }) => params);

describe('the dashboard', () => {
  it('reads the run, its curves and what critiques led to', async () => {
    const { dashboard } = await openDashboard();
    expect(dashboard.state.error).toBeNull();
    expect(shownRun(dashboard.state)?.curves.steps).toHaveLength(10);
    expect(dashboard.state.funnel?.kinds.length).toBeGreaterThan(0);
    expect(dashboard.state.rescue?.problemId).toBe('chain-417');
    expect(dashboard.state.runs).toHaveLength(2);
  });

  it('asks only for new steps when it reads again', async () => {
    const { dashboard, host } = await openDashboard();
    dashboard.receive({ type: 'connection', connection: { state: 'lost', detail: '' } });
    dashboard.receive({ type: 'connection', connection: connected });
    await settled();
    expect(seriesRequests(host)).toMatchObject([{ runId: 'a' }, { runId: 'a', afterStep: 10 }]);
    expect(seriesRequests(host)[0]).not.toHaveProperty('afterStep');
    expect(shownRun(dashboard.state)?.curves.steps).toHaveLength(10);
  });

  it('reads all again when the run went back to a checkpoint', async () => {
    const { dashboard, host } = await openDashboard();
    const update = updateAt(11, run);
    dashboard.receive({ type: 'events', events: [{ seq: 1, runId: run.id, time: 0, body: { type: 'stepFinished', update } }] });
    dashboard.reload();
    await settled();
    expect(seriesRequests(host).at(-1)).not.toHaveProperty('afterStep');
    expect(shownRun(dashboard.state)?.curves.steps.at(-1)).toBe(10);
  });

  it('reads a run that is laid over, once, and tells the host of the view', async () => {
    const { dashboard, host } = await openDashboard();
    dashboard.toggleOverlay('b');
    await settled();
    expect(dashboard.state.data['b']?.curves.steps).toHaveLength(20);
    expect(host.views.at(-1)).toEqual({ kind: 'run', runId: 'a', overlays: ['b'] });
    dashboard.toggleOverlay('b');
    expect(dashboard.state.view?.overlays).toEqual([]);
  });

  it('shows why it cannot read, and reads again when asked to', async () => {
    const { dashboard } = await openDashboard({ answers: 'failing' });
    expect(dashboard.state.error).toMatchObject({ code: 'store.unreadable', remedy: expect.stringContaining('reload') as string });
  });

  it('leaves the doing to the host', async () => {
    const { dashboard, host } = await openDashboard();
    dashboard.command('pause');
    expect(host.actions).toEqual([{ do: 'runCommand', command: 'pause', runId: 'a' }]);
  });

  it('takes over news of a run’s activity', async () => {
    const { dashboard, host } = await openDashboard();
    const before = host.requests.length;
    dashboard.receive({ type: 'runsChanged', runId: 'a' });
    await settled();
    expect(host.requests.slice(before).map(({ method }) => method)).toEqual(['run/get', 'run/list']);
    expect(shownRun(dashboard.state)?.summary).toEqual(summaryOf(run));
  });
});
