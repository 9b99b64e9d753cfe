import { describe, expect, it } from 'vitest';
import type { Event, EventBody } from '../../../backend/protocol/events.ts';
import { evaluationsOf, seriesOf, summaryOf, updateAt, updatesOf, type RunTraits } from '../../../webview/gallery/runFixtures.ts';
import { initialState, secondsSinceNews, shownRun, update, type DashboardState, type Message } from '../../../webview/run/state.ts';

const run: RunTraits = { id: 'a', steps: 100, done: 10 };
const connected = { state: 'connected', detail: '' } as const;

function after(messages: readonly Message[], state: DashboardState = initialState): DashboardState {
  return messages.reduce(update, state);
}

function shown(of: RunTraits = run): readonly Message[] {
  return [
    { type: 'shown', view: { kind: 'run', runId: of.id, overlays: [] }, connection: connected },
    { type: 'runRead', summary: summaryOf(of), series: seriesOf(updatesOf(of)), afterStep: null, evaluations: evaluationsOf(of) },
  ];
}

function happened(bodies: readonly EventBody[], runId = run.id, now = 1000): Message {
  return { type: 'happened', now, events: bodies.map((body, i): Event => ({ seq: i + 1, runId, time: 0, body })) };
}

const steps = (state: DashboardState): readonly number[] => shownRun(state)?.curves.steps ?? [];

describe('the state of the dashboard', () => {
  it('grows by finished steps, without reading the run again', () => {
    const state = after([...shown(), happened([11, 12].map((step) => ({ type: 'stepFinished', update: updateAt(step, run) })))]);
    expect(steps(state).slice(-3)).toEqual([10, 11, 12]);
    expect(shownRun(state)?.curves.values['metrics.reward']).toHaveLength(steps(state).length);
  });

  it('takes back the steps after a checkpoint that training restarted from', () => {
    const state = after([...shown(), happened([{ type: 'stepFinished', update: updateAt(6, run) }])]);
    expect(steps(state).at(-1)).toBe(6);
  });

  it('appends what was read after the last known step, and keeps what came by events meanwhile', () => {
    const late = { ...run, done: 14 };
    const series = seriesOf(updatesOf(late).filter(({ step }) => step > 10 && step <= 12));
    const state = after([
      ...shown(),
      happened([13, 14].map((step) => ({ type: 'stepFinished', update: updateAt(step, run) }))),
      { type: 'runRead', summary: summaryOf(late), series, afterStep: 10, evaluations: [] },
    ]);
    expect(steps(state).slice(-5)).toEqual([10, 11, 12, 13, 14]);
  });

  it('ignores events of runs that are not shown, except as overlays', () => {
    const state = after([...shown(), happened([{ type: 'stepFinished', update: updateAt(11, run) }], 'another')]);
    expect(steps(state).at(-1)).toBe(10);
    expect(state.heardAt).toBeNull();
  });

  it('knows how long a run at work has been silent', () => {
    const state = after([...shown(), happened([{ type: 'checkpointSaved', step: 10, path: 'p' }]), { type: 'ticked', now: 301_000 }]);
    expect(secondsSinceNews(state)).toBe(300);
    const paused = after([{ type: 'summaryRead', summary: { ...summaryOf(run), activity: 'paused' } }], state);
    expect(secondsSinceNews(paused)).toBeNull();
  });

  it('lists news newest first, each once', () => {
    const notice: EventBody = { type: 'noticeRaised', code: 'critic.failed', message: 'The critic failed on 1 of 8.', step: 3 };
    const told = happened([notice, { type: 'checkpointSaved', step: 5, path: 'p' }]);
    const { news } = after([...shown(), told, told]);
    expect(news.map(({ tone }) => tone)).toEqual(['info', 'warning']);
    expect(news[1]?.text).toBe('Step 3: The critic failed on 1 of 8.');
  });

  it('forgets zoom, news and progress when another run is shown, and zoom when the axis changes', () => {
    const zoomed = after([...shown(), { type: 'zoomed', range: [2, 5] }, happened([{ type: 'checkpointSaved', step: 5, path: 'p' }])]);
    expect(after([{ type: 'axisChosen', xAxis: 'tokens' }], zoomed).look.range).toBeNull();
    const other = after(shown({ ...run, id: 'b' }), zoomed);
    expect([other.look.range, other.news, other.progress]).toEqual([null, [], null]);
  });

  it('hides and shows curves', () => {
    const hide: Message = { type: 'curvesToggled', curveId: 'run:b' };
    expect([...after([hide]).look.hidden]).toEqual(['run:b']);
    expect([...after([hide, hide]).look.hidden]).toEqual([]);
  });
});
