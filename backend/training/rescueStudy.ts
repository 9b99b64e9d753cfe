/**
 * What each kind of critique rescues of the problems that a policy fails every time (arXiv 2506.03106, appendix E): problems with pass@k = 0, their
 * wrong answers criticized by every critic in turn, one refinement of each. Nothing is trained on, and nothing recorded but what was paid for.
 */
import { WorkbenchError } from '../core/errors.ts';
import { Rng } from '../core/rng.ts';
import type { CriticInput } from '../critics/critic.ts';
import { runCritic } from '../critics/runCritic.ts';
import type { RescueOfCritic } from '../protocol/experimentViews.ts';
import type { Problem, Refinement, Rollout } from '../protocol/records.ts';
import { findCritic } from './findPlugin.ts';
import { grade } from './grading.ts';
import { PolicyVoice } from './policyVoice.ts';
import { refinementOf } from './refine.ts';
import type { Run } from './run.ts';
import { sampleCompletions } from './sampling.ts';
import { seedAt } from './seeds.ts';

export interface FailureRequest {
  /** Answers a problem (the paper: 4). */
  readonly attempts: number;
  /** At most so many training problems, drawn with the run's seed; all if null. */
  readonly limit: number | null;
  /** Problems asked so far, of all. */
  readonly onProgress?: (done: number, total: number) => void;
}

export interface PersistentlyFailed {
  /** Training problems that were asked. */
  readonly problems: number;
  /** The wrong answers of those without a right one. */
  readonly wrong: readonly CriticInput[];
}

/** Sequences that are asked for together. */
const sequencesAtOnce = 64;

/** A problem of which no answer has a verdict is not counted as failed. */
export async function findPersistentFailures(run: Run, { attempts, limit, onProgress }: FailureRequest): Promise<PersistentlyFailed> {
  const all = run.trainProblems;
  const chosen = limit === null || limit >= all.length ? all : drawn(all, limit, run.config.seed);
  const size = Math.max(1, Math.floor(sequencesAtOnce / attempts));
  const wrong: CriticInput[] = [];
  for (let at = 0; at < chosen.length; at += size) {
    run.signal.throwIfAborted();
    const graded = await attempt(run, chosen.slice(at, at + size), attempts);
    for (const tries of graded) {
      if (!tries.some(({ verdict }) => verdict.status === 'right')) wrong.push(...tries.filter(({ verdict }) => verdict.status === 'wrong'));
    }
    onProgress?.(Math.min(at + size, chosen.length), chosen.length);
  }
  return { problems: chosen.length, wrong };
}

/**
 * Critiques of all the wrong answers by one critic, and a refinement of each valid one. Throws `critic.unknown`, `critic.budgetUsedUp` where the run's
 * budget has no room for all of them (counts of a part would not compare), or what ends the run.
 */
export async function rescueBy(run: Run, criticName: string, wrong: readonly CriticInput[]): Promise<RescueOfCritic> {
  const critic = findCritic(criticName);
  let [valid, refined, right, criticTokens] = [0, 0, 0, 0];
  const rescued = new Set<string>();
  for (let at = 0; at < wrong.length; at += sequencesAtOnce) {
    run.signal.throwIfAborted();
    const part = wrong.slice(at, at + sequencesAtOnce).filter(({ problem }) => !critic.needs.solution || problem.solution !== undefined);
    const critiques = await criticize(run, criticName, part);
    const usable = part.flatMap((input, i) => {
      const { text = null, call = null } = critiques[i] ?? {};
      criticTokens += call?.completionTokens ?? 0;
      return text === null || (call !== null && call.fallback !== null) ? [] : [{ ...input, text }];
    });
    valid += usable.length;
    const outcome = await refineEach(run, critic.name, usable);
    refined += outcome.refined;
    right += outcome.right.length;
    for (const { problem } of outcome.right) rescued.add(problem.id);
  }
  return {
    critic: critic.name,
    wrong: wrong.length,
    valid,
    refined,
    right,
    questions: new Set(wrong.map(({ problem }) => problem.id)).size,
    rescued: rescued.size,
    criticTokens,
  };
}

