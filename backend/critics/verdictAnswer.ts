/** Critic: the verdict and, for a wrong answer, the right one (the paper's "indicative critique with ground truth"). It leaks the answer. */
import type { Critic, CriticInput } from './critic.ts';
import { verdictSentence } from './verdict.ts';

export const verdictAnswer: Critic = {
  name: 'verdict-answer',
  summary: 'Says whether the answer is right, and the right answer if it is not.',
  kind: 'verdictAnswer',
  needs: { solution: false, generation: false },
  async write(inputs) {
    return inputs.map(verdictAnswerText);
  },
};

/** Null for an answer that could not be graded. */
export function verdictAnswerText({ problem, verdict: { status } }: CriticInput): string | null {
  if (status === 'failed') return null;
  return status === 'right' ? verdictSentence(status) : `${verdictSentence(status)} The right answer is ${problem.answer}.`;
}
