/** What clients see of verdicts after the fact: where graders disagree, what a person says, and a run's history graded again. */
import type { GroupKind, Verdict } from './records.ts';

/** What a person says of an answer whose graders disagree. It changes no reward that was given. */
export interface Settlement {
  readonly rolloutId: string;
  readonly status: 'right' | 'wrong';
  readonly author: string;
  readonly note: string;
  readonly createdAt: number;
}

/** A verdict that another grader disagrees with. */
export interface Disagreement {
  /** Of the rollout or refinement. */
  readonly rolloutId: string;
  readonly isRefinement: boolean;
  readonly step: number;
  readonly problemId: string;
  readonly question: string;
  /** The gold answer. */
  readonly answer: string;
  readonly verdict: Verdict;
  readonly secondOpinion: NonNullable<Verdict['secondOpinion']>;
  /** The newest; null while nobody has said anything. */
  readonly settlement: Settlement | null;
}

export interface DisagreementPage {
  readonly rows: readonly Disagreement[];
  /** All there are, and how many of them nobody has settled. */
  readonly total: number;
  readonly open: number;
}

/** A run's rollouts and refinements graded again, beside the verdicts that it trained on. */
export interface Rescoring {
  readonly id: string;
  readonly runId: string;
  readonly verifier: string;
  readonly createdAt: number;
  /** Answers that were to be graded, and those that were before it was given up or done. */
  readonly total: number;
  readonly graded: number;
  /** Graded answers by old and new status, the unchanged ones too. */
  readonly counts: readonly { readonly before: Verdict['status']; readonly after: Verdict['status']; readonly count: number }[];
}

/** An answer whose new verdict has another status or reward. */
export interface ChangedVerdict {
  readonly rolloutId: string;
  readonly isRefinement: boolean;
  readonly step: number;
  readonly problemId: string;
  readonly before: Verdict;
  readonly after: Verdict;
}

/** What a group would have been with the new verdicts; refinements that joined it are taken as they were. */
export interface RescoredGroup {
  readonly groupId: string;
  readonly step: number;
  readonly problemId: string;
  readonly before: GroupOutcome;
  readonly after: GroupOutcome;
  /** Largest difference between the old and the new advantage of a member; one that is in the group only once counts with its advantage. */
  readonly advantageChange: number;
}

export interface GroupOutcome {
  readonly kind: GroupKind;
  readonly zeroSignal: boolean;
  readonly excluded: number;
}

export interface RescoreReport extends Rescoring {
  /** In order of recording, the first ones; `counts` counts them all. */
  readonly changed: readonly ChangedVerdict[];
  /** Groups that would have been others. */
  readonly groups: readonly RescoredGroup[];
  readonly groupsTotal: number;
}
