/** What clients see of experiments and evaluation sets: plans, progress, results. Plain data. */
import type { ExperimentFile } from './experiment.ts';
import type { CritiqueKind } from './records.ts';

/** A share with its 95 % interval. */
export interface Score {
  readonly value: number;
  readonly interval: readonly [low: number, high: number];
}

/** Of several sampled answers a problem. */
export interface SampledScores {
  /** Fewest answers with a verdict that a problem has. */
  readonly samples: number;
  /** Mean share of right answers: avg@k for k = `samples`. */
  readonly avg: Score;
  /** Unbiased, by k. */
  readonly passAtK: Readonly<Record<string, Score>>;
  /** Of majority votes, by k. */
  readonly majAtK: Readonly<Record<string, Score>>;
  /** Problems with no right answer. */
  readonly neverSolved: number;
}

/** What a policy scored on one evaluation set. */
export interface BenchmarkScores {
  readonly set: string;
  readonly title: string;
  readonly problems: number;
  /** Problems of the set as it is published. */
  readonly published: number;
  /** One greedy answer a problem; null where none was asked for. */
  readonly greedy: Score | null;
  readonly sampled: SampledScores | null;
  /** What the results table shows, greedy or else avg@k, by subject or difficulty. */
  readonly byLevel: Readonly<Record<string, { readonly problems: number; readonly value: number }>>;
  /** Answers that the verifier came to no judgment on; left out of every score. */
  readonly failed: number;
  /** Answers that were cut off at their limit, or whose prompt did not fit. */
  readonly truncated: number;
  readonly tokensSampled: number;
}

export type CellState = 'waiting' | 'running' | 'paused' | 'finished' | 'failed';

/** One run of an experiment: a cell of its grid with one seed. */
export interface ExperimentRunView {
  readonly cell: string;
  readonly seed: number;
  readonly state: CellState;
  /** Null before it began. */
  readonly runId: string | null;
  readonly step: number;
  readonly steps: number;
  /** Evaluation sets it is scored on already. */
  readonly setsDone: number;
  readonly sets: number;
  /** Why it failed. */
  readonly error: string | null;
}

export interface ExperimentView {
  readonly id: string;
  readonly name: string;
  /** Where its file lies. */
  readonly path: string;
  readonly isRunning: boolean;
  readonly finished: number;
  readonly failed: number;
  readonly total: number;
  /** At the pace of this session; null before there is one. */
  readonly secondsLeft: number | null;
}

/** A ready experiment file. */
export interface ExperimentTemplateView {
  readonly name: string;
  readonly summary: string;
  /** With comments. */
  readonly text: string;
}

export interface ExperimentDetail extends ExperimentView {
  readonly definition: ExperimentFile;
  readonly runs: readonly ExperimentRunView[];
}

/** One cell of the grid, with the number of every seed that is done. */
export interface CellResult {
  readonly label: string;
  /** Value of each axis as text, by axis. */
  readonly values: Readonly<Record<string, string>>;
  readonly seeds: readonly SeedResult[];
}

export interface SeedResult {
  readonly seed: number;
  readonly runId: string;
  /** Held-out pass@1; null without held-out problems. */
  readonly before: number | null;
  readonly after: number | null;
  readonly best: number | null;
  readonly byLevel: Readonly<Record<string, number>>;
  /** Training problems with no right answer in the run's number of tries, and all of them. */
  readonly failures: { readonly attempts: number; readonly before: number; readonly after: number; readonly problems: number };
  readonly funnel: readonly FunnelShares[];
  readonly tokens: { readonly sampled: number; readonly trained: number };
  /** Tokens of critiques by a model, mean; null without any. */
  readonly critiqueTokens: number | null;
  readonly curve: readonly { readonly step: number; readonly passAt1: number }[];
  /** By name of a metric: [step, value]. */
  readonly dynamics: Readonly<Record<string, readonly (readonly [step: number, value: number])[]>>;
  readonly benchmarks: readonly BenchmarkScores[];
  /** Null where none was asked for. */
  readonly rescue: RescueStudy | null;
}

/**
 * What critiques of one kind led to (arXiv 2506.03106, appendix E). Shares are null where nothing was there to divide by.
 * `wrong` rollouts → with a valid critique → with a right refinement; questions without a right rollout → rescued.
 */
export interface FunnelShares {
  readonly kind: CritiqueKind;
  readonly wrong: number;
  readonly critiqued: number;
  readonly refinedRight: number;
  readonly questions: number;
  readonly rescued: number;
  /** Critiqued / wrong; for a critic that is a model: critiques that were used / rollouts it was asked about. */
  readonly validCritiques: number | null;
  /** Right refinements / rollouts with a valid critique. */
  readonly validRefinements: number | null;
  /** Rescued / critiqued questions. */
  readonly rescuedQuestions: number | null;
}

/** Of one critic and the wrong answers to the problems that a policy fails every time. Counts; each answer has one critique and one refinement. */
export interface RescueOfCritic {
  readonly critic: string;
  readonly wrong: number;
  /** Critiques that could be used: had, and by the critic itself. */
  readonly valid: number;
  readonly refined: number;
  readonly right: number;
  readonly questions: number;
  /** Questions with a right refinement. */
  readonly rescued: number;
  /** Tokens that a model wrote as critiques; 0 for critics that are none. */
  readonly criticTokens: number;
}

/** What every critic rescues of the problems with pass@`attempts` = 0. */
export interface RescueStudy {
  readonly attempts: number;
  /** Training problems that were asked. */
  readonly problems: number;
  readonly persistent: number;
  readonly critics: readonly RescueOfCritic[];
}

export interface ExperimentFigure {
  readonly name: string;
  readonly title: string;
  readonly svg: string;
}

export interface ExperimentReport {
  readonly cells: readonly CellResult[];
  readonly markdown: string;
  readonly figures: readonly ExperimentFigure[];
  /** Folder that the files of the report lie in. */
  readonly folder: string;
}
