/** What a critic is: one file in this folder, listed by the generated `index.ts`. */
import type { CritiqueKind, Message, Problem, Rollout, Verdict } from '../protocol/records.ts';

export interface CriticInput {
  readonly problem: Problem;
  readonly rollout: Rollout;
  readonly verdict: Verdict;
}

/** Samples one answer of the policy to a conversation; supplied by the trainer, so a critic never imports an engine. */
export type Generate = (
  conversations: readonly (readonly Message[])[],
  purpose: 'critique' | 'answer',
  seeds: readonly number[],
) => Promise<readonly string[]>;

export interface CriticTools {
  readonly generate: Generate;
  /** One seed an input. */
  readonly seeds: readonly number[];
}

export interface Critic {
  readonly name: string;
  readonly summary: string;
  /** Kind recorded with each critique it writes. */
  readonly kind: Exclude<CritiqueKind, 'human'>;
  /** What the critic requires of problems and of the trainer, checked before a run starts. */
  readonly needs: { readonly solution: boolean; readonly generation: boolean };
  /** One text an input, in order; null where it has nothing to say (that rollout is then not refined, and counted). */
  write(inputs: readonly CriticInput[], tools: CriticTools): Promise<readonly (string | null)[]>;
}
