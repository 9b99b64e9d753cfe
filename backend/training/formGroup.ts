/** The members of a problem's group, with the credit that the algorithm gives them. */
import type { CreditMember } from '../algorithms/algorithm.ts';
import { overlongPunishment } from '../algorithms/rewardShaping.ts';
import type { Critique, Group, GroupKind, GroupMember, Problem, Verdict } from '../protocol/records.ts';
import { hasSignal } from './batch.ts';
import type { Attempted } from './critique.ts';
import type { CritiqueTarget } from './critiqueTargets.ts';
import type { RefinedRollout } from './refine.ts';
import type { Run } from './run.ts';

/** A group with the sequences it was made of, still in memory for the update. */
export interface CollectedGroup {
  readonly group: Group;
  readonly problem: Problem;
  /** The prompt of the problem alone. */
  readonly promptTokens: readonly number[];
  readonly members: readonly (GroupMember & Sequence)[];
  /** It would teach something also if length cost nothing. */
  readonly verdictsTeach: boolean;
}

/** As in `CreditedMember`. */
interface Sequence {
  readonly tokens: readonly number[];
  readonly behaviorLogprobs: readonly number[] | null;
  readonly teacherLogprobs?: Float32Array | null;
  readonly promptTokens?: readonly number[];
}

/** What of a run decides about a group; a recorded group can be formed again from it. */
export type GroupRules = Pick<Run, 'id' | 'config' | 'algorithm' | 'switches' | 'demonstrationOf'>;

/** What a step has gathered on a problem. */
export interface Gathered extends Attempted {
  readonly refined: readonly Pick<RefinedRollout, 'refinement' | 'refinementVerdict' | 'joined'>[];
  readonly critiqueTargets: readonly (Pick<CritiqueTarget, 'promptTokens' | 'tokens'> & { readonly critique: Pick<Critique, 'id'> })[];
  /** By rollout. */
  readonly teacherLogprobs: ReadonlyMap<string, Float32Array>;
  /** On the demonstration, where it takes part in a comparison of rewards. */
  readonly demonstrationVerdict: Verdict | undefined;
}

interface Candidate extends Pick<GroupMember, 'id' | 'origin' | 'reward'>, Pick<CreditMember, 'isRight'>, Sequence {
  /** The reward before it was lowered for its length; left out where it was not. */
  readonly verdictReward?: number;
}

/**
 * Rollouts with a verdict, the refinements that joined, then, where the algorithm learns from them, critiques and the demonstration. What the
 * policy answered has its reward lowered for overlong answers; what is imitated by decree has the reward 1.
 */
export function formGroup(run: GroupRules, step: number, gathered: Gathered): CollectedGroup {
  const { problem, promptTokens, attempts, refined } = gathered;
  const id = groupIdOf(run.id, step, problem.id);
  const candidates = [...rolloutsOf(run, gathered), ...refinementsOf(run, gathered), ...critiquesOf(gathered), ...demonstrationOf(run, id, gathered)];
  const members = credited(run, candidates);
  const unshaped = candidates.map((candidate) => ({ ...candidate, reward: candidate.verdictReward ?? candidate.reward }));
  const graded = attempts.filter(({ verdict }) => verdict.status !== 'failed');
  const areRolloutsRight = graded.map(({ verdict }) => verdict.status === 'right');
  const isRescued = refined.some(({ refinementVerdict }) => refinementVerdict.status === 'right');
  return {
    problem,
    promptTokens,
    members,
    verdictsTeach: credited(run, unshaped).some(hasSignal),
    group: {
      id,
      runId: run.id,
      step,
      problemId: problem.id,
      kind: kindOf(areRolloutsRight, isRescued),
      zeroSignal: !members.some(hasSignal),
      excluded: attempts.length - graded.length,
      members: members.map(({ id: memberId, origin, reward, advantage, weight }) => ({ id: memberId, origin, reward, advantage, weight })),
    },
  };
}

