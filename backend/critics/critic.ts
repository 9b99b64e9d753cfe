/** What a critic is: one file in this folder, listed by the generated `index.ts`. */
import type { CriticOptions } from '../protocol/criticConfig.ts';
import type { CritiqueCall, CritiqueKind, Message, Problem, Rollout, Verdict } from '../protocol/records.ts';
import type { PromptTemplate } from './promptTemplate.ts';

export interface CriticInput {
  readonly problem: Problem;
  readonly rollout: Rollout;
  readonly verdict: Verdict;
}

/** What a model said to one conversation. */
export interface Answer {
  /** Empty where there is no answer. */
  readonly text: string;
  /** It ended at its limit. */
  readonly isCutOff: boolean;
  readonly promptTokens: number;
  readonly completionTokens: number;
  /** In the currency of the prices; 0 for what runs here. */
  readonly cost: number;
  /** Requests made, retries included. */
  readonly attempts: number;
  readonly isCached: boolean;
  /** Why there is no answer; null where there is one. */
  readonly error: string | null;
}

/**
 * Samples one answer to each conversation; supplied by the trainer, so a critic never imports an engine. `seeds` has one a conversation; `round`
 * counts how often the same was asked before, so that an answer kept for one round is not the answer of the next.
 */
export type Generate = (
  conversations: readonly (readonly Message[])[],
  purpose: 'critique' | 'answer',
  seeds: readonly number[],
  round?: number,
) => Promise<readonly Answer[]>;

export interface CriticTools {
  /** The policy. */
  readonly generate: Generate;
  /** The other model of a critic that needs one. An answer that could not be had has an `error`; nothing else is thrown than an abort. */
  readonly model?: Generate;
  /** Name of that model, for the record. */
  readonly modelName?: string;
  /** One seed an input. */
  readonly seeds: readonly number[];
  readonly options: CriticOptions;
  /** The template of `options.promptFile`; null for the built-in words. */
  readonly template: PromptTemplate | null;
}

/** How a critique by a model came about. */
export type CallReport = Omit<CritiqueCall, 'runId' | 'rolloutId' | 'step' | 'critic'>;

/** A critique with its provenance; `kind` and `author` are the critic's own unless another kind stood in. */
export interface ReportedCritique {
  readonly text: string | null;
  readonly kind?: Critic['kind'];
  readonly author?: string;
  readonly call: CallReport;
}

export interface CriticNeeds {
  /** Problems with a reference solution by steps. */
  readonly solution: boolean;
  /** It asks the policy. */
  readonly generation: boolean;
  /** It asks another model: one at an endpoint, whose answers nothing repeats, or a model folder on this machine. */
  readonly model?: 'endpoint' | 'folder';
}

export interface Critic {
  readonly name: string;
  readonly summary: string;
  /** Kind recorded with each critique it writes. */
  readonly kind: Exclude<CritiqueKind, 'human'>;
  /** What the critic requires of problems and of the trainer, checked before a run starts. */
  readonly needs: CriticNeeds;
  /** What a model is asked without a prompt file, where that is more than question and answer as turns. */
  readonly request?: PromptTemplate;
  /** One text an input, in order; null where it has nothing to say (that rollout is then not refined, and counted). */
  write(inputs: readonly CriticInput[], tools: CriticTools): Promise<readonly (string | null | ReportedCritique)[]>;
}
