/** What a verifier is: one file in this folder, listed by the generated `index.ts`. */
import type { Cause, Finish, Problem } from '../protocol/records.ts';
import type { VerifierOptions } from '../protocol/verifierConfig.ts';

export interface VerifierInput {
  readonly problem: Problem;
  readonly completion: string;
  readonly finish: Finish;
  /** Of the run file; the defaults where left out. */
  readonly options?: VerifierOptions;
}

/** What another grader, asked besides, says of the same answer. Its `failed` is no opinion. */
export interface SecondOpinion {
  readonly grader: string;
  readonly status: 'right' | 'wrong' | 'failed';
  readonly reason: string;
}

export interface VerifierOutcome {
  readonly status: 'right' | 'wrong' | 'failed';
  readonly reward: number;
  readonly extracted: string | null;
  readonly reason: string;
  readonly cause: Cause | null;
  readonly secondOpinion?: SecondOpinion;
}

export interface Verifier {
  readonly name: string;
  readonly summary: string;
  /**
   * Declares that `verify` is synchronous, linear in the length of the completion and free of side effects, so that it may run in
   * the trainer's own thread. Any other verifier runs in a worker that is killed at the deadline.
   */
  readonly isBounded?: boolean;
  /**
   * false: what it rewards is more or something else than the gold answer, so that `Answer: <gold answer>` need not be right. Its self-test asks
   * only that it comes to a judgment.
   */
  readonly knowsGold?: boolean;
  /** true: it gets the whole completion also where `verifierOptions.tags` are set, since form is its own subject. */
  readonly readsWhole?: boolean;
  /** Never throws for a bad answer; what it throws or exceeds in time is recorded as `failed` by the caller. */
  verify(input: VerifierInput, report?: ReportPreliminary): VerifierOutcome | Promise<VerifierOutcome>;
}

/**
 * Says what the outcome is in case nothing better comes within `budgetMs` (and before the deadline): then the worker is killed, and this
 * holds. Only where a verifier runs in a worker.
 */
export type ReportPreliminary = (outcome: VerifierOutcome, budgetMs: number) => void;
