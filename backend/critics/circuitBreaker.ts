/** Leaves a model alone that has failed several times in a row: what is out of order is not asked a thousand times while a run waits. */

const failuresToOpen = 3;
const firstWaitMs = 30_000;
const longestWaitMs = 10 * 60_000;

/** `probe`: one call after a wait, to see whether the outage is over. */
export type Admission = 'yes' | 'probe' | 'no';

export class CircuitBreaker {
  private readonly clock: () => number;
  private failures = 0;
  private openings = 0;
  /** Before this time nothing is asked; undefined while all is well. */
  private openUntil: number | undefined;
  private isProbing = false;

  constructor(clock: () => number = () => performance.now()) {
    this.clock = clock;
  }

  get isOpen(): boolean {
    return this.openUntil !== undefined;
  }

  /** Tell `succeeded`, `failed` or `abandoned` how an admitted call went. */
  admit(): Admission {
    if (this.openUntil === undefined) return 'yes';
    if (this.isProbing || this.clock() < this.openUntil) return 'no';
    this.isProbing = true;
    return 'probe';
  }

  /** Returns whether that ends an outage. */
  succeeded(): boolean {
    const isRecovery = this.isOpen;
    this.failures = 0;
    this.openings = 0;
    this.openUntil = undefined;
    this.isProbing = false;
    return isRecovery;
  }

  /** Returns whether an outage begins with it. */
  failed(admission: Admission): boolean {
    this.failures += 1;
    if (admission === 'probe') this.open();
    if (this.isOpen || this.failures < failuresToOpen) return false;
    this.open();
    return true;
  }

  /** It came to no end. */
  abandoned(admission: Admission): void {
    if (admission === 'probe') this.isProbing = false;
  }

  private open(): void {
    this.openUntil = this.clock() + Math.min(longestWaitMs, firstWaitMs * 2 ** this.openings);
    this.openings += 1;
    this.isProbing = false;
  }
}
