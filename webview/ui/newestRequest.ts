/** A question that is asked again and again: only the newest counts. */
import type { ErrorData } from '../../backend/protocol/methods.ts';
import { errorDataOf } from './errorData.ts';

export class NewestRequest {
  private aborter = new AbortController();

  /** The question before it is cancelled; an answer that comes all the same is dropped. */
  ask<T>(request: (signal: AbortSignal) => Promise<T>, onAnswer: (answer: T) => void, onError: (error: ErrorData) => void = () => undefined): void {
    this.drop();
    const { signal } = this.aborter;
    request(signal).then(
      (answer) => signal.aborted || onAnswer(answer),
      (error: unknown) => signal.aborted || onError(errorDataOf(error)),
    );
  }

  /** Nothing is to be answered any more. */
  drop(): void {
    this.aborter.abort();
    this.aborter = new AbortController();
  }
}
