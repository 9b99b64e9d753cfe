/** Seconds spent in each phase of a step. */
export class Stopwatch<Name extends string> {
  private readonly totals = new Map<Name, number>();
  private readonly now: () => number;

  /** `now` in milliseconds. */
  constructor(now: () => number = () => performance.now()) {
    this.now = now;
  }

  /** Runs `work` and adds its time to `name`, also when it throws. */
  async time<T>(name: Name, work: () => Promise<T>): Promise<T> {
    const start = this.now();
    try {
      return await work();
    } finally {
      this.totals.set(name, (this.totals.get(name) ?? 0) + (this.now() - start) / 1000);
    }
  }

  seconds(): Record<string, number> {
    return Object.fromEntries([...this.totals].map(([name, seconds]) => [name, Math.round(seconds * 1e4) / 1e4]));
  }
}
