/** What clients see of a workspace: rows of lists, details, counts. Plain data made by the store and the trainer, shown by the editor. */
import { z } from 'zod';
import type { RunConfig } from './runConfig.ts';
import { auditFlagSchema, causeSchema, critiqueKindSchema, groupKindSchema } from './records.ts';
import type {
  Audit,
  Cause,
  Critique,
  CritiqueCall,
  CritiqueKind,
  Finish,
  Group,
  GroupKind,
  Problem,
  Refinement,
  Rollout,
  Verdict,
} from './records.ts';

/** `stopped`: not begun, interrupted, or its process died. */
export type RunState = 'running' | 'stopped' | 'finished' | 'failed';

export interface RunView {
  readonly id: string;
  readonly name: string;
  readonly algorithm: string;
  readonly seed: number;
  /** With every default filled in. */
  readonly config: RunConfig;
  readonly createdAt: number;
  readonly state: RunState;
  /** The last step with an update; null before the first. */
  readonly lastStep: number | null;
}

/** What the backend is doing with a run right now; a run that it does not hold has none. */
export type Activity = 'opening' | 'training' | 'pausing' | 'paused' | 'evaluating' | 'refining' | 'stopping';

/** What the store knows of a run, for lists. */
export interface RunFacts extends RunView {
  /** Highest held-out pass@1 so far, and the newest; null before the first evaluation. */
  readonly bestPassAt1: number | null;
  readonly lastPassAt1: number | null;
  /** Why it stopped, in words; null while it runs or before it began. */
  readonly stopMessage: string | null;
  /** Seconds that the remaining steps take at the pace of the last ones; null when unknown. */
  readonly secondsLeft: number | null;
  /** Whether a human critique was trained on. */
  readonly isHumanTouched: boolean;
}

/** A run as lists show it. */
export interface RunSummary extends RunFacts {
  readonly activity: Activity | null;
}

/** Curves over steps: `values[name][i]` belongs to `steps[i]`, null where the update has no such number. */
export interface Series {
  readonly steps: readonly number[];
  readonly values: Readonly<Record<string, readonly (number | null)[]>>;
}

export interface SavedCheckpoint {
  readonly step: number;
  readonly path: string;
  readonly time: number;
}

export const stepRangeSchema = z.strictObject({
  fromStep: z.number().int().optional(),
  toStep: z.number().int().optional(),
});

/** Everything that is given must hold. */
export const rolloutFilterSchema = stepRangeSchema.extend({
  problemId: z.string().optional(),
  level: z.string().optional(),
  status: z.enum(['right', 'wrong', 'failed']).optional(),
  cause: causeSchema.optional(),
  /** The rollout has a critique of this kind. */
  critiqueKind: critiqueKindSchema.optional(),
  groupKind: groupKindSchema.optional(),
  /** A critique of the rollout, or a refinement that answers one, was flagged with this. */
  flag: auditFlagSchema.optional(),
  /** Words of the completion or of its critiques: all must occur; "quoted words" as a phrase; a trailing * after three letters for any ending. */
  text: z.string().optional(),
});

export const rolloutPageRequestSchema = rolloutFilterSchema.extend({
  runId: z.string(),
  /** Order of recording; default `newest`. */
  order: z.enum(['newest', 'oldest']).optional(),
  /** `next` of the page before. */
  after: z.number().int().optional(),
  /** Rows a page; default 100. */
  limit: z.number().int().min(1).max(1000).optional(),
});

/** `{ a?: T | undefined }` as `{ a?: T }`: what zod infers for optional keys, under exactOptionalPropertyTypes. */
type Exact<T> = { readonly [K in keyof T]: Exclude<T[K], undefined> };
export type StepRange = Exact<z.infer<typeof stepRangeSchema>>;
export type RolloutFilter = Exact<z.infer<typeof rolloutFilterSchema>>;
export type RolloutPageRequest = Exact<z.infer<typeof rolloutPageRequestSchema>>;

