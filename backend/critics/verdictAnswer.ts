/** Critic: the verdict and, for a wrong answer, the right one (the paper's "indicative critique with ground truth"). It leaks the answer. */
import type { Critic } from './critic.ts';
import { verdictSentence } from './verdict.ts';

export const verdictAnswer: Critic = {
  name: 'verdict-answer',
  summary: 'Says whether the answer is right, and the right answer if it is not.',
  kind: 'verdictAnswer',
  needs: { solution: false, generation: false },
  async write(inputs) {
    return inputs.map(({ problem, verdict: { status } }) => {
      if (status === 'failed') return null;
      return status === 'right' ? verdictSentence(status) : `${verdictSentence(status)} The right answer is ${problem.answer}.`;
    });
  },
};
