/** Tokens of an answer of the made-up run. */
import type { TokenDetail } from '../../backend/protocol/views.ts';
import { answerAt, type Wording } from './explorerRows.ts';

/** The refinement's tokens: a few are likely only because of the critique. `count` repeats the answer to that length. */
export function tokensOf(id: string, count: number, wording: Wording = {}): TokenDetail {
  const isRefinement = id.includes('/f');
  const words = (wording.answer ?? answerAt('right', 0)).match(/\s*\S+|\s+$/g) ?? ['?'];
  return {
    rolloutId: id,
    isRefinement,
    tokens: Array.from({ length: count }, (_, i) => {
      const logprob = -((((i * 7919) % 97) / 97) ** 6) * 6 - 0.001;
      const gap = (i * 31) % 17 === 0 ? 4.5 : (((i * 13) % 23) / 23 - 0.3) * 0.6;
      return {
        text: `${words[i % words.length] ?? ''}${(i + 1) % words.length === 0 ? '\n' : ''}`,
        logprob,
        problemLogprob: isRefinement ? Math.min(-0.001, logprob - gap) : null,
        entropy: ((i * 37) % 101) / 40,
      };
    }),
    advantage: isRefinement ? 0.875 : -0.125,
    weight: isRefinement ? 7 : 1,
    shapingGamma: isRefinement ? 0.1 : null,
  };
}