/** A rollout as lists show it. */
export interface RolloutRow {
  readonly key: number;
  readonly id: string;
  readonly step: number;
  readonly problemId: string;
  readonly index: number;
  readonly level: string | null;
  /** Null before its verdict. */
  readonly status: Verdict['status'] | null;
  readonly reward: number | null;
  readonly extracted: string | null;
  readonly cause: Cause | null;
  /** Null before its group. */
  readonly groupId: string | null;
  readonly groupKind: GroupKind | null;
  readonly critiqueKinds: readonly CritiqueKind[];
  readonly finish: Finish;
  readonly tokenCount: number;
  /** The first characters of the completion. */
  readonly excerpt: string;
}

export interface RolloutPage {
  readonly rows: readonly RolloutRow[];
  /** To ask for the rows that follow; null on the last page. */
  readonly next: number | null;
}

export interface JudgedRefinement {
  readonly refinement: Refinement;
  readonly verdict: Verdict | null;
}

/** A rollout with its verdict, every critique revision in order of recording, and the refinements they led to. */
export interface Attempt {
  readonly rollout: Rollout;
  readonly verdict: Verdict | null;
  readonly critiques: readonly Critique[];
  readonly refinements: readonly JudgedRefinement[];
  /** What was noticed about these critiques and refinements. */
  readonly audits: readonly Audit[];
  /** How critiques by a model came about. */
  readonly calls: readonly CritiqueCall[];
}

export interface GroupDetail {
  readonly group: Group;
  readonly problem: Problem | null;
  /** All attempts, excluded ones and ones without a refinement in the group too, in order of recording. */
  readonly attempts: readonly Attempt[];
  /** Refinements of earlier rollouts that joined this group: those that answer an enlisted human critique. */
  readonly guests: readonly (JudgedRefinement & { readonly critique: Critique })[];
}

/** One visit of a problem: its group at one step. */
export interface ProblemVisit {
  readonly step: number;
  readonly groupId: string;
  readonly kind: GroupKind;
  readonly right: number;
  readonly wrong: number;
  readonly failed: number;
}

/** One problem over the whole run. */
export interface ProblemHistory {
  readonly problem: Problem;
  /** Oldest first. */
  readonly visits: readonly ProblemVisit[];
  /** Every critique of one of its rollouts, oldest first, with the refinements that answer it. */
  readonly critiques: readonly { readonly critique: Critique; readonly step: number; readonly refinements: readonly JudgedRefinement[] }[];
}

/** A problem whose every rollout was wrong in each of its last visits. */
export interface StandingFailure {
  readonly problemId: string;
  readonly level: string | null;
  /** The problem's question, shortened. */
  readonly question: string;
  /** Visits in a row, up to now, without a right rollout. */
  readonly visitsFailed: number;
  readonly lastStep: number;
  /** Of the failed streak: rollouts by cause. */
  readonly causes: Readonly<Partial<Record<Cause, number>>>;
  readonly attempts: number;
  /** In the last visit a refinement was right. */
  readonly rescued: boolean;
  /** The last step at which a rollout was right, "solved at step n, then lost"; null for never. */
  readonly solvedStep: number | null;
  /** The newest wrong rollout, to open first. */
  readonly newestRolloutId: string | null;
}

/** What critiques of one kind led to. Every count is of distinct things. */
export interface FunnelOfKind {
  readonly kind: CritiqueKind;
  /** Rollouts with a critique of this kind. */
  readonly critiqued: number;
  /** Of those: with a refinement that answers it. */
  readonly refined: number;
  /** Of those: with a right one. */
  readonly refinedRight: number;
  /** Problems with a critiqued rollout in a group without a right rollout. */
  readonly problems: number;
  /** Of those: with a right refinement in such a group. */
  readonly problemsRescued: number;
  /** Of `critiqued`: the critique, or a refinement that answers it, was flagged by the audit. */
  readonly flagged: number;
  /** `refinedRight` and `problemsRescued` by critiques and refinements without a flag alone. */
  readonly refinedRightUnflagged: number;
  readonly problemsRescuedUnflagged: number;
}

export interface Funnel {
  /** Wrong rollouts, critiqued or not. */
  readonly wrong: number;
  readonly kinds: readonly FunnelOfKind[];
}

/** A critique that did not help: its problem still fails, and no person has rewritten it yet. */
export interface CritiqueToReview {
  readonly critique: Critique;
  readonly problemId: string;
  readonly level: string | null;
  readonly question: string;
  readonly step: number;
  /** Of the refinements that answer it. */
  readonly right: number;
  readonly total: number;
}

