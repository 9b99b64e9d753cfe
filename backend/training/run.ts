/** An opened run: everything that training needs, loaded and checked before the first token is sampled. */
import type { Algorithm } from '../algorithms/algorithm.ts';
import type { Critic } from '../critics/critic.ts';
import type { DownloadProgress } from '../hub/downloadProgress.ts';
import type { Event, EventBody } from '../protocol/events.ts';
import type { Evaluation, PersistentFailure, Problem, Rollout } from '../protocol/records.ts';
import type { Switches } from '../protocol/runConfig.ts';
import type { Store } from '../store/store.ts';
import type { CriticModels } from './criticModels.ts';
import type { Policy } from './policy.ts';

export interface Run extends Policy {
  readonly algorithm: Algorithm;
  readonly switches: Switches;
  readonly critic: Critic;
  readonly criticModels: CriticModels;
  readonly trainProblems: readonly Problem[];
  readonly heldOutProblems: readonly Problem[];
  /** The token ids a rollout is refined from; null when they do not fit the context. An empty critique asks for a plain second attempt. */
  refinementPromptOf(problem: Problem, rollout: Rollout, critique: string): readonly number[] | null;
  /** Token ids of a problem's demonstration, end token included. */
  demonstrationOf(problem: Problem): readonly number[];
  /** What was noticed when it was opened and keeps nothing from starting; told as notices. */
  readonly remarks?: readonly { readonly code: string; readonly message: string }[];
  readonly store: Store;
  /** Folder of the run: checkpoints lie in it. */
  readonly folder: string;
  /** What others want of the run between two steps. */
  readonly boundary?: Boundary;
}

export interface Boundary {
  /** Called where nothing is under way after `step`; the loop goes on when it resolves. `isLast`: no step follows. */
  serve(run: Run, step: number, isLast: boolean): Promise<void>;
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
  /** The model is on its way from a hub. */
  onDownload?(progress: DownloadProgress): void;
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
