/** What `FunctionProcess` and the process of a reward function say to each other: one object a message, answered one by one. */
import type { Finish, Message, Problem } from '../../protocol/records.ts';

/** What a reward function is given. */
export interface RewardInput {
  readonly problem: Problem;
  readonly completion: string;
  readonly finish: Finish;
  /** `problem.answer` and `problem.prompt`, at hand. */
  readonly answer: string;
  readonly prompt: readonly Message[];
}

/** `load` once, with the text of the file, so that every process of a run has the same version; then one `grade` at a time. */
export type FunctionRequest =
  | { readonly type: 'load'; readonly path: string; readonly source: string }
  | { readonly type: 'grade'; readonly id: number; readonly input: RewardInput };

/** `value` is what the function returned, as far as it can be sent; `odd` describes what cannot be a reward (NaN, a list, nothing). */
export type FunctionReply =
  | { readonly type: 'ready' }
  | { readonly type: 'loaded' }
  | { readonly type: 'unloadable'; readonly reason: string }
  | { readonly type: 'graded'; readonly id: number; readonly value: unknown }
  | { readonly type: 'odd'; readonly id: number; readonly text: string }
  | { readonly type: 'threw'; readonly id: number; readonly reason: string };
