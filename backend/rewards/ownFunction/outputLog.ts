/** What a reward function prints: kept in a file up to a limit, so that a function may print megabytes without harm. */
import { appendFileSync, mkdirSync, statSync } from 'node:fs';
import { dirname } from 'node:path';

const defaultLimitBytes = 2 ** 20;

export class OutputLog {
  private readonly file: string | undefined;
  private left: number;

  /** Without a file everything is dropped. An existing file is added to. */
  constructor(file?: string, limitBytes = defaultLimitBytes) {
    this.file = file;
    this.left = file === undefined ? 0 : limitBytes - sizeOf(file);
  }

  write(chunk: Uint8Array): void {
    if (this.left <= 0) return;
    const part = chunk.subarray(0, this.left);
    this.left -= chunk.length;
    this.append(part);
    if (this.left <= 0) this.append('\n[The limit of this file is reached; what was printed after this is left out.]\n');
  }

  /** A log that cannot be written is no reason to stop grading. */
  private append(text: Uint8Array | string): void {
    const { file } = this;
    if (file === undefined) return;
    try {
      mkdirSync(dirname(file), { recursive: true });
      appendFileSync(file, text);
    } catch {
      this.left = 0;
    }
  }
}

function sizeOf(file: string): number {
  return statSync(file, { throwIfNoEntry: false })?.size ?? 0;
}
