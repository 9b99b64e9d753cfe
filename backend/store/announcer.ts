/** Tells listeners about events, in order, even when a listener writes more of them. */
import type { Event } from '../protocol/events.ts';

export type EventListener = (events: readonly Event[]) => void;

export class Announcer {
  private readonly listeners = new Set<EventListener>();
  private readonly waiting: (readonly Event[])[] = [];
  private announcing = false;

  /** Returns how to stop listening. */
  add(listener: EventListener): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  announce(events: readonly Event[]): void {
    if (events.length > 0) {
      this.waiting.push(events);
    }
    if (this.announcing) {
      return;
    }
    this.announcing = true;
    for (let next = this.waiting.shift(); next !== undefined; next = this.waiting.shift()) {
      for (const listener of [...this.listeners]) {
        try {
          listener(next);
        } catch (error) {
          // The write has succeeded, whatever a listener makes of it: its bug surfaces as an uncaught error of its own.
          queueMicrotask(() => {
            throw error;
          });
        }
      }
    }
    this.announcing = false;
  }

  clear(): void {
    this.listeners.clear();
  }
}
