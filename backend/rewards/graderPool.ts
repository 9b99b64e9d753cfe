/** Runs verifiers in worker threads that are killed at a deadline, so that no completion can hang or crash the trainer. */
import { Worker } from 'node:worker_threads';
import { messageOf } from '../core/errors.ts';
import { failedOutcome } from './grade.ts';
import type { Grader } from './grader.ts';
import type { GraderReply, GraderRequest } from './graderMessages.ts';
import type { VerifierInput, VerifierOutcome } from './verifier.ts';

export interface GraderPoolOptions {
  /** The bundled entry (`dist/grader.js`). */
  readonly entry: URL;
  /** How many completions are graded at a time. */
  readonly size: number;
  /** Heap of one worker; a verifier that exceeds it ends its worker, not the trainer. */
  readonly maxHeapMb?: number;
}

interface Job {
  readonly request: GraderRequest;
  readonly deadlineMs: number;
  readonly settle: (outcome: VerifierOutcome) => void;
  readonly signal: AbortSignal | undefined;
}

/** Loading the verifiers is no part of any deadline, but it must end. */
const startLimitMs = 30_000;

export class GraderPool implements Grader {
  private readonly options: GraderPoolOptions;
  private readonly queue: Job[] = [];
  private readonly idle: Worker[] = [];
  private readonly all = new Set<Worker>();
  private starting = 0;
  private isDisposed = false;

  constructor(options: GraderPoolOptions) {
    this.options = options;
  }

  /**
   * One outcome an input, in order; status `failed` where the verifier exceeds the deadline (its worker is killed and replaced),
   * exhausts its heap, ends its worker, or where no worker can be started. The deadline counts from when a worker begins with an
   * input. Rejects with the signal's reason when that aborts; what has begun then ends at its deadline, the rest is not begun.
   */
  async verifyAll(verifier: string, inputs: readonly VerifierInput[], deadlineMs: number, signal?: AbortSignal): Promise<VerifierOutcome[]> {
    if (this.isDisposed) throw new Error('the grader pool is disposed');
    signal?.throwIfAborted();
    let abort = (): void => undefined;
    const aborted = new Promise<never>((_, reject) => {
      abort = (): void => {
        for (let i = this.queue.length - 1; i >= 0; i--) if (this.queue[i]?.signal === signal) this.queue.splice(i, 1);
        reject(signal?.reason as Error);
      };
    });
    signal?.addEventListener('abort', abort, { once: true });
    try {
      const outcomes = inputs.map(
        (input) => new Promise<VerifierOutcome>((settle) => this.queue.push({ request: { verifier, input }, deadlineMs, settle, signal })),
      );
      this.advance();
      return await Promise.race([Promise.all(outcomes), aborted]);
    } finally {
      signal?.removeEventListener('abort', abort);
    }
  }

  /** Kills all workers; grading still under way comes back as `failed`. */
  async dispose(): Promise<void> {
    this.isDisposed = true;
    for (const job of this.queue.splice(0)) job.settle(failedOutcome('The grader was closed.'));
    await Promise.all([...this.all].map((worker) => worker.terminate()));
  }

  /** Gives waiting jobs to idle workers, and starts workers while more jobs wait than workers are coming. */
  private advance(): void {
    while (this.idle.length > 0) {
      const job = this.queue.shift();
      if (job === undefined) break;
      this.run(job, this.idle.pop() as Worker);
    }
    while (!this.isDisposed && this.all.size < this.options.size && this.starting < this.queue.length) this.start();
  }

  private start(): void {
    const worker = new Worker(this.options.entry, { resourceLimits: { maxOldGenerationSizeMb: this.options.maxHeapMb ?? 256 } });
    worker.unref();
    this.all.add(worker);
    this.starting++;
    let hasStarted = false;
    const timer = setTimeout(() => end(`it was not ready after ${startLimitMs} ms`), startLimitMs);
    const end = (reason: string): void => {
      this.drop(worker);
      if (hasStarted) return;
      hasStarted = true;
      clearTimeout(timer);
      this.starting--;
      // The next worker would fail in the same way: one job pays for each try, so the queue comes to an end.
      this.queue.shift()?.settle(failedOutcome(`The grader did not start: ${reason}.`));
      this.advance();
    };
    worker.on('error', (error) => end(messageOf(error)));
    worker.on('exit', (code) => end(`it ended with code ${code}`));
    worker.once('message', () => {
      if (hasStarted) return;
      hasStarted = true;
      clearTimeout(timer);
      this.starting--;
      this.idle.push(worker);
      this.advance();
    });
  }

  private run(job: Job, worker: Worker): void {
    let isDone = false;
    let preliminary: VerifierOutcome | null = null;
    const finish = (outcome: VerifierOutcome, isWorkerAlive: boolean): void => {
      if (isDone) return;
      isDone = true;
      clearTimeout(timer);
      worker.off('message', onMessage).off('error', onError).off('exit', onExit);
      if (isWorkerAlive) this.idle.push(worker);
      else this.drop(worker);
      job.settle(outcome);
      this.advance();
    };
    const onMessage = (reply: GraderReply): void => {
      if (reply.type === 'graded') finish(reply.outcome, true);
      if (reply.type !== 'preliminary' || isDone) return;
      preliminary = reply.outcome;
      clearTimeout(timer);
      timer = setTimeout(expire, Math.max(0, Math.min(reply.budgetMs, deadline - performance.now())));
    };
    const giveUp = (reason: string): void => finish(preliminary ?? failedOutcome(reason), false);
    const onError = (error: Error): void => giveUp(`The verifier ended its worker: ${messageOf(error)}.`);
    const onExit = (code: number): void => giveUp(`The verifier ended its worker with code ${code}.`);
    const expire = (): void => giveUp(`The verifier exceeded its deadline of ${job.deadlineMs} ms.`);
    const deadline = performance.now() + job.deadlineMs;
    let timer = setTimeout(expire, job.deadlineMs);
    worker.on('message', onMessage).on('error', onError).on('exit', onExit);
    worker.postMessage(job.request);
  }

  /** Forgets and kills a worker; nothing happens for one already forgotten. */
  private drop(worker: Worker): void {
    this.all.delete(worker);
    const place = this.idle.indexOf(worker);
    if (place >= 0) this.idle.splice(place, 1);
    void worker.terminate();
  }
}
