/** Work for the policy of a running training: done between two steps, where nothing of the run's own is under way, and where a pause waits. */
import { messageOf, WorkbenchError } from '../core/errors.ts';
import type { Boundary, Run } from './run.ts';

/** `run` carries the signal of the work as well; `step` is the last finished step. */
export type Work<T> = (run: Run, step: number) => Promise<T>;

interface Waiting {
  readonly perform: (run: Run, step: number) => Promise<void>;
  readonly reject: (error: Error) => void;
  hasLostEngine: boolean;
}

export interface BoundaryWorkOptions {
  /** Hears when `isPaused` or `isWaiting` changed. */
  readonly onChange?: () => void;
}

/**
 * Hands work to a run. It must leave weights and gradients alone and draw with seeds of its own, so that the run's trace stays as if nobody had
 * asked. Work whose engine dies is done once more after the restart.
 */
export class BoundaryWork implements Boundary {
  private readonly onChange: () => void;
  private readonly queue: Waiting[] = [];
  private pauseWanted = false;
  private waiting = false;
  private closedBy: Error | undefined;
  private wake: () => void = () => undefined;

  constructor({ onChange = () => undefined }: BoundaryWorkOptions = {}) {
    this.onChange = onChange;
  }

  /** A pause was asked for; the step under way is finished first. */
  get isPaused(): boolean {
    return this.pauseWanted;
  }

  /** The run stands still in a pause. Work is served all the same. */
  get isWaiting(): boolean {
    return this.waiting;
  }

  /** What the work comes to. Rejects with the signal's reason, also while it still waits for its turn. */
  enqueue<T>(work: Work<T>, signal?: AbortSignal): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      if (this.closedBy !== undefined) {
        reject(this.closedBy);
        return;
      }
      const item: Waiting = {
        hasLostEngine: false,
        reject,
        perform: async (run, step) => {
          signal?.throwIfAborted();
          const own = signal === undefined ? run : { ...run, signal: AbortSignal.any([run.signal, signal]) };
          resolve(await work(own, step));
        },
      };
      const giveUp = (): void => {
        const at = this.queue.indexOf(item);
        if (at < 0) return;
        this.queue.splice(at, 1);
        reject(reasonOf(signal));
      };
      if (signal?.aborted === true) {
        reject(reasonOf(signal));
        return;
      }
      signal?.addEventListener('abort', giveUp, { once: true });
      this.queue.push(item);
      this.wake();
    });
  }

  pause(): void {
    this.setPaused(true);
  }

  resume(): void {
    this.setPaused(false);
  }

  /** The run is over: what still waits, and whatever comes now, fails with this error. */
  close(error: Error): void {
    this.closedBy ??= error;
    for (const { reject } of this.queue.splice(0)) reject(this.closedBy);
  }

  async serve(run: Run, step: number, isLast: boolean): Promise<void> {
    try {
      for (;;) {
        run.signal.throwIfAborted();
        const next = this.queue.shift();
        if (next !== undefined) await this.perform(next, run, step);
        else if (this.pauseWanted && !isLast) await this.stand(run.signal);
        else return;
      }
    } finally {
      this.setWaiting(false);
    }
  }

  private async perform(item: Waiting, run: Run, step: number): Promise<void> {
    try {
      await item.perform(run, step);
    } catch (error) {
      const isDead = error instanceof WorkbenchError && error.code === 'engine.died';
      if (isDead && !item.hasLostEngine && !run.signal.aborted) {
        item.hasLostEngine = true;
        this.queue.unshift(item);
      } else {
        item.reject(error instanceof Error ? error : new Error(messageOf(error)));
      }
      if (isDead) throw error;
    }
  }

  /** Until something changes. */
  private async stand(signal: AbortSignal): Promise<void> {
    this.setWaiting(true);
    await new Promise<void>((resolve) => {
      this.wake = resolve;
      signal.addEventListener('abort', () => resolve(), { once: true });
    });
    this.wake = () => undefined;
  }

  private setPaused(value: boolean): void {
    if (this.pauseWanted === value) return;
    this.pauseWanted = value;
    this.wake();
    this.onChange();
  }

  private setWaiting(value: boolean): void {
    if (this.waiting === value) return;
    this.waiting = value;
    this.onChange();
  }
}

function reasonOf(signal: AbortSignal | undefined): Error {
  const reason: unknown = signal?.reason;
  return reason instanceof Error ? reason : new Error(messageOf(reason));
}
