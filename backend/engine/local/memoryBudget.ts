/** Refuses what would not fit into memory before it is tried: the system ends a process that takes too much without a word. */
import { totalmem } from 'node:os';
import { WorkbenchError } from '../../core/errors.ts';

export class MemoryBudget {
  private readonly staticBytes: number;
  private readonly limitBytes: number | undefined;

  /** `staticBytes` are held all the time; `limitBytes` for the process, what is free at the time if left out. */
  constructor(staticBytes: number, limitBytes: number | undefined) {
    this.staticBytes = staticBytes;
    this.limitBytes = limitBytes;
  }

  /** Throws `engine.outOfMemory` if `bytes` more than the static ones do not fit. `what` begins the sentence. */
  require(bytes: number, what: string, remedy: string): void {
    const needed = this.staticBytes + bytes;
    const limit = this.limitBytes ?? process.memoryUsage.rss() + availableBytes();
    if (needed <= limit) return;
    throw new WorkbenchError({
      code: 'engine.outOfMemory',
      message: `${what} needs about ${megabytes(needed)} MB, ${megabytes(this.staticBytes)} of them for weights, gradients, moments and the process itself; ${megabytes(limit)} MB are there.`,
      remedy: `${remedy} Or close other programs.`,
    });
  }
}

/**
 * Bytes that processes can still take, within the limits of a container. macOS counts what it could take back at once as used, so there
 * all of the memory is taken for free.
 */
export function availableBytes(): number {
  return process.platform === 'darwin' ? totalmem() : process.availableMemory();
}

function megabytes(bytes: number): string {
  return Math.round(bytes / 1e6).toLocaleString('en');
}
