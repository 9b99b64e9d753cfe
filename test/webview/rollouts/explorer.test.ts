import { describe, expect, it } from 'vitest';
import type { Event, EventBody } from '../../../backend/protocol/events.ts';
import type { RolloutFilter } from '../../../backend/protocol/views.ts';
import type { RolloutPlace } from '../../../extension/contract.ts';
import { runId } from '../../../webview/gallery/explorerRows.ts';
import { updateAt } from '../../../webview/gallery/runFixtures.ts';
import { fixtureHost, type FixtureOptions } from '../../../webview/gallery/explorerHost.ts';
import { ExplorerController } from '../../../webview/rollouts/controller.ts';
import { valueOf } from '../../../webview/ui/loadable.ts';
import { placeOf } from '../../../webview/rollouts/detail.ts';

const connected = { state: 'connected', detail: '' } as const;

/** Opened on a made-up run, with every answer in. */
async function openExplorer(options: Partial<FixtureOptions> = {}, filter: RolloutFilter = {}, open: RolloutPlace | null = null) {
  const host = fixtureHost({ total: 3000, ...options });
  const explorer = new ExplorerController(host, () => undefined);
  explorer.receive({ type: 'show', view: { kind: 'rollouts', runId, filter, open }, connection: connected });
  await settled();
  return { explorer, host };
}

async function settled(): Promise<void> {
  for (let turn = 0; turn < 8; turn++) await new Promise((resolve) => setTimeout(resolve, 0));
}

function eventsOf(bodies: readonly EventBody[], of = runId): { readonly type: 'events'; readonly events: Event[] } {
  return { type: 'events', events: bodies.map((body, seq) => ({ seq, runId: of, time: 0, body })) };
}

const groupFinished: EventBody = { type: 'groupFinished', step: 1, groupId: 'g', problemId: 'p', kind: 'mixed', zeroSignal: false };