function credited({ algorithm, switches }: GroupRules, candidates: readonly Candidate[]): (GroupMember & Sequence)[] {
  const credits = algorithm.credit(
    candidates.map(({ origin, reward, isRight, teacherLogprobs }) => ({ origin, reward, isRight, hasTeacher: (teacherLogprobs ?? null) !== null })),
    switches,
  );
  return candidates.map(({ isRight: _, verdictReward: __, ...candidate }, i) => ({
    ...candidate,
    advantage: credits[i]?.advantage ?? 0,
    weight: credits[i]?.weight ?? 0,
  }));
}

function rolloutsOf(run: GroupRules, { attempts, teacherLogprobs }: Gathered): Candidate[] {
  return attempts
    .filter(({ verdict }) => verdict.status !== 'failed')
    .map(({ rollout: { id, tokens, behaviorLogprobs }, verdict }) => ({
      id,
      origin: 'policy',
      ...rewardsOf(run, verdict, tokens.length),
      isRight: verdict.status === 'right',
      tokens,
      behaviorLogprobs,
      teacherLogprobs: teacherLogprobs.get(id) ?? null,
    }));
}

/** Trained conditional on the problem alone, unless `refinementContext` says otherwise. */
function refinementsOf(run: GroupRules, { refined }: Gathered): Candidate[] {
  return refined
    .filter(({ joined }) => joined)
    .map(({ refinement: { id, tokens, promptTokens, behaviorLogprobs, problemLogprobs }, refinementVerdict }) => ({
      id,
      origin: 'refinement',
      ...rewardsOf(run, refinementVerdict, tokens.length),
      isRight: refinementVerdict.status === 'right',
      tokens,
      ...(run.switches.refinementContext === 'critique' ? { promptTokens, behaviorLogprobs } : { behaviorLogprobs: problemLogprobs }),
    }));
}

function critiquesOf({ critiqueTargets }: Gathered): Candidate[] {
  return critiqueTargets.map(({ critique, promptTokens, tokens }) => ({
    id: critique.id,
    origin: 'critique',
    reward: 1,
    isRight: true,
    tokens,
    promptTokens,
    behaviorLogprobs: null,
  }));
}

/** The verdict on the demonstration of a recorded group, of which only the reward is kept; a demonstration that is not in it had come to none. */
export function recordedDemonstration({ id, members }: Pick<Group, 'id' | 'members'>): Verdict {
  const member = members.find(({ origin }) => origin === 'dataset');
  const known = { rolloutId: demonstrationId(id), verifier: '', extracted: null, reason: '' };
  if (member === undefined) return { ...known, status: 'failed', reward: 0, cause: 'verifierFailed' };
  const { reward } = member;
  return reward > 0 ? { ...known, status: 'right', reward, cause: null } : { ...known, status: 'wrong', reward, cause: 'wrongValue' };
}

export function groupIdOf(runId: string, step: number, problemId: string): string {
  return `${runId}/${step}/${problemId}`;
}

export function demonstrationId(groupId: string): string {
  return `${groupId}/d`;
}

/** A demonstration that the verifier came to no judgment on is left out. */
function demonstrationOf(run: GroupRules, groupId: string, { problem, demonstrationVerdict: verdict }: Gathered): Candidate[] {
  if (!run.algorithm.needs.demonstrations || verdict?.status === 'failed') return [];
  const isRight = verdict === undefined || verdict.status === 'right';
  return [
    {
      ...{ id: demonstrationId(groupId), origin: 'dataset', reward: verdict?.reward ?? 1, isRight },
      ...{ tokens: run.demonstrationOf(problem), behaviorLogprobs: null },
    },
  ];
}

function rewardsOf({ config, switches }: GroupRules, { reward }: Verdict, length: number): Pick<Candidate, 'reward' | 'verdictReward'> {
  return { reward: reward + overlongPunishment(length, config.sampling.maxTokens, switches), verdictReward: reward };
}

function kindOf(areRolloutsRight: readonly boolean[], isRescued: boolean): GroupKind {
  if (areRolloutsRight.length > 0 && areRolloutsRight.every(Boolean)) return 'allRight';
  if (areRolloutsRight.some(Boolean)) return 'mixed';
  return isRescued ? 'rescued' : 'allWrong';
}
