/** From critiques to refinements: what the policy makes of each critique, and which refinements join their group. */
import { messageOf, WorkbenchError } from '../core/errors.ts';
import type { SampledSequence } from '../engine/contract.ts';
import type { Critique, Refinement, Rollout, Verdict } from '../protocol/records.ts';
import { enlistedRefinementId } from '../store/enlistments.ts';
import { completionSequence } from './batch.ts';
import type { Attempted, Critiqued } from './critique.ts';
import { grade } from './grading.ts';
import { chooseRefinements } from './refinementChoice.ts';
import type { Run } from './run.ts';
import { sampleCompletions } from './sampling.ts';
import { seedAt, streamAt } from './seeds.ts';
import type { StepScope } from './stepScope.ts';

/** A failed rollout, its critique, and what became of it. */
export interface RefinedRollout extends Critiqued {
  readonly refinement: Refinement;
  readonly refinementVerdict: Verdict;
  /** Whether it became a member of its group. */
  readonly joined: boolean;
}

type Prompted = Critiqued & { readonly promptTokens: readonly number[] };

export async function refine(
  run: Run,
  scope: StepScope,
  attempted: readonly Attempted[],
  critiqued: readonly Critiqued[],
): Promise<{ refined: RefinedRollout[]; tokensSampled: number }> {
  const prompted = critiqued.flatMap((entry): Prompted[] => {
    const promptTokens = refinementPrompt(run, scope, entry);
    return promptTokens === null ? [] : [{ ...entry, promptTokens }];
  });
  const { refinements, tokensSampled } = await scope.watch.time('refine', () => sampleRefinements(run, scope, prompted));
  const answers = prompted.map(({ problem }, i) => ({ problem, answer: refinements[i] as Refinement }));
  const verdicts = await scope.watch.time('grade', () => grade(run, answers, scope.notice));

  const candidates = prompted.map(({ problem, isEnlisted }, i) => {
    return { problem, isEnlisted, refinement: refinements[i] as Refinement, verdict: verdicts[i] as Verdict };
  });
  const joined = new Set(
    attempted.flatMap(({ problem }) => {
      const own = candidates.filter((candidate) => candidate.problem.id === problem.id);
      const judged = own.map(({ refinement, verdict, isEnlisted }) => ({ status: verdict.status, finish: refinement.finish, isEnlisted }));
      const chosen = chooseRefinements(judged, run.switches, streamAt(run.config.seed, 'selection', scope.step, problem.id));
      return chosen.flatMap((i) => own[i]?.refinement.id ?? []);
    }),
  );
  const withLogprobs = await scope.watch.time('forward', () => addProblemLogprobs(run, refinements, joined, attempted));
  return {
    refined: prompted.map(({ problem, rollout, critique, isEnlisted }, i) => {
      const refinement = withLogprobs[i] as Refinement;
      return { problem, rollout, critique, isEnlisted, refinement, refinementVerdict: verdicts[i] as Verdict, joined: joined.has(refinement.id) };
    }),
    tokensSampled,
  };
}

/** What a refinement is sampled from. Null, with a notice, where the tokenizer refuses the text or the context has no room. */
export function refinementPrompt(run: Run, scope: StepScope, { problem, rollout, critique }: Critiqued): readonly number[] | null {
  let promptTokens: readonly number[] | null;
  try {
    promptTokens = run.refinementPromptOf(problem, rollout, critique.text);
  } catch (error) {
    if (!(error instanceof WorkbenchError)) throw error;
    scope.notice('refinement.noPrompt', `The rollout ${rollout.id} is kept without a refinement: ${messageOf(error)}`);
    return null;
  }
  if (promptTokens === null) {
    const message = `The refinement prompt of ${rollout.id} does not fit the context of ${run.contextLength} tokens; the rollout is kept without a refinement.`;
    scope.notice('refinement.promptTooLong', message);
  }
  return promptTokens;
}

async function sampleRefinements(
  run: Run,
  { step, policyVersion }: StepScope,
  prompted: readonly Prompted[],
): Promise<{ refinements: Refinement[]; tokensSampled: number }> {
  const seeds = prompted.map(({ rollout, critique, isEnlisted }) =>
    seedAt(run.config.seed, 'refinement', step, rollout.problemId, isEnlisted ? critique.id : rollout.index),
  );
  const { sequences, tokensSampled } = await sampleCompletions(run, {
    prompts: prompted.map(({ promptTokens }) => promptTokens),
    seeds: seeds.map((seed) => [seed]),
    onProgress: (done) => run.observer.onPhase?.(step, 'refine', done, prompted.length * run.config.sampling.maxTokens),
  });
  const refinements = prompted.map(({ rollout, critique, promptTokens, isEnlisted }, i): Refinement => {
    const sequence = sequences[i]?.[0];
    if (sequence === undefined) throw new Error(`the engine returned no refinement of ${rollout.id}`);
    const id = isEnlisted ? enlistedRefinementId(critique.id, step) : `${rollout.id}/refinement`;
    return refinementOf(run, sequence, { id, step, index: rollout.index, policyVersion, seed: seeds[i] as number, promptTokens, critique, rollout });
  });
  return { refinements, tokensSampled };
}

/** What a sampled sequence becomes once it answers a critique. */
export function refinementOf(
  run: Run,
  { tokens, logprobs, finish }: SampledSequence,
  {
    critique,
    rollout,
    promptTokens,
    ...place
  }: Pick<Refinement, 'id' | 'step' | 'index' | 'policyVersion' | 'seed'> & {
    readonly promptTokens: readonly number[];
    readonly critique: Pick<Critique, 'id'>;
    readonly rollout: Pick<Rollout, 'id' | 'problemId'>;
  },
): Refinement {
  return {
    ...place,
    runId: run.id,
    problemId: rollout.problemId,
    promptTokens: [...promptTokens],
    tokens: [...tokens],
    behaviorLogprobs: [...logprobs],
    completion: run.tokenizer.decode(tokens, { skipSpecial: true }),
    finish,
    critiqueId: critique.id,
    rolloutId: rollout.id,
    problemLogprobs: null,
  };
}

/** log π(token | problem alone) of the refinements that joined: what they are trained from, and one side of the condition gap. */
async function addProblemLogprobs(
  run: Run,
  refinements: readonly Refinement[],
  joined: ReadonlySet<string>,
  attempted: readonly Attempted[],
): Promise<Refinement[]> {
  const promptOf = new Map(attempted.map(({ problem, promptTokens }) => [problem.id, promptTokens]));
  const wanted = refinements.filter(({ id }) => joined.has(id));
  if (wanted.length === 0) return [...refinements];
  const sequences = wanted.map(({ problemId, tokens }) => completionSequence(promptOf.get(problemId) as readonly number[], tokens));
  const { logprobs } = await run.engine.forward(sequences, { signal: run.signal });
  const byId = new Map(wanted.map(({ id }, i) => [id, [...(logprobs[i] as Float32Array)]]));
  return refinements.map((refinement) => ({ ...refinement, problemLogprobs: byId.get(refinement.id) ?? null }));
}
