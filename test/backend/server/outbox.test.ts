/** Events by sequence number: each once, in order, also after being away and for a client that hardly reads. */
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import type { Event } from '../../../backend/protocol/events.ts';
import { runConfigSchema } from '../../../backend/protocol/runConfig.ts';
import { Outbox, type Wire } from '../../../backend/server/outbox.ts';
import { slowAbove } from '../../../backend/server/socketStreams.ts';
import { openStoreForTest } from '../../support/scriptedRun.ts';
import { temporaryFolder } from '../../support/temporaryFolder.ts';
import { finishRun, hasStopped, sourceOf, startTestBackend } from './testBackend.ts';

const seqs = (events: readonly Event[]): number[] => events.map(({ seq }) => seq);
const upTo = (last: number): number[] => Array.from({ length: last }, (_, i) => i + 1);

describe('a client', () => {
  it('that comes back is told what it missed, each event once and in order', async () => {
    const backend = await startTestBackend({ sampleMs: 3 });
    const steady = await backend.connect();
    await steady.ask('events/subscribe', { afterSeq: 0 });
    const { runId } = await steady.ask('run/start', { source: sourceOf(backend.workspace, { training: { steps: 30 } }) });
    const heard: Event[] = [];
    while (!heard.some(({ body }) => body.type === 'runStopped')) {
      const client = await backend.connect();
      await client.ask('events/subscribe', { afterSeq: heard.at(-1)?.seq ?? 0 });
      await client.until(() => client.events.length > 7 || hasStopped(client, runId));
      client.close();
      heard.push(...client.events);
      await sleep(20);
    }
    await steady.until(() => hasStopped(steady, runId));
    expect(seqs(heard)).toEqual(upTo(heard.length));
    expect(heard).toEqual(steady.events);
  });

  it('that subscribes in the middle gets only what follows', async () => {
    const backend = await startTestBackend();
    const first = await backend.connect();
    await finishRun(first, backend.workspace);
    const { length } = first.events;
    const client = await backend.connect();
    expect(await client.ask('events/subscribe', { afterSeq: length - 3 })).toEqual({ lastSeq: length });
    await client.until(() => client.events.length === 3);
    expect(client.events).toEqual(first.events.slice(-3));
  });

  it('that knows a number of another store is told the newest of this one', async () => {
    const backend = await startTestBackend();
    const client = await backend.connect();
    expect(await client.ask('events/subscribe', { afterSeq: 1000 })).toEqual({ lastSeq: 0 });
    await finishRun(client, backend.workspace);
    expect(seqs(client.events)).toEqual(upTo(client.events.length));
  });

  it('that does not read costs no memory and hears everything once it does', async () => {
    const backend = await startTestBackend();
    const steady = await backend.connect();
    const slow = await backend.connect();
    await slow.ask('events/subscribe', { afterSeq: 0 });
    slow.socket.pause();
    const runId = await finishRun(steady, backend.workspace, { training: { steps: 40 } });
    await sleep(50);
    slow.socket.resume();
    await slow.until(() => hasStopped(slow, runId));
    expect(slow.events).toEqual(steady.events);
  });
});

/** An outbox over a real store, with a wire that takes only what it is let. */
function outboxOf(eventCount: number) {
  const store = openStoreForTest(temporaryFolder());
  const config = runConfigSchema.parse({ model: { path: 'm' }, data: { train: 't' } });
  store.createRun({ id: 'run', name: 'run', algorithm: 'grpo', seed: 0, config });
  let step = 0;
  const add = (count: number): void => {
    step++;
    const events = Array.from({ length: count }, () => ({ type: 'noticeRaised', code: 'a.b', message: 'x'.repeat(1000), step }) as const);
    store.record({ runId: 'run', events });
  };
  add(eventCount);
  const sent: { name: string; params: unknown }[] = [];
  let buffered = 0;
  const wire: Wire = {
    bufferedBytes: () => buffered,
    send: (name, params) => {
      sent.push({ name, params });
      buffered += JSON.stringify(params).length;
    },
  };
  const outbox = new Outbox(wire, store, (error) => expect.unreachable(String(error)));
  const drain = (): void => {
    buffered = 0;
    outbox.wake();
  };
  const events = (): Event[] => sent.flatMap(({ name, params }) => (name === 'events' ? (params as { events: Event[] }).events : []));
  return { outbox, sent, events, add, drain, buffered: () => buffered };
}

describe('an outbox', () => {
  it('stops at about a megabyte and goes on when that has left', async () => {
    const { outbox, events, add, drain, buffered } = outboxOf(5000);
    outbox.subscribe(0);
    await expect.poll(buffered).toBeGreaterThan(slowAbove);
    const held = events().length;
    expect(held).toBeLessThan(2000);
    expect(buffered()).toBeLessThan(1.5 * 2 ** 20);
    add(100);
    outbox.wake();
    await sleep(20);
    expect(events()).toHaveLength(held);
    while (events().length < 5100) {
      drain();
      await sleep(5);
    }
    expect(seqs(events())).toEqual(upTo(5100));
    outbox.close();
  });

  it('merges progress: the latest of each run, at most ten times a second', async () => {
    const { outbox, sent } = outboxOf(0);
    const progress = (runId: string, done: number) =>
      ({ runId, activity: 'training', step: 1, steps: 2, phase: 'sample', done, total: null }) as const;
    const start = performance.now();
    let last = 0;
    while (performance.now() - start < 450) {
      outbox.progress(progress('a', ++last));
      outbox.progress(progress('b', last));
      await sleep(1);
    }
    const heard = (runId: string): number[] =>
      sent.flatMap(({ name, params }) => {
        const { runId: of, done } = params as { runId: string; done: number };
        return name === 'progress' && of === runId ? [done] : [];
      });
    await expect.poll(() => heard('b').at(-1)).toBe(last);
    expect(heard('a')).toEqual(heard('b'));
    expect(heard('a').length).toBeGreaterThan(1);
    expect(heard('a').length).toBeLessThanOrEqual((performance.now() - start) / 100 + 1);
    outbox.close();
  });

  it('drops the progress that a slow client missed, and tells of changed runs once', async () => {
    const { outbox, sent, drain, buffered } = outboxOf(5000);
    outbox.subscribe(0);
    await expect.poll(buffered).toBeGreaterThan(slowAbove);
    for (const done of [1, 2, 3]) {
      outbox.progress({ runId: 'a', activity: 'training', step: 1, steps: 2, phase: 'sample', done, total: null });
      outbox.runChanged('a');
      await sleep(110);
    }
    expect(sent.every(({ name }) => name === 'events')).toBe(true);
    drain();
    await expect.poll(() => sent.some(({ name }) => name === 'progress')).toBe(true);
    expect(sent.filter(({ name }) => name === 'progress').map(({ params }) => (params as { done: number }).done)).toEqual([3]);
    expect(sent.filter(({ name }) => name === 'runsChanged')).toHaveLength(1);
    outbox.close();
  });
});
