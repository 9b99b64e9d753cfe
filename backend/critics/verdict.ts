/** Critic: says only whether the answer is right (the paper's "indicative" critique). */
import type { Critic } from './critic.ts';

export const verdict: Critic = {
  name: 'verdict',
  summary: 'Says only whether the answer is right or wrong.',
  kind: 'verdict',
  needs: { solution: false, generation: false },
  async write(inputs) {
    return inputs.map(({ verdict: { status } }) => (status === 'failed' ? null : verdictSentence(status)));
  },
};

/** The whole critique of an answer about which nothing else is known. */
export function verdictSentence(status: 'right' | 'wrong'): string {
  return `The answer is ${status}.`;
}