function drawn(problems: readonly Problem[], limit: number, seed: number): readonly Problem[] {
  const chosen = new Set(Rng.of(seed, 'rescueLimit').sample([...problems.keys()], limit));
  return problems.filter((_, i) => chosen.has(i));
}

async function attempt(run: Run, problems: readonly Problem[], attempts: number): Promise<CriticInput[][]> {
  const { policyVersion } = await run.engine.describe();
  const prompts = problems.map((problem) => run.promptOf(problem));
  const seeds = problems.map(({ id }) => Array.from({ length: attempts }, (_, i) => seedAt(run.config.seed, 'failures', id, i)));
  const { sequences } = await sampleCompletions(run, { prompts, seeds });
  const rollouts = problems.flatMap((problem, p) =>
    (sequences[p] ?? []).map(({ tokens, logprobs, finish }, index): { problem: Problem; answer: Rollout } => ({
      problem,
      answer: {
        ...{ id: `rescue/${problem.id}/${index}`, runId: run.id, step: run.config.training.steps, problemId: problem.id, index, policyVersion },
        seed: seeds[p]?.[index] as number,
        promptTokens: [...(prompts[p] as readonly number[])],
        tokens: [...tokens],
        behaviorLogprobs: [...logprobs],
        completion: run.tokenizer.decode(tokens, { skipSpecial: true }),
        finish,
      },
    })),
  );
  const verdicts = await grade(run, rollouts, () => undefined);
  const inputs = rollouts.flatMap(({ problem, answer }, i) =>
    verdicts[i] === undefined ? [] : [{ problem, rollout: answer, verdict: verdicts[i] }],
  );
  return problems.map((problem) => inputs.filter((input) => input.problem === problem));
}

async function criticize(run: Run, criticName: string, inputs: readonly CriticInput[]) {
  const critic = findCritic(criticName);
  let refusal: string | undefined;
  const notice = (code: string, message: string): void => {
    if (code === 'critic.budgetUsedUp') refusal = message;
  };
  const voice = new PolicyVoice(run, criticName, notice);
  const seeds = inputs.map(({ rollout }) => seedAt(run.config.seed, 'trial', rollout.id, criticName));
  const tools = await run.criticModels.toolsFor(critic, { notice, signal: run.signal, purpose: 'study' });
  const { critiques } = await runCritic(critic, inputs, { ...tools, generate: voice.generate, seeds });
  if (voice.failure !== undefined) throw voice.failure;
  if (refusal === undefined) return critiques;
  throw new WorkbenchError({
    code: 'critic.budgetUsedUp',
    message: refusal,
    remedy: 'Leave that critic out of the study, or give a run a budget for both; answers that were paid for are kept and not asked for again.',
  });
}

async function refineEach(run: Run, criticName: string, usable: readonly (CriticInput & { readonly text: string })[]) {
  const { policyVersion } = await run.engine.describe();
  const prompted = usable.flatMap(({ problem, rollout, text }) => {
    const promptTokens = run.refinementPromptOf(problem, rollout, text);
    return promptTokens === null ? [] : [{ problem, rollout, promptTokens }];
  });
  const seeds = prompted.map(({ rollout }) => seedAt(run.config.seed, 'trial', rollout.id, criticName, 'refinement'));
  const { sequences } = await sampleCompletions(run, {
    prompts: prompted.map(({ promptTokens }) => promptTokens),
    seeds: seeds.map((seed) => [seed]),
  });
  const answers = prompted.flatMap(({ problem, rollout, promptTokens }, i): { problem: Problem; answer: Refinement }[] => {
    const sequence = sequences[i]?.[0];
    if (sequence === undefined) return [];
    const place = { id: `${rollout.id}/${criticName}`, step: rollout.step, index: rollout.index, policyVersion, seed: seeds[i] as number };
    return [{ problem, answer: refinementOf(run, sequence, { ...place, promptTokens, critique: { id: place.id }, rollout }) }];
  });
  const verdicts = await grade(run, answers, () => undefined);
  return { refined: answers.length, right: answers.filter((_, i) => verdicts[i]?.status === 'right') };
}