describe('the explorer', () => {
  it('shows the newest rows and how many there are', async () => {
    const { explorer } = await openExplorer();
    expect(explorer.state.list.rows).toHaveLength(500);
    expect(explorer.state.list.rows[0]?.key).toBe(2999);
    expect(explorer.state.count).toEqual({ state: 'ready', value: 3000 });
    expect(explorer.state.levels).toEqual(['easy', 'hard', 'medium']);
  });

  it('reads the next page while there are still rows to scroll through, each page once', async () => {
    const { explorer, host } = await openExplorer();
    explorer.moveWindow({ start: 60, end: 180 });
    explorer.moveWindow({ start: 80, end: 200 });
    await settled();
    expect(explorer.state.list.rows).toHaveLength(1000);
    expect(host.requests.filter(({ method }) => method === 'rollout/page')).toHaveLength(2);
  });

  it('goes to the last of 100,000 rows, reading every page on the way', async () => {
    const { explorer } = await openExplorer({ total: 100_000 });
    explorer.selectLast();
    while (explorer.state.isReadingOn) await settled();
    expect(explorer.state.list.rows).toHaveLength(100_000);
    expect(explorer.state.selectedAt).toBe(99_999);
  });

  it('stops reading on when asked to', async () => {
    const { explorer } = await openExplorer({ total: 100_000 });
    explorer.selectLast();
    explorer.stopReadingOn();
    await settled();
    await settled();
    expect(explorer.state.list.rows.length).toBeLessThan(5000);
  });

  it('announces new groups without moving what is on screen, and keeps the selection when they are shown', async () => {
    const { explorer, host } = await openExplorer();
    explorer.select(5, false);
    const selected = explorer.state.selectedId;
    host.total += 14;
    explorer.receive(eventsOf([groupFinished, groupFinished]));
    explorer.receive(eventsOf([groupFinished], 'another run'));
    expect(explorer.state.list.newGroups).toBe(2);
    expect(explorer.state.list.rows[0]?.key).toBe(2999);
    explorer.reload();
    await settled();
    expect(explorer.state.list.newGroups).toBe(0);
    expect(explorer.state.list.rows[0]?.key).toBe(3013);
    expect(explorer.state.selectedId).toBe(selected);
    expect(explorer.state.selectedAt).toBe(19);
  });

  it('fills an empty list by itself when the first group is there', async () => {
    const { explorer, host } = await openExplorer({ total: 0 });
    expect(explorer.state.list.rows).toEqual([]);
    host.total = 7;
    explorer.receive(eventsOf([groupFinished]));
    await settled();
    expect(explorer.state.list.rows).toHaveLength(7);
  });

  it('filters at the backend, counts, and has the editor keep the filter', async () => {
    const { explorer, host } = await openExplorer();
    explorer.setFilter({ level: 'hard', status: 'wrong' });
    await settled();
    expect(explorer.state.list.rows.every(({ level, status }) => level === 'hard' && status === 'wrong')).toBe(true);
    expect(valueOf(explorer.state.count)).toBeLessThan(3000);
    expect(host.views.at(-1)).toEqual({ kind: 'rollouts', runId, filter: { level: 'hard', status: 'wrong' }, open: null });
  });

  it('waits for a pause in typing, and loses none of the fields typed into', async () => {
    const { explorer, host } = await openExplorer();
    const before = host.requests.length;
    explorer.changeFilterSoon((filter) => ({ ...filter, text: 'ste' }));
    explorer.changeFilterSoon((filter) => ({ ...filter, fromStep: 2 }));
    explorer.changeFilterSoon((filter) => ({ ...filter, text: 'step 1' }));
    expect(host.requests).toHaveLength(before);
    await new Promise((resolve) => setTimeout(resolve, 300));
    expect(explorer.state.filter).toEqual({ text: 'step 1', fromStep: 2 });
    expect(host.requests).toHaveLength(before + 2);
  });

  it('drops the answer to a filter that was changed meanwhile', async () => {
    const { explorer } = await openExplorer();
    explorer.setFilter({ level: 'hard' });
    explorer.setFilter({ level: 'easy' });
    await settled();
    expect(new Set(explorer.state.list.rows.map(({ level }) => level))).toEqual(new Set(['easy']));
  });

  it('opens the group of a row, and the place is kept', async () => {
    const { explorer, host } = await openExplorer();
    explorer.select(0, false);
    await settled();
    const { detail } = explorer.state;
    const row = explorer.state.list.rows[0];
    expect(detail.page === 'group' && detail.data.state === 'ready' && detail.data.value.attempts).toHaveLength(7);
    expect(detail.page === 'group' && detail.focusId).toBe(row?.id);
    expect(host.views.at(-1)).toMatchObject({ open: { page: 'group', groupId: row?.groupId } });
  });

  it('reads a group once while the keys run through its rows', async () => {
    const { explorer, host } = await openExplorer();
    explorer.select(0, false);
    await settled();
    for (const at of [1, 2, 3]) explorer.select(at, true);
    await new Promise((resolve) => setTimeout(resolve, 200));
    expect(host.requests.filter(({ method }) => method === 'group/get').length).toBeLessThanOrEqual(2);
    expect(explorer.state.selectedAt).toBe(3);
  });

  it.each([
    { page: 'group', groupId: `${runId}/1/chain-2/g2` },
    { page: 'problem', problemId: 'chain-2' },
    { page: 'tokens', rolloutId: `${runId}/1/chain-2/g2/r0`, groupId: `${runId}/1/chain-2/g2` },
  ] as const)('comes back to the $page page after a reload of the window', async (place) => {
    const { explorer } = await openExplorer({}, { level: 'hard' }, place);
    expect(placeOf(explorer.state.detail)).toEqual(place);
    expect(explorer.state.detail).toMatchObject({ data: { state: 'ready' } });
    expect(explorer.state.filter).toEqual({ level: 'hard' });
  });

  it('goes from the largest token to the next in size', async () => {
    const place = { page: 'tokens', rolloutId: `${runId}/1/chain-2/g2/r0/f0`, groupId: 'g2' } as const;
    const { explorer } = await openExplorer({}, {}, place);
    explorer.chooseTokenMode('gap');
    explorer.reachLargestToken();
    const first = explorer.state.detail.page === 'tokens' ? explorer.state.detail.current : null;
    explorer.reachLargestToken();
    const second = explorer.state.detail.page === 'tokens' ? explorer.state.detail.current : null;
    expect([first, second]).toEqual([0, 17]);
  });

  it('says what failed and shows it again after a retry', async () => {
    const { explorer } = await openExplorer({ answers: 'failing' });
    expect(explorer.state.list.error?.code).toBe('store.unreadable');
    expect(explorer.state.list.error?.remedy).toMatch(/reload the window/);
    expect(explorer.state.count.state).toBe('failed');
  });

  it('keeps what it shows while the backend is away, and reads again when it is back', async () => {
    const { explorer, host } = await openExplorer();
    explorer.receive({ type: 'connection', connection: { state: 'lost', detail: 'The backend ended.' } });
    expect(explorer.state.list.rows).toHaveLength(500);
    host.total += 7;
    explorer.receive({ type: 'connection', connection: connected });
    await settled();
    expect(explorer.state.list.rows[0]?.key).toBe(3006);
  });

  it('knows which steps left groups out, from the run and from steps that finish meanwhile', async () => {
    const { explorer, host } = await openExplorer({ total: 7 * 8 * 3, filtersGroups: true });
    expect([...explorer.state.filteredSteps]).toEqual([1, 2, 3]);
    const update = updateAt(4, { id: runId, steps: 100, done: 4, kind: 'dapo' });
    expect(update.metrics['groupsFiltered']).toBeGreaterThan(0);
    explorer.receive(eventsOf([{ type: 'stepFinished', update }]));
    expect([...explorer.state.filteredSteps]).toEqual([1, 2, 3, 4]);
    explorer.receive(eventsOf([{ type: 'stepFinished', update: { ...update, step: 5, metrics: { groupsFiltered: 0 } } }]));
    explorer.receive(eventsOf([{ type: 'stepFinished', update: { ...update, step: 6 } }], 'another run'));
    expect(explorer.state.filteredSteps.has(5) || explorer.state.filteredSteps.has(6)).toBe(false);
    expect(host.requests.filter(({ method }) => method === 'run/series')).toHaveLength(1);
  });

  it('asks again for what it is read with when the backend is back', async () => {
    const host = fixtureHost({ total: 70, filtersGroups: true });
    const explorer = new ExplorerController(host, () => undefined);
    explorer.receive({ type: 'show', view: { kind: 'rollouts', runId, filter: {}, open: null }, connection: { state: 'connecting', detail: '' } });
    expect(host.requests).toEqual([]);
    explorer.receive({ type: 'connection', connection: connected });
    await settled();
    expect(explorer.state.filteredSteps.size).toBeGreaterThan(0);
    expect(explorer.state.list.rows).toHaveLength(70);
  });
});
