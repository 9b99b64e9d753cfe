/** Where verifiers run that are not bounded in time: worker threads, or the processes of a researcher's own function. */
import type { VerifierInput, VerifierOutcome } from './verifier.ts';

export interface Grader {
  /** One outcome an input, in order; `failed` where there is no judgment in time. Rejects with the signal's reason when that aborts. */
  verifyAll(verifier: string, inputs: readonly VerifierInput[], deadlineMs: number, signal?: AbortSignal): Promise<VerifierOutcome[]>;
  /** Takes in what changed since it began. Called between two steps only. */
  refresh?(): Promise<GraderChange | null>;
  /** Ends everything; grading still under way comes back as `failed`. */
  dispose(): Promise<void>;
}

/** What became of a change: a notice of the run. */
export interface GraderChange {
  readonly code: string;
  readonly message: string;
}
