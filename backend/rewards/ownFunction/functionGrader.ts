/** Grades with a researcher's own reward function, in processes that die and come back without harm to the run. */
import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { basename } from 'node:path';
import { messageOf, WorkbenchError } from '../../core/errors.ts';
import { failedOutcome } from '../grade.ts';
import type { Grader, GraderChange } from '../grader.ts';
import type { VerifierInput, VerifierOutcome } from '../verifier.ts';
import { FunctionProcess, type FunctionProgram } from './functionProcess.ts';

export class FunctionGrader implements Grader {
  private readonly program: FunctionProgram;
  /** The text in force: also a process that is started again gets it, so that a step is graded by one version. */
  private source: string;
  private processes: (FunctionProcess | undefined)[];
  /** An edited text that cannot be loaded, and what that is called. */
  private refused: { readonly source: string; readonly change: GraderChange } | undefined;
  /** What was said last; the same is not said again at every step. */
  private told: string | null | undefined;
  private isDisposed = false;
  /** Batches take turns. */
  private turn: Promise<unknown> = Promise.resolve();

  private constructor(program: FunctionProgram, source: string, first: FunctionProcess) {
    this.program = program;
    this.source = source;
    this.processes = this.withOthers(first);
  }

  /** Loads the function. Throws `verifier.cannotLoad` with the place in its file. */
  static async open(program: FunctionProgram): Promise<FunctionGrader> {
    try {
      const source = await readFile(program.path, 'utf8');
      return new FunctionGrader(program, source, await FunctionProcess.open(program, source));
    } catch (error) {
      throw new WorkbenchError({
        code: 'verifier.cannotLoad',
        message: `The reward function ${program.path} cannot be loaded: ${messageOf(error)}.`,
        remedy: 'Correct it, then start again.',
      });
    }
  }

  verifyAll(_verifier: string, inputs: readonly VerifierInput[], deadlineMs: number, signal?: AbortSignal): Promise<VerifierOutcome[]> {
    if (this.isDisposed) throw new Error('the grader is disposed');
    const graded = this.turn.then(() => this.gradeBatch(inputs, deadlineMs, signal));
    this.turn = graded.catch(() => undefined);
    return graded;
  }

  /** Takes in an edited file: the new version where it can be loaded, else the one before stays in force. */
  async refresh(): Promise<GraderChange | null> {
    const change = await this.takeIn();
    const isNews = change !== null && change.message !== this.told;
    this.told = change?.message ?? null;
    return isNews ? change : null;
  }

  dispose(): Promise<void> {
    this.isDisposed = true;
    this.killAll();
    return Promise.resolve();
  }

  private async gradeBatch(inputs: readonly VerifierInput[], deadlineMs: number, signal?: AbortSignal): Promise<VerifierOutcome[]> {
    signal?.throwIfAborted();
    const outcomes: VerifierOutcome[] = [];
    let next = 0;
    let cannotStart: string | undefined;
    const abort = (): void => this.killAll();
    signal?.addEventListener('abort', abort, { once: true });
    const work = async (slot: number): Promise<void> => {
      for (let at = next++; at < inputs.length && signal?.aborted !== true; at = next++) {
        const process =
          cannotStart === undefined ? await this.alive(slot).catch((error: unknown) => ((cannotStart = messageOf(error)), undefined)) : undefined;
        outcomes[at] =
          process === undefined
            ? failedOutcome(`The reward function cannot be started again: ${cannotStart ?? ''}.`)
            : await process.grade(inputs[at] as VerifierInput, deadlineMs);
      }
    };
    try {
      await Promise.all(this.processes.map((_, slot) => work(slot)));
    } finally {
      signal?.removeEventListener('abort', abort);
    }
    signal?.throwIfAborted();
    return outcomes;
  }

  /** The process of that slot, started again where it died. */
  private async alive(slot: number): Promise<FunctionProcess> {
    const known = this.processes[slot];
    if (known?.isAlive === true) return known;
    this.requireOpen();
    const opened = await FunctionProcess.open(this.program, this.source);
    this.processes[slot] = opened;
    // Closed while it was loaded: nobody would end it.
    if (this.isDisposed) opened.kill();
    return opened;
  }

  private requireOpen(): void {
    if (this.isDisposed) throw new Error('the grader was closed');
  }

  private withOthers(first: FunctionProcess): (FunctionProcess | undefined)[] {
    return Array.from({ length: this.program.options.processes }, (_, slot) => (slot === 0 ? first : undefined));
  }

  private killAll(): void {
    for (const process of this.processes) process?.kill();
  }

  private async takeIn(): Promise<GraderChange | null> {
    const name = basename(this.program.path);
    const before = versionOf(this.source);
    let source: string;
    try {
      source = await readFile(this.program.path, 'utf8');
    } catch (error) {
      const message = `The reward function ${name} cannot be read (${messageOf(error)}); version ${before} stays in force.`;
      return { code: 'verifier.unreadable', message };
    }
    if (source === this.source) {
      // Said once after each opening, so that a change between two openings can be told, too.
      return this.told === undefined ? { code: 'verifier.loaded', message: `Rewards come from ${name}, version ${before}.` } : null;
    }
    if (source === this.refused?.source) return this.refused.change;
    try {
      const first = await FunctionProcess.open(this.program, source);
      this.killAll();
      this.source = source;
      this.processes = this.withOthers(first);
      const message = `The reward function ${name} changed from version ${before} to ${versionOf(source)}, which counts from this step on.`;
      return { code: 'verifier.changed', message };
    } catch (error) {
      const message = `The changed reward function ${name} cannot be loaded: ${messageOf(error)}; version ${before} stays in force.`;
      this.refused = { source, change: { code: 'verifier.refused', message } };
      return this.refused.change;
    }
  }
}

/** Enough of the text's hash to tell versions apart. */
function versionOf(source: string): string {
  return createHash('sha256').update(source).digest('hex').slice(0, 8);
}
