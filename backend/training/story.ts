/** Picks from a step the one failure best worth reading: a rescued problem first. */
import type { Collected } from './collect.ts';
import type { Story } from './run.ts';

export function storyOf(step: number, { refined, groups }: Collected): Story | undefined {
  const rescued = new Set(groups.filter(({ group }) => group.kind === 'rescued').map(({ group }) => group.problemId));
  const right = refined.filter(({ refinementVerdict }) => refinementVerdict.status === 'right');
  const chosen = right.find(({ problem }) => rescued.has(problem.id)) ?? right[0] ?? refined[0];
  if (chosen === undefined) return undefined;
  const { problem, rollout, critique, refinement, refinementVerdict } = chosen;
  return {
    step,
    level: problem.level,
    question: problem.prompt.at(-1)?.content ?? '',
    answer: rollout.completion,
    critique: critique.text,
    refinement: refinement.completion,
    isRefinementRight: refinementVerdict.status === 'right',
  };
}