/** How often refinements were right, with the 95 % Wilson interval. */
export interface SuccessRate {
  readonly right: number;
  readonly total: number;
  readonly interval: readonly [number, number];
}

/** m refinements written from one critique outside of a step, to see what the policy makes of it. */
export interface Trial {
  readonly id: string;
  readonly runId: string;
  readonly critiqueId: string;
  readonly rolloutId: string;
  readonly problemId: string;
  readonly policyVersion: number;
  readonly createdAt: number;
  readonly refinements: readonly JudgedRefinement[];
  readonly success: SuccessRate;
}

/** What one critic says of a failed answer, and what the policy makes of it. `error`: the critic had nothing to say, and why. */
export interface CounterfactualEntry {
  /** `none` is a plain second attempt; the name of a critic; or `human` with the text given. */
  readonly critic: string;
  readonly text: string;
  readonly error: string | null;
  readonly refinements: readonly JudgedRefinement[];
  readonly success: SuccessRate;
  /** What an endpoint took for the critique; left out for critics that ask none. */
  readonly paid?: { readonly tokens: number; readonly cost: number };
}

/** A critique that the running training was told to learn from. */
export interface Enlistment {
  readonly id: string;
  readonly runId: string;
  readonly critiqueId: string;
  readonly rolloutId: string;
  readonly problemId: string;
  readonly author: string;
  readonly createdAt: number;
  /** The first step whose group of this problem has a refinement of it. */
  readonly fromStep: number;
  /** The step from which on it no longer takes part; null while it does. */
  readonly untilStep: number | null;
}

/** Provenance of one revision: who wrote what from which, and what came of it. */
export interface CritiqueRevisionView {
  readonly critique: Critique;
  readonly trials: readonly Trial[];
  readonly enlistment: Enlistment | null;
}

/** One token of an answer with every number known of it. Null: not known for this token. */
export interface TokenView {
  readonly text: string;
  /** log π_old(token | what it was sampled from). */
  readonly logprob: number;
  /** log π(token | problem alone), refinements in a group only. */
  readonly problemLogprob: number | null;
  /** Entropy under the policy of now, in nats; only when asked for and the policy is open. */
  readonly entropy: number | null;
}

export interface TokenDetail {
  readonly rolloutId: string;
  readonly isRefinement: boolean;
  readonly tokens: readonly TokenView[];
  /** Of the sequence in its group; null when it is in none. */
  readonly advantage: number | null;
  readonly weight: number | null;
  /** γ of the policy shaping; null where it does not apply. */
  readonly shapingGamma: number | null;
}

/** What a run file comes to, before anything starts. */
export interface RunPlan {
  readonly config: RunConfig;
  readonly name: string;
  readonly algorithm: string;
  readonly critic: string | null;
  readonly parameters: number;
  readonly trainableParameters: number;
  readonly trainProblems: number;
  readonly heldOutProblems: number;
  /** How the problems were read, e.g. "4,000 problems of train.parquet read as verl: prompt from prompt, …". */
  readonly data: readonly string[];
  /** Lines of arithmetic, e.g. "8 problems × (7 rollouts + 1 refinement) = 64 sequences a step". */
  readonly arithmetic: readonly string[];
  readonly memory: { readonly needed: number; readonly available: number };
  /** What would stop or harm the run, with a remedy each; empty when all is well. */
  readonly warnings: readonly string[];
}

export interface PresetView {
  readonly name: string;
  readonly summary: string;
  /** Names its own model and data, so that it starts as it is. */
  readonly isComplete: boolean;
  /** What a run file from it says. */
  readonly config: Readonly<Record<string, unknown>>;
}

export interface CheckResult {
  readonly name: string;
  readonly status: 'ok' | 'warning' | 'failed' | 'skipped';
  readonly detail: string;
  readonly remedy: string | null;
}

/** Passing news about work in progress; unlike events it is not kept, and is dropped when a client is slow. */
export interface Progress {
  readonly runId: string;
  readonly activity: Activity;
  readonly step: number;
  readonly steps: number;
  readonly phase: string;
  readonly done: number;
  readonly total: number | null;
}
