/** How far a download is: bytes of all its files, the rate of the last seconds, and how long the rest takes at that rate. */

export interface DownloadProgress {
  /** `owner/name` */
  readonly repository: string;
  /** The file that the last bytes belong to. */
  readonly file: string;
  readonly filesDone: number;
  readonly filesTotal: number;
  readonly bytesDone: number;
  readonly bytesTotal: number;
  /** 0 until bytes came. */
  readonly bytesPerSecond: number;
  /** null until there is a rate. */
  readonly secondsLeft: number | null;
}

/** The rate is measured over this long. */
const windowMs = 10_000;
/** Listeners hear of bytes no more often than this. */
const betweenMs = 100;

export class ProgressMeter {
  private readonly repository: string;
  private readonly bytesTotal: number;
  private readonly filesTotal: number;
  private readonly listener: (progress: DownloadProgress) => void;
  private readonly now: () => number;
  private readonly bytesByFile = new Map<string, number>();
  private filesDone = 0;
  /** Bytes that came over the wire, at times in the window; bytes that were there before do not count. */
  private samples: { readonly time: number; readonly received: number }[] = [];
  private received = 0;
  private told = -Infinity;

  constructor(
    repository: string,
    sizes: readonly number[],
    listener: (progress: DownloadProgress) => void,
    now: () => number = () => performance.now(),
  ) {
    this.repository = repository;
    this.filesTotal = sizes.length;
    this.bytesTotal = sizes.reduce((sum, size) => sum + size, 0);
    this.listener = listener;
    this.now = now;
    this.samples.push({ time: now(), received: 0 });
  }

  /** `bytes` of the file are there; the first report of a file is what an earlier download left. */
  report(file: string, bytes: number): void {
    const before = this.bytesByFile.get(file);
    this.bytesByFile.set(file, bytes);
    if (before !== undefined) this.received += Math.max(0, bytes - before);
    const time = this.now();
    if (time - this.told >= betweenMs) this.tell(file, time);
  }

  finish(file: string): void {
    this.filesDone++;
    this.tell(file, this.now());
  }

  private tell(file: string, time: number): void {
    this.told = time;
    this.samples.push({ time, received: this.received });
    while (this.samples.length > 2 && time - (this.samples[0]?.time ?? time) > windowMs) this.samples.shift();
    const { time: start, received } = this.samples[0] ?? { time, received: 0 };
    const bytesPerSecond = time > start ? (1000 * (this.received - received)) / (time - start) : 0;
    const bytesDone = [...this.bytesByFile.values()].reduce((sum, bytes) => sum + bytes, 0);
    this.listener({
      repository: this.repository,
      file,
      filesDone: this.filesDone,
      filesTotal: this.filesTotal,
      bytesDone,
      bytesTotal: this.bytesTotal,
      bytesPerSecond,
      secondsLeft: bytesPerSecond > 0 ? (this.bytesTotal - bytesDone) / bytesPerSecond : null,
    });
  }
}
