/**
 * The workspace's store as the server has it: written by this process, or only read, because the workspace is not trusted or because another
 * process (a run on the command line) writes it. Then new events are looked for once a second, so that such a run can be watched.
 */
import { WorkbenchError } from '../core/errors.ts';
import type { Event } from '../protocol/events.ts';
import { openStore } from '../store/openStore.ts';
import type { Store } from '../store/store.ts';

const pollMs = 1000;
const eventsAPoll = 1000;

export class StoreAccess {
  private readonly workspace: string;
  private readonly isViewOnly: boolean;
  private readonly onEvents: (events: readonly Event[]) => void;
  private reader: Store | null = null;
  private writer: Store | null = null;
  private polledSeq = 0;
  private isClosed = false;
  private timer: NodeJS.Timeout | undefined;

  /** `onEvents` hears of every event after it was kept, whoever wrote it. */
  constructor(workspace: string, options: { readonly isViewOnly: boolean; readonly onEvents: (events: readonly Event[]) => void }) {
    this.workspace = workspace;
    this.isViewOnly = options.isViewOnly;
    this.onEvents = options.onEvents;
    if (this.canWrite()) return;
    this.polledSeq = this.lastSeq();
    this.timer = setInterval(() => this.poll(), pollMs);
  }

  /** The store to read from. Throws `store.missing` while there is none. */
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

  /** The store to write to. Throws `workspace.untrusted`, or `store.locked` while another process writes. */
  get writable(): Store {
    if (this.isViewOnly) throw untrusted(this.workspace);
    if (this.writer !== null) return this.writer;
    if (this.isClosed) throw closing();
    const writer = openStore(this.workspace);
    if (this.timer !== undefined) {
      // What the writer before us kept since the last look.
      clearInterval(this.timer);
      this.poll();
    }
    this.reader?.close();
    this.reader = null;
    writer.onEvents(this.onEvents);
    this.writer = writer;
    return writer;
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
