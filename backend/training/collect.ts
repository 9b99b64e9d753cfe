/**
 * One step's data in the order of its way: problems → rollouts → verdicts → critiques → refinements → groups.
 * What fails on the way (a verifier, a critic, a prompt too long) is recorded and left out; it never ends the run.
 */
import type { CreditMember } from '../algorithms/algorithm.ts';
import type { Critique, Group, GroupKind, GroupMember, Problem, Rollout, Verdict } from '../protocol/records.ts';
import { writeCritiques, type Attempted, type Critiqued } from './critique.ts';
import { grade } from './grading.ts';
import { refine, type RefinedRollout } from './refine.ts';
import type { Run } from './run.ts';
import { sampleCompletions } from './sampling.ts';
import { seedAt } from './seeds.ts';
import type { StepScope } from './stepScope.ts';

/** A group with the sequences it was made of, still in memory for the update. */
export interface CollectedGroup {
  readonly group: Group;
  readonly problem: Problem;
  readonly promptTokens: readonly number[];
  readonly members: readonly (GroupMember & { readonly tokens: readonly number[]; readonly behaviorLogprobs: readonly number[] | null })[];
}

export interface Collected {
  readonly groups: readonly CollectedGroup[];
  readonly rollouts: readonly Rollout[];
  /** Of rollouts and of refinements. */
  readonly verdicts: readonly Verdict[];
  /** All that were written in the step; those whose prompt found no room have no entry in `refined`. */
  readonly critiques: readonly Critique[];
  readonly refined: readonly RefinedRollout[];
  /** By the policy, for rollouts, critiques and refinements. */
  readonly tokensSampled: number;
}

/**
 * The problems must be distinct: ids of rollouts and groups are made from a problem's. `enlisted` are critiques of earlier rollouts of these
 * problems, which are refined with the step's own.
 */
export async function collectStep(run: Run, scope: StepScope, problems: readonly Problem[], enlisted: readonly Critiqued[] = []): Promise<Collected> {
  const prompts = problems.map((problem) => run.promptOf(problem));
  const { rollouts, tokensSampled } = run.algorithm.needs.rollouts
    ? await scope.watch.time('sample', () => sampleRollouts(run, scope, problems, prompts))
    : { rollouts: [], tokensSampled: 0 };
  const problemOf = new Map(problems.map((problem) => [problem.id, problem]));
  const answers = rollouts.map((answer) => ({ problem: problemOf.get(answer.problemId) as Problem, answer }));
  const verdicts = await scope.watch.time('grade', () => grade(run, answers, scope.notice));
  const attempted = problems.map((problem, p): Attempted => {
    const attempts = rollouts.flatMap((rollout, i) => (rollout.problemId === problem.id ? [{ rollout, verdict: verdicts[i] as Verdict }] : []));
    return { problem, promptTokens: prompts[p] as readonly number[], attempts };
  });

  const { critiqued, tokensSampled: critiqueTokens } = run.algorithm.needs.critiques
    ? await writeCritiques(run, scope, attempted)
    : { critiqued: [], tokensSampled: 0 };
  const { refined, tokensSampled: refinementTokens } = await refine(run, scope, attempted, [...critiqued, ...enlisted]);
  const groups = attempted.map((entry) =>
    formGroup(
      run,
      scope.step,
      entry,
      refined.filter(({ problem }) => problem.id === entry.problem.id),
    ),
  );
  return {
    groups,
    rollouts,
    verdicts: [...verdicts, ...refined.map(({ refinementVerdict }) => refinementVerdict)],
    critiques: critiqued.map(({ critique }) => critique),
    refined,
    tokensSampled: tokensSampled + critiqueTokens + refinementTokens,
  };
}

async function sampleRollouts(
  run: Run,
  { step, policyVersion }: StepScope,
  problems: readonly Problem[],
  prompts: readonly (readonly number[])[],
): Promise<{ rollouts: Rollout[]; tokensSampled: number }> {
  const { nRollouts } = run.switches;
  const seeds = problems.map((problem) => Array.from({ length: nRollouts }, (_, i) => seedAt(run.config.seed, 'rollout', step, problem.id, i)));
  const total = problems.length * nRollouts * run.config.sampling.maxTokens;
  const result = await sampleCompletions(run, { prompts, seeds, onProgress: (done) => run.observer.onPhase?.(step, 'sample', done, total) });
  const rollouts = problems.flatMap((problem, p) =>
    (result.sequences[p] ?? []).map((sequence, index): Rollout => ({
      id: `${run.id}/${step}/${problem.id}/r${index}`,
      runId: run.id,
      step,
      problemId: problem.id,
      index,
      policyVersion,
      seed: seeds[p]?.[index] as number,
      promptTokens: [...(prompts[p] as readonly number[])],
      tokens: [...sequence.tokens],
      behaviorLogprobs: [...sequence.logprobs],
      completion: run.tokenizer.decode(sequence.tokens, { skipSpecial: true }),
      finish: sequence.finish,
    })),
  );
  return { rollouts, tokensSampled: result.tokensSampled };
}

/** Rollouts with a verdict, then the refinements that joined, then (supervised algorithms) the demonstration; with their credit. */
function formGroup(run: Run, step: number, { problem, promptTokens, attempts }: Attempted, refined: readonly RefinedRollout[]): CollectedGroup {
  const id = `${run.id}/${step}/${problem.id}`;
  const joined = refined.filter((entry) => entry.joined);
  const graded = attempts.filter(({ verdict }) => verdict.status !== 'failed');
  const candidates = [
    ...graded.map(({ rollout, verdict }) => ({
      id: rollout.id,
      origin: 'policy' as const,
      reward: verdict.reward,
      tokens: rollout.tokens,
      behaviorLogprobs: rollout.behaviorLogprobs,
    })),
    ...joined.map(({ refinement, refinementVerdict }) => ({
      id: refinement.id,
      origin: 'refinement' as const,
      reward: refinementVerdict.reward,
      tokens: refinement.tokens,
      behaviorLogprobs: refinement.problemLogprobs,
    })),
    ...(run.algorithm.needs.demonstrations
      ? [{ id: `${id}/d`, origin: 'dataset' as const, reward: 1, tokens: run.demonstrationOf(problem), behaviorLogprobs: null }]
      : []),
  ];
  const credits = run.algorithm.credit(candidates satisfies readonly CreditMember[], run.switches);
  const members = candidates.map((candidate, i) => ({ ...candidate, advantage: credits[i]?.advantage ?? 0, weight: credits[i]?.weight ?? 0 }));
  const areRolloutsRight = graded.map(({ verdict }) => verdict.status === 'right');
  const isRescued = refined.some(({ refinementVerdict }) => refinementVerdict.status === 'right');
  return {
    problem,
    promptTokens,
    members,
    group: {
      id,
      runId: run.id,
      step,
      problemId: problem.id,
      kind: kindOf(areRolloutsRight, isRescued),
      zeroSignal: members.every(({ advantage }) => advantage === 0),
      excluded: attempts.length - graded.length,
      members: members.map(({ id: memberId, origin, reward, advantage, weight }) => ({ id: memberId, origin, reward, advantage, weight })),
    },
  };
}

function kindOf(areRolloutsRight: readonly boolean[], isRescued: boolean): GroupKind {
  if (areRolloutsRight.length > 0 && areRolloutsRight.every(Boolean)) return 'allRight';
  if (areRolloutsRight.some(Boolean)) return 'mixed';
  return isRescued ? 'rescued' : 'allWrong';
}
