/** Critic: names the first wrong steps of an answer and what they should be, from the problem's reference solution. */
import type { Critic, CriticInput } from './critic.ts';
import { analyzeSteps, describeFault } from './stepFaults.ts';
import { verdictSentence } from './verdict.ts';

/** More would retell the solution rather than point at what went wrong. */
const maxFaults = 3;

export const stepLevel: Critic = {
  name: 'step-level',
  summary: 'Names the first wrong steps and what they should be; needs problems with a reference solution.',
  kind: 'stepLevel',
  needs: { solution: true, generation: false },
  async write(inputs) {
    return inputs.map(critiqueOf);
  },
};

/** Null for a problem without a reference solution and for a rollout that could not be graded. */
function critiqueOf({ problem, rollout, verdict }: CriticInput): string | null {
  if (problem.solution === undefined || verdict.status === 'failed') return null;
  const faults = analyzeSteps(problem.solution, rollout.completion).slice(0, maxFaults);
  return faults.length === 0 ? verdictSentence(verdict.status) : faults.map(describeFault).join(' ');
}
