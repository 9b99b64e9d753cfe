/** What an algorithm is: which members of a group are learned from and how much (`credit`), and the scalar to minimize (`loss`). */
import { GraphBuilder, type LossOps } from '../graph/builder.ts';
import type { Graph, Value } from '../graph/ir.ts';
import type { Switches } from '../protocol/runConfig.ts';

export interface CreditMember {
  readonly origin: 'policy' | 'refinement' | 'dataset';
  readonly reward: number;
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
  readonly behaviorLogprobs: Value;
  readonly referenceLogprobs: Value;
  readonly advantages: Value;
  /** 1 on tokens of refinements, else 0. */
  readonly isRefinement: Value;
  readonly weights: Value;
  readonly uniformWeights: Value;
}

/** Names of the inputs that the trainer supplies per token. */
export const suppliedInputs = ['behaviorLogprobs', 'referenceLogprobs', 'advantages', 'isRefinement', 'weights', 'uniformWeights'] as const;
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
  readonly needs: {
    readonly rollouts: boolean;
    readonly critiques: boolean;
    /** Problems must carry a demonstration to imitate. */
    readonly demonstrations: boolean;
  };
  /** One credit a member, in order. Pure numbers. */
  credit(members: readonly CreditMember[], switches: Switches): readonly Credit[];
  /** The scalar to minimize, as graph; its gradient is derived, never written. */
  loss(g: LossOps, x: LossInputs, switches: Switches): LossTerms;
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
      advantages: input('advantages'),
      isRefinement: input('isRefinement'),
      weights: input('weights'),
      uniformWeights: input('uniformWeights'),
    },
    switches,
  );
  return g.finish({ loss, ...metrics });
}
