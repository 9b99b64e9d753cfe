/** What an evaluation set is: one file in this folder, listed by the generated `index.ts`. The data itself is the user's, or the hub's. */
import type { Problem } from '../../protocol/records.ts';
import type { Row } from '../source.ts';

export interface Benchmark {
  readonly name: string;
  /** As papers head its column. */
  readonly title: string;
  /** Problems of the set as it is published; a file with another number of them is named in the results. */
  readonly size: number;
  /** Where it is published, for whoever has no file of it. */
  readonly origin: string;
  /** Asks for the form of answer that the verifier reads; follows the question. */
  readonly suffix: string;
  /** Whether `suffix` is needed even where a run has a suffix of its own: it asks for another form of answer. */
  readonly isOwnForm: boolean;
  /** Name of the verifier of its answers; a problem may name another. */
  readonly verifier: string;
  /** Null for a row that is not of the set (another year, a question with a picture). Throws `BrokenRow`. */
  question(row: Row, place: RowPlace): BenchmarkQuestion | null;
}

export interface RowPlace {
  /** Counts from 1. */
  readonly number: number;
  /** Decides the order of choices where the set has none. */
  readonly seed: number;
}

export interface BenchmarkQuestion {
  /** As the set names it, or its place in the file. */
  readonly id: string;
  readonly text: string;
  readonly answer: string;
  /** Subject or difficulty, by which scores are split. */
  readonly level: string;
  readonly choices?: readonly string[];
  readonly metadata?: Readonly<Record<string, string | number | boolean | null>>;
  readonly verifier?: string;
}

/** A question as it is put to a policy; its id begins with the name of the set. */
export interface BenchmarkProblem {
  readonly problem: Problem;
  readonly verifier: string;
}

export const boxedSuffix = '\nPlease reason step by step, and put your final answer within \\boxed{}.';
export const letterSuffix = '\nPlease reason step by step, and put the letter of the right choice within \\boxed{}.';
