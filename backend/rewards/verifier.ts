/** What a verifier is: one file in this folder, listed by the generated `index.ts`. */
import type { Cause, Finish, Problem } from '../protocol/records.ts';

export interface VerifierInput {
  readonly problem: Problem;
  readonly completion: string;
  readonly finish: Finish;
}

export interface VerifierOutcome {
  readonly status: 'right' | 'wrong' | 'failed';
  readonly reward: number;
  readonly extracted: string | null;
  readonly reason: string;
  readonly cause: Cause | null;
}

export interface Verifier {
  readonly name: string;
  readonly summary: string;
  /**
   * Declares that `verify` is synchronous, linear in the length of the completion and free of side effects, so that it may run in
   * the trainer's own thread. Any other verifier runs in a worker that is killed at the deadline.
   */
  readonly isBounded?: boolean;
  /** Never throws for a bad answer; what it throws or exceeds in time is recorded as `failed` by the caller. */
  verify(input: VerifierInput): VerifierOutcome | Promise<VerifierOutcome>;
}
