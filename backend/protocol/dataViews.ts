/** What clients see of data sets. Plain data. */
import type { DataConfig } from './dataConfig.ts';
import type { Problem } from './records.ts';

/** Whether a run has problems to be scored on that it does not train on. */
export function holdsOut({ heldOut, split }: Pick<DataConfig, 'heldOut' | 'split'>): boolean {
  return heldOut !== null || split !== null;
}

/** What a run's data is, before anything starts. */
export interface DataPreview {
  /** Why the problems cannot be read, with a remedy; null when they can. The columns are there nonetheless where they are known. */
  readonly problem: { readonly code: string; readonly message: string; readonly remedy: string } | null;
  readonly files: readonly { readonly path: string; readonly format: string; readonly bytes: number }[];
  /** Name of the layout that was recognized; null when none was. */
  readonly layout: string | null;
  /** Column of each field that there is, as `data.columns` of a run file names them. */
  readonly fields: Readonly<Record<string, string>>;
  /** Columns to choose from, nested ones with dots, each with a value of the first rows. */
  readonly columns: readonly { readonly name: string; readonly example: string }[];
  /** Sentences on how the problems were read, filtered and divided. */
  readonly lines: readonly string[];
  readonly trainProblems: number;
  readonly heldOutProblems: number;
  /** In order of appearance. */
  readonly levels: readonly { readonly level: string; readonly train: number; readonly heldOut: number }[];
  /** The first training problems, as they will be put to the model. */
  readonly examples: readonly Problem[];
  readonly brokenRows: { readonly total: number; readonly first: readonly { readonly place: string; readonly reason: string }[] };
  /** Lengths of the prompts with the model's chat template; null without a model. */
  readonly promptTokens: TokenLengths | null;
  /** Whether verifiers recognize the gold answers. */
  readonly verifiers: readonly {
    readonly name: string;
    readonly tested: number;
    readonly missed: number;
    readonly examples: readonly { readonly problemId: string; readonly answer: string; readonly reason: string }[];
  }[];
  readonly warnings: readonly string[];
}

export interface TokenLengths {
  /** Problems that were counted: all, or a part that is spread over a large set. */
  readonly counted: number;
  readonly shortest: number;
  readonly median: number;
  readonly longest: number;
  /** Numbers of problems by length; `upTo` is the largest length in a bar. */
  readonly bars: readonly { readonly upTo: number; readonly count: number }[];
}
