/** An opened run: everything that training needs, loaded and checked before the first token is sampled. */
import type { Algorithm } from '../algorithms/algorithm.ts';
import type { Critic } from '../critics/critic.ts';
import type { Event, EventBody } from '../protocol/events.ts';
import type { Evaluation, PersistentFailure, Problem, Rollout } from '../protocol/records.ts';
import type { RunConfig, Switches } from '../protocol/runConfig.ts';
import type { GraderPool } from '../rewards/graderPool.ts';
import type { Verifier } from '../rewards/verifier.ts';
import type { Store } from '../store/store.ts';
import type { Tokenizer } from '../text/tokenizer.ts';
import type { ReopenableEngine } from './reopenableEngine.ts';

export interface Run {
  readonly id: string;
  readonly config: RunConfig;
  readonly switches: Switches;
  readonly algorithm: Algorithm;
  readonly critic: Critic;
  readonly verifier: Verifier;
  /** Where verifiers run that are not bounded in time; undefined when the run's verifier is. */
  readonly graderPool: GraderPool | undefined;
  readonly trainProblems: readonly Problem[];
  readonly heldOutProblems: readonly Problem[];
  readonly tokenizer: Tokenizer;
  /** The exact token ids a problem is sampled and trained from. */
  promptOf(problem: Problem): readonly number[];
  /** The token ids a rollout is refined from; null when they do not fit the context. An empty critique asks for a plain second attempt. */
  refinementPromptOf(problem: Problem, rollout: Rollout, critique: string): readonly number[] | null;
  /** Token ids of a problem's demonstration, end token included. */
  demonstrationOf(problem: Problem): readonly number[];
  /** Tokens a prompt and its completion may have together. */
  readonly contextLength: number;
  readonly engine: ReopenableEngine;
  readonly store: Store;
  /** The Hugging Face folder the run started from. */
  readonly modelFolder: string;
  /** Folder of the run: checkpoints lie in it. */
  readonly folder: string;
  readonly observer: RunObserver;
  readonly signal: AbortSignal;
}

export type Phase = 'sample' | 'grade' | 'critique' | 'refine' | 'forward' | 'update' | 'evaluate' | 'checkpoint';

/** One failure made visible: what was asked, answered, criticized and answered then. */
export interface Story {
  readonly step: number;
  readonly level: string;
  readonly question: string;
  readonly answer: string;
  readonly critique: string;
  readonly refinement: string;
  readonly isRefinementRight: boolean;
}

/** Hears what a run does while it does it. Events are in the store before they come here; the rest is not kept. */
export interface RunObserver {
  /** `done` of `total` within the phase; total is undefined where it is not known. */
  onPhase?(step: number, phase: Phase, done: number, total: number | undefined): void;
  onEvent?(event: Event): void;
  onStory?(story: Story): void;
}

export interface RunOutcome {
  readonly reason: Extract<EventBody, { type: 'runStopped' }>['reason'];
  readonly step: number;
  readonly before: Evaluation | undefined;
  readonly after: Evaluation | undefined;
  readonly failuresBefore: readonly PersistentFailure[];
  readonly failuresAfter: readonly PersistentFailure[];
  readonly tokensSampled: number;
  readonly tokensTrained: number;
  readonly updates: number;
}
