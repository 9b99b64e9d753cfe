/**
 * What one client is told without asking. Events are pulled from the store by sequence number as fast as the client takes them, so each arrives
 * once and in order, and a slow client costs no memory. Passing news is merged: the latest wins.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Event } from '../protocol/events.ts';
import type { Notifications } from '../protocol/methods.ts';
import type { Progress } from '../protocol/views.ts';
import { slowAbove } from './socketStreams.ts';

/** The way to one client. */
export interface Wire {
  /** Bytes given to it that have not left yet. */
  bufferedBytes(): number;
  send<N extends keyof Notifications>(name: N, params: Notifications[N]): void;
}

export interface EventSource {
  eventsAfter(seq: number, limit: number): readonly Event[];
  lastSeq(): number;
}

const eventsABatch = 200;
const progressIntervalMs = 100;
const flushMs = 1000;

export class Outbox {
  private readonly wire: Wire;
  private readonly source: EventSource;
  private readonly onError: (error: unknown) => void;
  /** The last event sent; undefined before the client subscribes. */
  private sentSeq: number | undefined;
  private readonly progressOf = new Map<string, Progress>();
  private readonly changedRuns = new Set<string>();
  private readonly changedExperiments = new Set<string>();
  private lastProgressAt = -Infinity;
  private progressTimer: NodeJS.Timeout | undefined;
  /** Enough time has passed since the last one was sent. */
  private isProgressDue = false;
  private pending: NodeJS.Immediate | undefined;
  private isClosed = false;

  constructor(wire: Wire, source: EventSource, onError: (error: unknown) => void) {
    this.wire = wire;
    this.source = source;
    this.onError = onError;
  }

  /** From now on every event after `afterSeq` is sent, the missed ones first. Returns the newest there is; smaller than `afterSeq` when the store is another one. */
  subscribe(afterSeq: number): number {
    const lastSeq = this.source.lastSeq();
    this.sentSeq = Math.min(afterSeq, lastSeq);
    this.wake();
    return lastSeq;
  }

  /** Of each run the latest is sent, at most ten times a second; what a slow client misses is dropped. */
  progress(progress: Progress): void {
    this.progressOf.set(progress.runId, progress);
    if (this.isClosed || this.isProgressDue || this.progressTimer !== undefined) return;
    const wait = Math.max(0, this.lastProgressAt + progressIntervalMs - performance.now());
    this.progressTimer = setTimeout(() => {
      this.progressTimer = undefined;
      this.isProgressDue = true;
      this.wake();
    }, wait);
  }

  runChanged(runId: string): void {
    this.changedRuns.add(runId);
    this.wake();
  }

  experimentChanged(id: string): void {
    this.changedExperiments.add(id);
    this.wake();
  }

  /** There may be new events, or room to send them. */
  wake(): void {
    if (this.isClosed || this.pending !== undefined) return;
    this.pending = setImmediate(() => {
      this.pending = undefined;
      try {
        this.sendSome();
      } catch (error) {
        this.onError(error);
      }
    });
  }

  /** Resolves when every event that is kept now was sent, or after a second to one who does not take them. */
  async flush(): Promise<void> {
    const deadline = performance.now() + flushMs;
    while (!this.isClosed && this.isBehind() && performance.now() < deadline) {
      this.wake();
      await sleep(5);
    }
  }

  close(): void {
    this.isClosed = true;
    clearTimeout(this.progressTimer);
    clearImmediate(this.pending);
  }

  private isBehind(): boolean {
    return this.pending !== undefined || (this.sentSeq !== undefined && this.sentSeq < this.source.lastSeq());
  }

  private sendSome(): void {
    // A slow client: the wire wakes us when it has caught up.
    if (this.wire.bufferedBytes() > slowAbove) return;
    for (const runId of this.changedRuns) this.wire.send('runsChanged', { runId });
    this.changedRuns.clear();
    for (const id of this.changedExperiments) this.wire.send('experimentsChanged', { id });
    this.changedExperiments.clear();
    this.sendProgress();
    if (this.sentSeq === undefined) return;
    const events = this.source.eventsAfter(this.sentSeq, eventsABatch);
    const last = events.at(-1);
    if (last === undefined) return;
    this.wire.send('events', { events });
    this.sentSeq = last.seq;
    this.wake();
  }

  private sendProgress(): void {
    if (!this.isProgressDue) return;
    this.isProgressDue = false;
    for (const progress of this.progressOf.values()) this.wire.send('progress', progress);
    this.progressOf.clear();
    this.lastProgressAt = performance.now();
  }
}
