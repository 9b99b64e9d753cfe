import { setImmediate } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import type { Event } from '../../../backend/protocol/events.ts';
import type { HostAction, PanelView, ToWebview } from '../../../extension/contract.ts';
import { PanelSession, type SessionHost } from '../../../extension/panels/session.ts';

const runView: PanelView = { kind: 'run', runId: 'run-1', overlays: ['run-0'] };

interface Asked {
  readonly method: string;
  readonly signal: AbortSignal;
  answer(result: unknown): void;
  fail(error: Error): void;
}

function open(view: PanelView = runView) {
  const posted: ToWebview[] = [];
  const asked: Asked[] = [];
  const actions: HostAction[] = [];
  const warnings: string[] = [];
  const views: PanelView[] = [];
  const host: SessionHost = {
    post: (message) => posted.push(message),
    request: (method, _params, signal) =>
      new Promise((resolve, reject) => {
        asked.push({ method, signal, answer: (result) => resolve(result as never), fail: reject });
      }),
    errorData: (error) => ({ code: 'test.failed', message: (error as Error).message, remedy: null }),
    act: (action) => actions.push(action),
    connection: () => ({ state: 'connected', detail: '' }),
    viewChanged: (changed) => views.push(changed),
    warn: (message) => warnings.push(message),
  };
  return { session: new PanelSession(view, host), posted, asked, actions, warnings, views };
}

function event(runId: string): Event {
  return { seq: 1, runId, time: 0, body: { type: 'checkpointSaved', step: 1, path: 'p' } };
}

describe('a page', () => {
  it('gets what it shows once it is ready, and nothing before', () => {
    const { session, posted } = open();
    session.events([event('run-1')]);
    expect(posted).toEqual([]);
    session.receive({ type: 'ready' });
    expect(posted).toEqual([{ type: 'show', view: runView, connection: { state: 'connected', detail: '' } }]);
  });

  it('hears of its own runs only, and only while it is on screen', () => {
    const { session, posted } = open();
    session.receive({ type: 'ready' });
    posted.length = 0;
    session.events([event('run-1'), event('run-9'), event('run-0')]);
    session.events([event('run-9')]);
    expect(posted.map((message) => (message.type === 'events' ? message.events.map(({ runId }) => runId) : message.type))).toEqual([
      ['run-1', 'run-0'],
    ]);
    session.hide();
    session.events([event('run-1')]);
    expect(posted).toHaveLength(1);
  });

  it('of an experiment hears of its own changes, and of every run', () => {
    const { session, posted } = open({ kind: 'experiment', experimentId: 'e' });
    session.receive({ type: 'ready' });
    posted.length = 0;
    session.experimentsChanged('other');
    session.experimentsChanged('e');
    session.events([event('run-1')]);
    expect(posted.map(({ type }) => type)).toEqual(['experimentsChanged', 'events']);
  });

  it('of an experiment may start one that is known', () => {
    const { session, asked } = open({ kind: 'experiment', experimentId: 'e' });
    session.receive({ type: 'ready' });
    session.receive({ type: 'request', id: 1, method: 'experiment/start', params: { source: { id: 'e' } } });
    expect(asked.map(({ method }) => method)).toEqual(['experiment/start']);
  });

  it('gets answers to its requests, and failures with their remedy', async () => {
    const { session, posted, asked } = open();
    session.receive({ type: 'ready' });
    session.receive({ type: 'request', id: 1, method: 'run/get', params: { runId: 'run-1' } });
    session.receive({ type: 'request', id: 2, method: 'run/list', params: {} });
    asked[1]?.answer([]);
    asked[0]?.fail(new Error('gone'));
    await setImmediate();
    expect(posted.slice(1)).toEqual([
      { type: 'result', id: 2, result: [] },
      { type: 'failure', id: 1, error: { code: 'test.failed', message: 'gone', remedy: null } },
    ]);
  });

  it('can cancel a request; a hidden page cancels all of its own', async () => {
    const { session, posted, asked } = open();
    session.receive({ type: 'ready' });
    session.receive({ type: 'request', id: 1, method: 'run/list', params: {} });
    session.receive({ type: 'request', id: 2, method: 'run/list', params: {} });
    session.receive({ type: 'cancel', id: 1 });
    expect(asked.map(({ signal }) => signal.aborted)).toEqual([true, false]);
    session.hide();
    expect(asked.map(({ signal }) => signal.aborted)).toEqual([true, true]);
    asked[1]?.answer([]);
    await setImmediate();
    expect(posted).toHaveLength(1);
  });

  it.each([
    ['a method that is not listed', { type: 'request', id: 7, method: 'run/start', params: { source: {} } }, true],
    ['the end of the backend', { type: 'request', id: 7, method: 'shutdown', params: {} }, true],
    ['a listed method with wrong parameters', { type: 'request', id: 7, method: 'run/get', params: { runId: 5 } }, true],
    ['a listed method with more parameters', { type: 'request', id: 7, method: 'run/get', params: { runId: 'a', path: '/' } }, true],
    ['an unknown action', { type: 'action', action: { do: 'openExternal', url: 'https://example.org' } }, false],
    ['a command that is not listed', { type: 'action', action: { do: 'runCommand', command: 'workbench.action.reload', runId: 'a' } }, false],
    [
      'an experiment of its own making',
      { type: 'request', id: 7, method: 'experiment/start', params: { source: { file: { path: '/a', text: '{}' } } } },
      true,
    ],
    ['no object at all', 'ready', false],
    ['nothing', undefined, false],
    ['an object with a trap', JSON.parse('{"type":"ready","__proto__":{"a":1},"more":1}') as unknown, false],
  ])('is refused %s, which is logged', (_name, message, isAnswered) => {
    const { session, posted, asked, actions, warnings } = open();
    session.receive({ type: 'ready' });
    session.receive(message);
    expect(asked).toEqual([]);
    expect(actions).toEqual([]);
    expect(warnings).toHaveLength(1);
    expect(posted.slice(1)).toEqual(isAnswered ? [expect.objectContaining({ type: 'failure', id: 7 })] : []);
  });

  it('tells where it went, never to be another kind of page', () => {
    const { session, views } = open();
    const elsewhere: PanelView = { kind: 'run', runId: 'run-1', overlays: [] };
    session.receive({ type: 'viewChanged', view: elsewhere });
    session.receive({ type: 'viewChanged', view: { kind: 'lab', runId: 'run-1', rolloutId: 'r' } });
    expect(views).toEqual([elsewhere]);
    expect(session.view).toEqual(elsewhere);
  });

  it('has its actions done', () => {
    const { session, actions } = open();
    const action: HostAction = { do: 'trainOn', runId: 'run-1', rolloutId: 'r', text: '<b>Step 2</b>' };
    session.receive({ type: 'action', action });
    expect(actions).toEqual([action]);
  });
});
