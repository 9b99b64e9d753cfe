/** What clients see of critics: who there is, what they would be asked, what they have cost. */
import type { Message } from './records.ts';

/** One answer of an endpoint, of use or not: what it took. */
export interface CriticPayment {
  readonly purpose: 'training' | 'study';
  /** As the endpoint calls it. */
  readonly model: string;
  readonly promptTokens: number;
  readonly completionTokens: number;
  /** In the currency of the prices. */
  readonly cost: number;
}

/** Paid answers of an endpoint, whatever became of them. */
export interface CriticPayments {
  readonly answers: number;
  readonly promptTokens: number;
  readonly completionTokens: number;
  /** In the currency of the prices. */
  readonly cost: number;
}

/** What a run's critiques by a model have come to: those of its steps, and what was paid in all. */
export interface CriticSpending {
  /** Rollouts that a critic was asked about, and those among them whose critique is the model's own. */
  readonly asked: number;
  readonly answered: number;
  /** Requests, retries included. */
  readonly attempts: number;
  readonly promptTokens: number;
  readonly completionTokens: number;
  /** In the currency of the prices. */
  readonly cost: number;
  /** Rollouts for which every answer was kept from an earlier time. */
  readonly cached: number;
  /** Critiques that were thrown away, and rollouts for which another kind stood in. */
  readonly disagreements: number;
  readonly fallbacks: number;
  /** Both count for the run's budget. Studies are comparisons of critics and rescue studies; steps that were lost are counted with training. */
  readonly paid: { readonly training: CriticPayments; readonly studies: CriticPayments };
}

/** A critic as people choose from them. */
export interface CriticView {
  /** As a run file names it. */
  readonly key: string;
  readonly summary: string;
  /** What it asks of a run, in words; empty if nothing. */
  readonly needs: readonly string[];
  /** Where the run file has to say (`criticOptions`) that another model than the policy is found. */
  readonly model: 'endpoint' | 'folder' | null;
}

/** What a critic would be asked. */
export interface CriticPreview {
  readonly critic: string;
  /** Who is asked, in words: the policy, a model at an address, a folder; null for critics that follow a rule. */
  readonly asks: string | null;
  /** Empty for critics that follow a rule. */
  readonly messages: readonly Message[];
  /** What a critic that follows a rule says; null for others. */
  readonly text: string | null;
  /** The rollout is made up. */
  readonly isExample: boolean;
}
