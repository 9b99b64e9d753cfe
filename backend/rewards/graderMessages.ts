/** What the grader pool and its workers say to each other. A worker grades one completion at a time. */
import type { VerifierInput, VerifierOutcome } from './verifier.ts';

export interface GraderRequest {
  /** Key or name of a verifier in the worker's registry. */
  readonly verifier: string;
  readonly input: VerifierInput;
}

/**
 * `ready` once, when the verifiers are loaded; then one `graded` a request. Before it, any number of `preliminary` outcomes: what holds if the
 * worker says no more within `budgetMs`.
 */
export type GraderReply =
  | { readonly type: 'ready' }
  | { readonly type: 'preliminary'; readonly outcome: VerifierOutcome; readonly budgetMs: number }
  | { readonly type: 'graded'; readonly outcome: VerifierOutcome };
