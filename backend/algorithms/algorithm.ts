/** What an algorithm is: which members of a group are learned from and how much (`credit`), and the scalar to minimize (`loss`). */
import { GraphBuilder, type LossOps } from '../graph/builder.ts';
import type { Graph, Value } from '../graph/ir.ts';
import type { GroupMember } from '../protocol/records.ts';
import type { Switches } from '../protocol/runConfig.ts';

export interface CreditMember {
  readonly origin: GroupMember['origin'];
  /** With every shaping of rewards applied. */
  readonly reward: number;
  /** What the verifier said, whatever became of the reward. */
  readonly isRight: boolean;
  /** Its logprobs under problem, answer and critique are known. */
  readonly hasTeacher: boolean;
}

export interface Credit {
  /** Same value on every token of the sequence. */
  readonly advantage: number;
  /** Weight of the sequence in its group's sum (e.g. 1/n for rollouts, 1/k for refinements). */
  readonly weight: number;
}

/**
 * Flat [T] vectors over the target tokens of a micro-batch. `weights` already holds the sequence weight, the aggregation and the
 * mean over groups; `uniformWeights` is 1 / (tokens of the optimizer update). Both are 0 on padding.
 */
export interface LossInputs {
  /** log π_θ(token | problem, tokens before): the only inputs with `entropies` that carry a gradient. */
  readonly logprobs: Value;
  readonly entropies: Value;
  /** 0 on what the policy did not sample. */
  readonly behaviorLogprobs: Value;
  readonly referenceLogprobs: Value;
  /** log π_behavior(token | problem, answer, critique, tokens before) of criticized rollouts; `behaviorLogprobs` elsewhere. */
  readonly teacherLogprobs: Value;
  readonly advantages: Value;
  /** 1 on tokens that were not sampled from the problem alone (refinements, demonstrations, critiques), else 0. */
  readonly isOffPolicy: Value;
  readonly weights: Value;
  readonly uniformWeights: Value;
}

/** Names of the inputs that the trainer supplies per token. */
export const suppliedInputs = [
  'behaviorLogprobs',
  'referenceLogprobs',
  'teacherLogprobs',
  'advantages',
  'isOffPolicy',
  'weights',
  'uniformWeights',
] as const;
export type SuppliedInput = (typeof suppliedInputs)[number];

export interface LossTerms {
  readonly loss: Value;
  /** Scalar sums worth plotting, already weighted (e.g. `clipFraction` as a sum of uniformWeights over clipped tokens). */
  readonly metrics: Readonly<Record<string, Value>>;
}

export interface Algorithm {
  readonly name: string;
  readonly title: string;
  readonly summary: string;
  readonly defaults: Switches;
  readonly needs: Needs;
  /** One credit a member, in order. Pure numbers. */
  credit(members: readonly CreditMember[], switches: Switches): readonly Credit[];
  /** The scalar to minimize, as graph; its gradient is derived, never written. */
  loss(g: LossOps, x: LossInputs, switches: Switches): LossTerms;
  /** The algorithms that take turns, where it is made of two: the first for the share `firstPhase` of the steps. `needs` is then of both. */
  readonly phases?: readonly [Phase, Phase];
}

/** What the trainer has to collect before there is anything to learn from. */
export interface Needs {
  readonly rollouts: boolean;
  /** Failed rollouts get critiques. */
  readonly critiques: boolean;
  /** Each critique is answered by a refinement, which may join its group. */
  readonly refinements: boolean;
  /** Critiques join their groups themselves, as texts to write after problem and answer. */
  readonly critiqueTargets: boolean;
  /** The logprobs of criticized rollouts under problem, answer and critique. */
  readonly teacher: boolean;
  /** Problems must carry a demonstration, which joins its group. */
  readonly demonstrations: boolean;
}

export const needsNothing: Needs = {
  rollouts: false,
  critiques: false,
  refinements: false,
  critiqueTargets: false,
  teacher: false,
  demonstrations: false,
};

export interface Phase {
  readonly algorithm: Algorithm;
  /** Over the algorithm's own defaults, under what a run file says. */
  readonly switches: Partial<Switches>;
}

/** The algorithm's loss as a program that an engine can compile: inputs as in `LossInputs`, outputs `loss` and the metrics. */
export function lossProgram(algorithm: Algorithm, switches: Switches): Graph {
  const g = new GraphBuilder();
  // The length is nominal: the program is elementwise and sums, so an engine inlines it at any length.
  const input = (name: string): Value => g.input(name, 'f32', [2]);
  const { loss, metrics } = algorithm.loss(
    g,
    {
      logprobs: input('logprobs'),
      entropies: input('entropies'),
      behaviorLogprobs: input('behaviorLogprobs'),
      referenceLogprobs: input('referenceLogprobs'),
      teacherLogprobs: input('teacherLogprobs'),
      advantages: input('advantages'),
      isOffPolicy: input('isOffPolicy'),
      weights: input('weights'),
      uniformWeights: input('uniformWeights'),
    },
    switches,
  );
  return g.finish({ loss, ...metrics });
}
