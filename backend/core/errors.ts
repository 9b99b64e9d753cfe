/** The one error type that users are meant to read: what happened, where, and what to do next. */

export interface WorkbenchErrorDetails {
  /** Stable code, `noun.problem`, e.g. `checkpoint.shapeMismatch`. */
  readonly code: string;
  /** One sentence that names the thing, the place and the number. */
  readonly message: string;
  /** The next thing to do, as an imperative sentence. */
  readonly remedy: string;
  readonly cause?: unknown;
}

/**
 * An expected failure (bad input, missing file, dead engine). Impossible states throw a plain `Error` instead.
 * The text of `message` already carries the remedy, so that a bare print of it helps.
 */
export class WorkbenchError extends Error {
  readonly code: string;
  readonly remedy: string;

  constructor(details: WorkbenchErrorDetails) {
    super(`${details.message} ${details.remedy}`.trim(), details.cause === undefined ? undefined : { cause: details.cause });
    this.name = 'WorkbenchError';
    this.code = details.code;
    this.remedy = details.remedy;
  }
}

/** The text of anything thrown. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
