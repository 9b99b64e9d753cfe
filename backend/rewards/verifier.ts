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
  /** Never throws for a bad answer; what it throws or exceeds in time is recorded as `failed` by the caller. */
  verify(input: VerifierInput): VerifierOutcome | Promise<VerifierOutcome>;
}
