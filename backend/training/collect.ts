/**
 * One step's data in the order of its way: problems → rollouts → verdicts → critiques → refinements → groups.
 * What fails on the way (a verifier, a critic, a prompt too long) is recorded and left out; it never ends the run.
 */
import type { Critique, CritiqueCall, Problem, Rollout, Verdict } from '../protocol/records.ts';
import { writeCritiques, type Attempted, type Critiqued } from './critique.ts';
import { critiqueTargets } from './critiqueTargets.ts';
import { demonstrationId, formGroup, groupIdOf, recordedDemonstration, type CollectedGroup } from './formGroup.ts';
import { grade } from './grading.ts';
import { refine, type RefinedRollout } from './refine.ts';
import type { Run } from './run.ts';
import { sampleCompletions } from './sampling.ts';
import { seedAt } from './seeds.ts';
import type { StepScope } from './stepScope.ts';
import { teacherLogprobs } from './teacher.ts';

export interface Collected {
  readonly groups: readonly CollectedGroup[];
  readonly rollouts: readonly Rollout[];
  /** Of rollouts and of refinements. */
  readonly verdicts: readonly Verdict[];
  /** All that were written in the step; those whose prompt found no room have no entry in `refined`. */
  readonly critiques: readonly Critique[];
  /** How critiques by a model came about. */
  readonly critiqueCalls: readonly CritiqueCall[];
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

  const { needs } = run.algorithm;
  const {
    critiqued,
    calls,
    tokensSampled: critiqueTokens,
  } = needs.critiques ? await writeCritiques(run, scope, attempted) : { critiqued: [], calls: [], tokensSampled: 0 };
  const { refined, tokensSampled: refinementTokens } = needs.refinements
    ? await refine(run, scope, attempted, [...critiqued, ...enlisted])
    : { refined: [], tokensSampled: 0 };
  const teachers = needs.teacher ? await scope.watch.time('forward', () => teacherLogprobs(run, scope, critiqued)) : new Map<string, Float32Array>();
  const targets = needs.critiqueTargets ? critiqueTargets(run, scope, critiqued) : [];
  const demonstrationVerdicts = await gradeDemonstrations(run, scope, problems);
  const groups = attempted.map((entry, p) => {
    const isOwn = ({ problem }: Critiqued): boolean => problem.id === entry.problem.id;
    return formGroup(run, scope.step, {
      ...entry,
      refined: refined.filter(isOwn),
      critiqueTargets: targets.filter(isOwn),
      teacherLogprobs: teachers,
      demonstrationVerdict: demonstrationVerdicts[p],
    });
  });
  return {
    groups,
    rollouts,
    verdicts: [...verdicts, ...refined.map(({ refinementVerdict }) => refinementVerdict)],
    critiques: critiqued.map(({ critique }) => critique),
    critiqueCalls: calls,
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

/**
 * Where demonstrations are compared with rollouts, they are judged alike; where nothing is compared, their reward does not matter. A step that is
 * made again has its verdicts from the record, as `grade` takes those on answers.
 */
async function gradeDemonstrations(run: Run, scope: StepScope, problems: readonly Problem[]): Promise<readonly Verdict[]> {
  const { needs } = run.algorithm;
  if (!needs.demonstrations || !needs.rollouts) return [];
  const entries = problems.map((problem) => ({ problem, groupId: groupIdOf(run.id, scope.step, problem.id) }));
  const recorded = new Map(
    entries.flatMap(({ groupId }) => {
      const group = run.verifier.isBounded === true ? null : run.store.group(run.id, groupId);
      return group === null ? [] : [[groupId, recordedDemonstration(group.group)] as const];
    }),
  );
  const fresh = entries.filter(({ groupId }) => !recorded.has(groupId));
  const answers = fresh.map(({ problem, groupId }) => {
    return { problem, answer: { id: demonstrationId(groupId), completion: problem.demonstration ?? '', finish: 'stop' as const } };
  });
  const verdicts = await scope.watch.time('grade', () => grade(run, answers, scope.notice));
  fresh.forEach(({ groupId }, i) => recorded.set(groupId, verdicts[i] as Verdict));
  return entries.map(({ groupId }) => recorded.get(groupId) as Verdict);
}
