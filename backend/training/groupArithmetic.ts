/** What a step of a run comes to, in words and numbers: its groups, its critiques, its phases. */
import type { Algorithm } from '../algorithms/algorithm.ts';
import type { RunConfig, Switches } from '../protocol/runConfig.ts';
import { lastStepOfFirstPhase, trainedAt } from './switches.ts';

export interface GroupPlan {
  readonly algorithm: Algorithm;
  readonly switches: Switches;
  readonly config: Pick<RunConfig, 'training' | 'algorithm' | 'switches'>;
  readonly nTrainProblems: number;
}

/** Sequences and critiques a step, then groups and passes over the data; for algorithms of two phases the former once a phase. */
export function groupLines(plan: GroupPlan): string[] {
  const { algorithm, switches, config, nTrainProblems } = plan;
  const { steps } = config.training;
  const problems = problemsPerStep(plan);
  const border = lastStepOfFirstPhase(algorithm, switches, steps);
  const phases = [
    { first: 1, last: border },
    { first: border + 1, last: steps },
  ].filter(({ first, last }) => first <= last);
  const perStep = phases.flatMap(({ first, last }) => {
    const at = trainedAt(plan, first);
    const lines = stepLines({ ...plan, ...at });
    return algorithm.phases === undefined ? lines : lines.map((line) => `steps ${first}–${last}, ${at.algorithm.name}: ${line}`);
  });
  const passes = (steps * problems) / Math.max(1, nTrainProblems);
  return [
    ...perStep,
    `${counted(steps, 'step')} × ${problems} = ${counted(steps * problems, 'group')}: ${passes.toFixed(1)} passes over ${counted(nTrainProblems, 'problem')}`,
    ...(switches.dynamicSampling > 0 ? [furtherProblems(plan, problems)] : []),
  ];
}

/**
 * The longest prompt that a sequence is trained with, given the longest of a problem alone: a failed answer stands in it too where critiques
 * or refinements are trained as replies. The critique in it is not counted.
 */
export function longestTrainedPrompt(
  { algorithm: { needs }, switches, config }: Pick<GroupPlan, 'algorithm' | 'switches'> & { readonly config: Pick<RunConfig, 'sampling'> },
  longest: number,
): number {
  const hasAnswer = needs.critiqueTargets || (needs.refinements && switches.refinementContext === 'critique');
  return hasAnswer ? longest + config.sampling.maxTokens : longest;
}

function problemsPerStep({ config, nTrainProblems }: GroupPlan): number {
  return Math.min(config.training.problemsPerStep, nTrainProblems);
}

function stepLines(plan: GroupPlan): string[] {
  const { algorithm, switches, config } = plan;
  const { needs } = algorithm;
  const { nRollouts, kRefinements, critiquesPerProblem } = switches;
  const problems = problemsPerStep(plan);
  const n = needs.rollouts ? nRollouts : 0;
  const k = needs.refinements ? Math.min(kRefinements, critiquesPerProblem) : 0;
  const c = needs.critiqueTargets ? Math.min(critiquesPerProblem, n) : 0;
  const d = needs.demonstrations ? 1 : 0;
  const members = [
    ...(n > 0 ? [counted(n, 'rollout')] : []),
    ...(k > 0 ? [`up to ${counted(k, 'refinement')}`] : []),
    ...(c > 0 ? [`up to ${counted(c, 'critique')}`] : []),
    ...(d > 0 ? ['1 demonstration'] : []),
  ];
  const upTo = k + c > 0 ? 'up to ' : '';
  const total = counted(problems * (n + k + c + d), 'sequence');
  const updates = counted(config.training.updatesPerStep, 'update');
  const lines = [`${counted(problems, 'problem')} × (${members.join(' + ')}) = ${upTo}${total} a step, trained in ${updates}`];
  if (needs.critiques && critiquesPerProblem > 0) {
    const most = counted(problems * critiquesPerProblem, 'critique');
    lines.push(`up to ${counted(problems, 'problem')} × ${critiquesPerProblem} = ${most} a step, ${useOfCritiques(plan)}`);
  }
  return lines;
}

function useOfCritiques({ algorithm: { needs }, switches: { kRefinements } }: GroupPlan): string {
  if (needs.refinements) return `each refined once; at most ${kRefinements} a problem ${kRefinements === 1 ? 'joins' : 'join'} the group`;
  return needs.teacher ? 'each read by the teacher of its rollout' : 'each learned as the reply to its rollout';
}

function furtherProblems({ switches: { dynamicSampling } }: GroupPlan, problems: number): string {
  const most = counted(problems * (1 + dynamicSampling), 'problem');
  return `in place of groups without a signal further problems, ${dynamicSampling} times: at most ${most} a step`;
}

/** `1 step`, `1,280 groups`. */
export function counted(count: number, noun: string): string {
  return `${count.toLocaleString('en-US')} ${noun}${count === 1 ? '' : 's'}`;
}
