/** From credited groups to the token sequences of one optimizer update, with every per-token input of a loss program. */
import type { SuppliedInput } from '../algorithms/algorithm.ts';
import type { ForwardSequence, TrainSequence } from '../engine/contract.ts';
import type { GroupMember } from '../protocol/records.ts';
import type { Switches } from '../protocol/runConfig.ts';

/** A sequence with the credit its algorithm gave it. */
export interface CreditedMember extends Pick<GroupMember, 'id' | 'origin' | 'advantage' | 'weight'> {
  /** The completion, as sampled. */
  readonly tokens: ArrayLike<number>;
  /** log π_behavior(token | problem, tokens before), one a token: for a refinement those without the critique. Null for data set members. */
  readonly behaviorLogprobs: ArrayLike<number> | null;
  /** The same under the reference weights; null when no KL is asked for. */
  readonly referenceLogprobs: ArrayLike<number> | null;
  /** The same given problem, answer and critique, of a rollout that is learned from through its critique. */
  readonly teacherLogprobs?: ArrayLike<number> | null;
  /** What the member is trained conditional on; the prompt of its problem when left out. */
  readonly promptTokens?: ArrayLike<number>;
}

export interface CreditedGroup {
  readonly id: string;
  /** The prompt of the problem alone. */
  readonly promptTokens: ArrayLike<number>;
  readonly members: readonly CreditedMember[];
}

export type BatchSwitches = Pick<Switches, 'aggregation' | 'klCoefficient' | 'entropyCoefficient'>;

/**
 * The sequences of one optimizer update; empty when nothing in it teaches anything. How they are cut into micro-batches does not
 * change the sum of their losses.
 *
 * `weights` is, for a sequence of weight w and length |y| among G groups (groups without signal count):
 * `constant` w / (G · maxTokens), `sequenceMean` w / (G · |y|), `tokenMean` w / Σ_j w_j |y_j| over every member of every group.
 * `uniformWeights` is 1 / (target tokens returned). Members without weight, or without advantage and
 * teacher, are left out, unless KL or entropy need them.
 */
export function buildSequences(groups: readonly CreditedGroup[], switches: BatchSwitches, maxTokens: number): TrainSequence[] {
  const trainAll = switches.klCoefficient !== 0 || switches.entropyCoefficient !== 0;
  const trained = groups.flatMap((group) =>
    group.members
      .filter((member) => member.tokens.length > 0 && (trainAll || hasSignal(member)))
      .map((member) => ({ member, promptTokens: member.promptTokens ?? group.promptTokens })),
  );
  const uniformWeight = 1 / trained.reduce((total, { member }) => total + member.tokens.length, 0);
  const perToken = tokenWeighting(groups, switches.aggregation, maxTokens);

  return trained.map(({ member, promptTokens }) => {
    const length = member.tokens.length;
    const inputs: Record<SuppliedInput, Float32Array> = {
      behaviorLogprobs: valuesOf(member, 'behaviorLogprobs'),
      referenceLogprobs: valuesOf(member, 'referenceLogprobs'),
      teacherLogprobs: valuesOf(member, isTaught(member) ? 'teacherLogprobs' : 'behaviorLogprobs'),
      advantages: filled(length, member.advantage),
      isOffPolicy: filled(length, member.origin === 'policy' ? 0 : 1),
      weights: filled(length, perToken(member)),
      uniformWeights: filled(length, uniformWeight),
    };
    return { ...completionSequence(promptTokens, member.tokens), inputs };
  });
}

/** Whether a member teaches anything: by its advantage, or by what its teacher says of each token. */
export function hasSignal(member: Pick<CreditedMember, 'advantage' | 'weight' | 'teacherLogprobs'>): boolean {
  return member.weight !== 0 && (member.advantage !== 0 || isTaught(member));
}

function isTaught({ teacherLogprobs }: Pick<CreditedMember, 'teacherLogprobs'>): boolean {
  return teacherLogprobs !== undefined && teacherLogprobs !== null;
}

/** Prompt and completion as one sequence whose targets are the tokens of the completion. The prompt must not be empty. */
export function completionSequence(promptTokens: ArrayLike<number>, completionTokens: ArrayLike<number>): ForwardSequence {
  if (promptTokens.length === 0) throw new Error('completionSequence: the prompt is empty, so the first token has nothing before it');
  const tokens = new Int32Array(promptTokens.length + completionTokens.length);
  tokens.set(promptTokens);
  tokens.set(completionTokens, promptTokens.length);
  return { tokens, targets: Int32Array.from({ length: completionTokens.length }, (_, t) => promptTokens.length + t) };
}

/** The groups of each optimizer update of a step: consecutive, as even as can be, and never an update without groups. */
export function splitUpdates<T>(groups: readonly T[], updatesPerStep: number): T[][] {
  const nUpdates = Math.min(updatesPerStep, groups.length);
  const startOf = (update: number): number => Math.floor((update * groups.length) / nUpdates);
  return Array.from({ length: nUpdates }, (_, update) => groups.slice(startOf(update), startOf(update + 1)));
}

/** Weight of each token of a member. */
function tokenWeighting(
  groups: readonly CreditedGroup[],
  aggregation: Switches['aggregation'],
  maxTokens: number,
): (member: CreditedMember) => number {
  switch (aggregation) {
    case 'constant':
      return ({ weight }) => weight / (groups.length * maxTokens);
    case 'sequenceMean':
      return ({ weight, tokens }) => weight / (groups.length * tokens.length);
    case 'tokenMean': {
      const total = groups.flatMap((group) => group.members).reduce((sum, { weight, tokens }) => sum + weight * tokens.length, 0);
      return ({ weight }) => (total === 0 ? 0 : weight / total);
    }
  }
}

function valuesOf(member: CreditedMember, name: 'behaviorLogprobs' | 'referenceLogprobs' | 'teacherLogprobs'): Float32Array {
  const values = member[name] ?? null;
  const length = member.tokens.length;
  if (values === null) return new Float32Array(length);
  if (values.length !== length) throw new Error(`${name} of ${member.id}: ${values.length} values for ${length} tokens`);
  return Float32Array.from(values);
}

function filled(length: number, value: number): Float32Array {
  return new Float32Array(length).fill(value);
}
