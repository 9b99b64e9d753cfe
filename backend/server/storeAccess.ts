/**
 * The workspace's store as the server has it: written by this process while it has something to write, else only read, so that the command line
 * may write meanwhile. New events of another writer are looked for once a second, so that its runs can be watched.
 */
import { WorkbenchError } from '../core/errors.ts';
import type { Event } from '../protocol/events.ts';
import { openStore } from '../store/openStore.ts';
import type { Store } from '../store/store.ts';

const pollMs = 1000;
/** A store that nobody needs for writing is given up after this time. */
const defaultReleaseMs = 5000;
const eventsAPoll = 1000;

export interface StoreAccessOptions {
  readonly isViewOnly: boolean;
  /** Hears of every event after it was kept, whoever wrote it. */
  readonly onEvents: (events: readonly Event[]) => void;
  readonly releaseMs?: number;
}

export class StoreAccess {
  private readonly workspace: string;
  private readonly isViewOnly: boolean;
  private readonly onEvents: StoreAccessOptions['onEvents'];
  private readonly releaseMs: number;
  private reader: Store | null = null;
  private writer: Store | null = null;
  private polledSeq = 0;
  private isClosed = false;
  private lastWritten = 0;
  private writing = 0;
  private readonly timer: NodeJS.Timeout;

  constructor(workspace: string, options: StoreAccessOptions) {
    this.workspace = workspace;
    this.isViewOnly = options.isViewOnly;
    this.onEvents = options.onEvents;
    this.releaseMs = options.releaseMs ?? defaultReleaseMs;
    // Makes a store where there is none, and brings an older one up to date, which readers cannot.
    this.canWrite();
    this.polledSeq = this.lastSeq();
    this.timer = setInterval(() => this.tick(), pollMs);
  }

  /** The store to read from at once; what keeps it across a wait belongs inside `whileReading`. Throws `store.missing` while there is none. */
  get current(): Store {
    const store = this.writer ?? this.reader;
    if (store !== null) return store;
    if (this.isClosed) throw closing();
    this.reader = openStore(this.workspace, { readOnly: true });
    return this.reader;
  }

  /** The store to read from; null while there is none. */
  get currentOrNull(): Store | null {
    try {
      return this.current;
    } catch (error) {
      if (error instanceof WorkbenchError && error.code === 'store.missing') return null;
      throw error;
    }
  }

  /**
   * The store to write to at once; what keeps it across a wait belongs inside `whileWriting`. Throws `workspace.untrusted`, or `store.locked`
   * while another process writes.
   */
  get writable(): Store {
    if (this.isViewOnly) throw untrusted(this.workspace);
    this.lastWritten = performance.now();
    if (this.writer !== null) return this.writer;
    if (this.isClosed) throw closing();
    const writer = openStore(this.workspace);
    // What the writer before us kept since the last look.
    this.poll();
    this.reader?.close();
    this.reader = null;
    writer.onEvents(this.onEvents);
    this.writer = writer;
    return writer;
  }

  /** The store stays open for writing until the work is done. Throws what `writable` throws. */
  async whileWriting<T>(work: (store: Store) => Promise<T>): Promise<T> {
    const store = this.writable;
    this.writing++;
    try {
      return await work(store);
    } finally {
      this.writing--;
      this.lastWritten = performance.now();
    }
  }

  /**
   * The store to read from for work that waits in between: `current` may be closed then. It stays open until the work is done. Throws
   * `store.missing` while there is none.
   */
  async whileReading<T>(work: (store: Store) => Promise<T>): Promise<T> {
    if (this.isClosed) throw closing();
    const store = openStore(this.workspace, { readOnly: true });
    try {
      return await work(store);
    } finally {
      store.close();
    }
  }

  /** Takes the store for writing where that is allowed and nobody else does. */
  canWrite(): boolean {
    try {
      void this.writable;
      return true;
    } catch (error) {
      if (error instanceof WorkbenchError && ['store.locked', 'workspace.untrusted'].includes(error.code)) return false;
      throw error;
    }
  }

  eventsAfter(seq: number, limit: number): readonly Event[] {
    return this.currentOrNull?.eventsAfter(seq, limit) ?? [];
  }

  lastSeq(): number {
    return this.currentOrNull?.lastSeq() ?? 0;
  }

  close(): void {
    this.isClosed = true;
    clearInterval(this.timer);
    this.reader?.close();
    this.writer?.close();
    this.reader = null;
    this.writer = null;
  }

  private tick(): void {
    if (this.writer === null) {
      this.poll();
      return;
    }
    if (this.writing > 0 || performance.now() - this.lastWritten < this.releaseMs) return;
    this.polledSeq = this.writer.lastSeq();
    this.writer.close();
    this.writer = null;
  }

  private poll(): void {
    let events: readonly Event[];
    do {
      try {
        events = this.eventsAfter(this.polledSeq, eventsAPoll);
      } catch {
        // A busy or half-made file: the next poll sees more.
        return;
      }
      this.polledSeq = events.at(-1)?.seq ?? this.polledSeq;
      if (events.length > 0) this.onEvents(events);
    } while (events.length === eventsAPoll);
  }
}

/** What a request to run or write anything gets in a workspace that is open for viewing only. */
export function untrusted(workspace: string): WorkbenchError {
  return new WorkbenchError({
    code: 'workspace.untrusted',
    message: `${workspace} is open for viewing only, because it is not trusted: nothing in it is run or written.`,
    remedy: 'Trust the workspace ("Workspaces: Manage Workspace Trust"), then try again.',
  });
}

/** What comes too late. */
export function closing(): WorkbenchError {
  return new WorkbenchError({
    code: 'backend.closing',
    message: 'The backend is about to end.',
    remedy: 'Try again in a moment: another one starts then.',
  });
}
