/**
 * One step's data in the order of its way: problems → rollouts → verdicts → critiques → refinements → groups.
 * What fails on the way (a verifier, a critic, a prompt too long) is recorded and left out; it never ends the run.
 */
import type { CreditMember } from '../algorithms/algorithm.ts';
import type { EventBody } from '../protocol/events.ts';
import type { Critique, Group, GroupKind, GroupMember, Problem, Refinement, Rollout, Verdict } from '../protocol/records.ts';
import { critiqueAndRefine, type CritiquedRollout } from './critique.ts';
import { grade } from './grading.ts';
import type { Phase, Run } from './run.ts';
import { seedAt } from './seeds.ts';
import type { Stopwatch } from './stopwatch.ts';

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
  readonly verdicts: readonly Verdict[];
  readonly critiques: readonly Critique[];
  readonly refinements: readonly Refinement[];
  readonly attempts: readonly CritiquedRollout[];
  readonly notices: readonly Extract<EventBody, { type: 'noticeRaised' }>[];
  readonly tokensSampled: number;
}

export async function collectStep(run: Run, step: number, policyVersion: number, problems: readonly Problem[], watch: Stopwatch<Phase>): Promise<Collected> {
  const notices: Extract<EventBody, { type: 'noticeRaised' }>[] = [];
  const notice = (code: string, message: string): void => void notices.push({ type: 'noticeRaised', code, message, step });

  const problemOf = new Map(problems.map((problem) => [problem.id, problem]));
  const prompts = problems.map((problem) => run.promptOf(problem));
  const { rollouts, tokensSampled } = run.algorithm.needs.rollouts
    ? await watch.time('sample', () => sampleRollouts(run, step, policyVersion, problems, prompts))
    : { rollouts: [], tokensSampled: 0 };
  const verdicts = await watch.time('grade', () => grade(run, rollouts.map((answer) => ({ problem: problemOf.get(answer.problemId) as Problem, answer })), notice));
  const byProblem = problems.map((problem, p) => ({
    problem,
    promptTokens: prompts[p] as readonly number[],
    attempts: rollouts.flatMap((rollout, i) => (rollout.problemId === problem.id ? [{ rollout, verdict: verdicts[i] as Verdict }] : [])),
  }));

  const refined = run.algorithm.needs.critiques ? await critiqueAndRefine(run, step, policyVersion, byProblem, watch, notice) : emptyRefined;
  const groups = byProblem.map(({ problem, promptTokens, attempts }) => {
    const joined = refined.attempts.filter((attempt) => attempt.joined && attempt.problem.id === problem.id);
    return formGroup(run, step, problem, promptTokens, attempts, joined);
  });
  return {
    groups,
    rollouts,
    verdicts: [...verdicts, ...refined.verdicts],
    critiques: refined.critiques,
    refinements: refined.refinements,
    attempts: refined.attempts,
    notices,
    tokensSampled: tokensSampled + refined.tokensSampled,
  };
}

const emptyRefined = { attempts: [], verdicts: [], critiques: [], refinements: [], tokensSampled: 0 } as const;

async function sampleRollouts(run: Run, step: number, policyVersion: number, problems: readonly Problem[], prompts: readonly (readonly number[])[]): Promise<{ rollouts: Rollout[]; tokensSampled: number }> {
  const { nRollouts } = run.switches;
  const total = problems.length * nRollouts;
  const seeds = problems.map((problem) => Array.from({ length: nRollouts }, (_, i) => seedAt(run.config.seed, 'rollout', step, problem.id, i)));
  const result = await run.engine.sample(
    { ...run.config.sampling, prompts, seeds, stopTokens: run.tokenizer.stopTokens },
    { signal: run.signal, onProgress: (done) => run.observer.onPhase?.(step, 'sample', done, total * run.config.sampling.maxTokens) },
  );
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
function formGroup(
  run: Run,
  step: number,
  problem: Problem,
  promptTokens: readonly number[],
  attempts: readonly { rollout: Rollout; verdict: Verdict }[],
  joined: readonly CritiquedRollout[],
): CollectedGroup {
  const graded = attempts.filter(({ verdict }) => verdict.status !== 'failed');
  const candidates = [
    ...graded.map(({ rollout, verdict }) => ({ id: rollout.id, origin: 'policy' as const, reward: verdict.reward, tokens: rollout.tokens, behaviorLogprobs: rollout.behaviorLogprobs })),
    ...joined.map(({ refinement, refinementVerdict }) => ({
      id: refinement.id,
      origin: 'refinement' as const,
      reward: refinementVerdict.reward,
      tokens: refinement.tokens,
      behaviorLogprobs: refinement.problemLogprobs,
    })),
    ...(run.algorithm.needs.demonstrations ? [{ id: `${run.id}/${step}/${problem.id}/d`, origin: 'dataset' as const, reward: 1, tokens: run.demonstrationOf(problem), behaviorLogprobs: null }] : []),
  ];
  const credits = run.algorithm.credit(candidates satisfies readonly CreditMember[], run.switches);
  const members = candidates.map((candidate, i) => ({ ...candidate, advantage: credits[i]?.advantage ?? 0, weight: credits[i]?.weight ?? 0 }));
  return {
    problem,
    promptTokens,
    members,
    group: {
      id: `${run.id}/${step}/${problem.id}`,
      runId: run.id,
      step,
      problemId: problem.id,
      kind: kindOf(graded.map(({ verdict }) => verdict.status === 'right'), joined.some(({ refinementVerdict }) => refinementVerdict.status === 'right')),
      zeroSignal: members.every(({ advantage }) => advantage === 0),
      excluded: attempts.length - graded.length,
      members: members.map(({ id, origin, reward, advantage, weight }) => ({ id, origin, reward, advantage, weight })),
    },
  };
}

function kindOf(rolloutsRight: readonly boolean[], isRescued: boolean): GroupKind {
  if (rolloutsRight.length > 0 && rolloutsRight.every(Boolean)) return 'allRight';
  if (rolloutsRight.some(Boolean)) return 'mixed';
  return isRescued ? 'rescued' : 'allWrong';
}
