/**
 * The numbers that a token can be colored by, each on a scale that is the same for every answer, so that two pictures can be compared.
 *
 * Gradient weights: the loss pulls on log π(token) by A times its weight. Of a rollout sampled from the policy itself the weight is the ratio,
 * 1 at the first update of a step. Of a refinement it is the derivative of the shaped probability f(p) = p / (p + γ), p = π(token | problem):
 * ∇f = Ψ(p) ∇log p with Ψ(p) = γ p / (p + γ)², at most 1/4 (at p = γ), for every γ (Critique-GRPO, lemma F.13).
 */
import type { TokenDetail, TokenView } from '../../backend/protocol/views.ts';

export type TokenMode = 'logprob' | 'entropy' | 'advantage' | 'shaping' | 'gap';
export const tokenModes: readonly TokenMode[] = ['logprob', 'entropy', 'advantage', 'shaping', 'gap'];

export interface TokenScale {
  readonly name: string;
  readonly meaning: string;
  /** Where the color is full; diverging scales run from −limit to limit, the others from 0. */
  readonly limit: number;
  readonly isDiverging: boolean;
  /** Words at the ends. */
  readonly low: string;
  readonly high: string;
}

export const tokenScales: Readonly<Record<TokenMode, TokenScale>> = {
  logprob: {
    name: 'Log-probability',
    meaning: 'How unlikely each token was when it was sampled: −log π(token), in nats.',
    limit: 5,
    isDiverging: false,
    low: 'certain · 0',
    high: '−5 · p ≤ 0.7 %',
  },
  entropy: {
    name: 'Entropy',
    meaning: 'How open the choice is to the policy of now, in nats. 0: one token only.',
    limit: 3,
    isDiverging: false,
    low: 'decided · 0',
    high: '3 · open',
  },
  advantage: {
    name: 'Advantage',
    meaning: 'The reward relative to the group; one number for the whole answer.',
    limit: 1,
    isDiverging: true,
    low: 'discouraged · −1',
    high: '+1 · encouraged',
  },
  shaping: {
    name: 'Shaping weight Ψ·A',
    meaning: 'How hard the loss pulls on each token: A·γp/(p+γ)² for a refinement (largest where p = γ), A itself for a rollout.',
    limit: 0.25,
    isDiverging: true,
    low: '−0.25',
    high: '+0.25',
  },
  gap: {
    name: 'Condition gap',
    meaning:
      'log π(token | problem, answer, critique) − log π(token | problem). Blue tokens are likely only because of the critique; they are what makes training off-policy.',
    limit: 4,
    isDiverging: true,
    low: '−4 nats',
    high: '+4 nats',
  },
};

/** Ψ(p) = γ p / (p + γ)², the weight of a token's gradient under p / (p + γ). */
export function shapingWeight(p: number, gamma: number): number {
  return (gamma * p) / (p + gamma) ** 2;
}

/** The number of a token under a mode; null when it is not known. */
export function measure(detail: TokenDetail, token: TokenView, mode: TokenMode): number | null {
  switch (mode) {
    case 'logprob':
      return finite(token.logprob);
    case 'entropy':
      return finite(token.entropy);
    case 'advantage':
      return finite(detail.advantage);
    case 'gap':
      return token.problemLogprob === null ? null : finite(token.logprob - token.problemLogprob);
    case 'shaping':
      return finite(pull(detail, token));
  }
}

/** All tokens' numbers under a mode. */
export function measures(detail: TokenDetail, mode: TokenMode): readonly (number | null)[] {
  return detail.tokens.map((token) => measure(detail, token, mode));
}

/** Why a mode has nothing to show of an answer; null when it has. */
export function whyEmpty(detail: TokenDetail, mode: TokenMode): string | null {
  if (detail.tokens.length === 0) return 'The answer has no tokens.';
  switch (mode) {
    case 'logprob':
      return null;
    case 'entropy':
      return detail.tokens.every(({ entropy }) => entropy === null)
        ? 'Entropies are computed by the loaded policy. Resume or start the run, then color by entropy again.'
        : null;
    case 'advantage':
    case 'shaping':
      if (detail.advantage === null) return 'The answer is in no group, so it has no advantage: it did not train the policy.';
      if (detail.advantage === 0 && mode === 'shaping') return 'The advantage is 0: every pull is 0, this answer teaches nothing.';
      return detail.isRefinement && mode === 'shaping' && detail.shapingGamma === null
        ? 'The run trains refinements with the ratio to their behavior log-probabilities; there is no shaping to show.'
        : null;
    case 'gap':
      if (!detail.isRefinement) return 'Only refinements have a condition gap: a rollout is sampled from the problem alone.';
      return detail.tokens.every(({ problemLogprob }) => problemLogprob === null)
        ? 'The refinement did not join its group, so its log-probabilities given the problem alone were not computed.'
        : null;
  }
}

/** Steps of color on each side of nothing. */
export const colorSteps = 8;

/** The step of color of a number: 0 (none) to 8, negative on the other side of a diverging scale. Beyond the limit it stays full. */
export function colorStep(value: number | null, { limit, isDiverging }: TokenScale, mode: TokenMode): number {
  if (value === null) return 0;
  const oriented = mode === 'logprob' ? -value : value;
  const part = Math.min(1, Math.max(isDiverging ? -1 : 0, oriented / limit));
  // `|| 0`: no negative zero.
  return Math.round(part * colorSteps) || 0;
}

function pull({ isRefinement, advantage, shapingGamma }: TokenDetail, { problemLogprob }: TokenView): number | null {
  if (advantage === null) return null;
  if (!isRefinement) return advantage;
  return shapingGamma === null || problemLogprob === null ? null : shapingWeight(Math.exp(problemLogprob), shapingGamma) * advantage;
}

function finite(value: number | null): number | null {
  return value !== null && Number.isFinite(value) ? value : null;
}
