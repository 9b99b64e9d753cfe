/** From failed rollouts to refinements: which are criticized, by whom, what the policy makes of it, and which refinements join their group. */
import { runCritic } from '../critics/runCritic.ts';
import type { Critique, Message, Problem, Refinement, Rollout, Verdict } from '../protocol/records.ts';
import { critiqueMessages } from '../text/prompts.ts';
import { completionSequence } from './batch.ts';
import { grade } from './grading.ts';
import { chooseRefinements, chooseRolloutsToCritique } from './refinementChoice.ts';
import type { Phase, Run } from './run.ts';
import { seedAt, streamAt } from './seeds.ts';
import type { Stopwatch } from './stopwatch.ts';

/** A failed rollout, its critique, and what became of it. */
export interface CritiquedRollout {
  readonly problem: Problem;
  readonly rollout: Rollout;
  readonly critique: Critique;
  readonly refinement: Refinement;
  readonly refinementVerdict: Verdict;
  /** Whether it became a member of its group. */
  readonly joined: boolean;
}

export interface Attempted {
  readonly problem: Problem;
  readonly promptTokens: readonly number[];
  readonly attempts: readonly { readonly rollout: Rollout; readonly verdict: Verdict }[];
}

export interface Refined {
  readonly attempts: readonly CritiquedRollout[];
  readonly verdicts: readonly Verdict[];
  readonly critiques: readonly Critique[];
  readonly refinements: readonly Refinement[];
  readonly tokensSampled: number;
}

type Notice = (code: string, message: string) => void;

export async function critiqueAndRefine(run: Run, step: number, policyVersion: number, attempted: readonly Attempted[], watch: Stopwatch<Phase>, notice: Notice): Promise<Refined> {
  const chosen = attempted.flatMap(({ problem, attempts }) =>
    chooseRolloutsToCritique(attempts.map(({ verdict }) => verdict.status), run.switches, streamAt(run.config.seed, 'choice', step, problem.id)).flatMap((i) => {
      const attempt = attempts[i];
      return attempt === undefined ? [] : [{ problem, ...attempt }];
    }),
  );
  run.observer.onPhase?.(step, 'critique', 0, chosen.length);
  const texts = await watch.time('critique', () => writeTexts(run, step, chosen, notice));
  const critiqued = chosen.flatMap((input, i) => {
    const text = texts[i];
    return text === null || text === undefined ? [] : [{ ...input, critique: critiqueOf(run, input.rollout, text) }];
  });

  const prompts = critiqued.map(({ problem, rollout, critique }) => run.refinementPromptOf(problem, rollout, critique.text));
  const fitting = critiqued.flatMap((entry, i) => {
    const promptTokens = prompts[i] ?? null;
    if (promptTokens === null) notice('refinement.promptTooLong', `The refinement prompt of ${entry.rollout.id} does not fit the context of ${run.contextLength} tokens; the rollout is kept without a refinement.`);
    return promptTokens === null ? [] : [{ ...entry, promptTokens }];
  });
  const seeds = fitting.map(({ rollout }) => seedAt(run.config.seed, 'refinement', step, rollout.problemId, rollout.index));
  const sampled = await watch.time('refine', () =>
    run.engine.sample(
      { ...run.config.sampling, prompts: fitting.map(({ promptTokens }) => promptTokens), seeds: seeds.map((seed) => [seed]), stopTokens: run.tokenizer.stopTokens },
      { signal: run.signal, onProgress: (done) => run.observer.onPhase?.(step, 'refine', done, undefined) },
    ),
  );
  const refinements = fitting.map(({ rollout, critique, promptTokens }, i): Refinement => {
    const sequence = sampled.sequences[i]?.[0];
    if (sequence === undefined) throw new Error(`the engine returned no refinement of ${rollout.id}`);
    return {
      id: `${rollout.id}/refinement`,
      runId: run.id,
      step,
      problemId: rollout.problemId,
      index: rollout.index,
      policyVersion,
      seed: seeds[i] as number,
      promptTokens: [...promptTokens],
      tokens: [...sequence.tokens],
      behaviorLogprobs: [...sequence.logprobs],
      completion: run.tokenizer.decode(sequence.tokens, { skipSpecial: true }),
      finish: sequence.finish,
      critiqueId: critique.id,
      rolloutId: rollout.id,
      problemLogprobs: null,
    };
  });
  const verdicts = await watch.time('grade', () => grade(run, fitting.map(({ problem }, i) => ({ problem, answer: refinements[i] as Refinement })), notice));

  const joined = new Set(
    attempted.flatMap(({ problem }) => {
      const own = refinements.map((refinement, i) => ({ refinement, verdict: verdicts[i] as Verdict })).filter(({ refinement }) => refinement.problemId === problem.id);
      const candidates = own.map(({ refinement, verdict }) => ({ status: verdict.status, finish: refinement.finish }));
      return chooseRefinements(candidates, run.switches, streamAt(run.config.seed, 'selection', step, problem.id)).map((i) => own[i]?.refinement.id);
    }),
  );
  const promptTokensOf = new Map(attempted.map(({ problem, promptTokens }) => [problem.id, promptTokens]));
  const withLogprobs = await watch.time('forward', () => addProblemLogprobs(run, refinements, joined, promptTokensOf));
  return {
    attempts: fitting.map(({ problem, rollout, critique }, i) => {
      const refinement = withLogprobs[i] as Refinement;
      return { problem, rollout, critique, refinement, refinementVerdict: verdicts[i] as Verdict, joined: joined.has(refinement.id) };
    }),
    verdicts,
    critiques: critiqued.map(({ critique }) => critique),
    refinements: withLogprobs,
    tokensSampled: sampled.tokensSampled,
  };
}

async function writeTexts(run: Run, step: number, chosen: readonly { problem: Problem; rollout: Rollout; verdict: Verdict }[], notice: Notice): Promise<readonly (string | null)[]> {
  if (chosen.length === 0) return [];
  const generate = async (conversations: readonly (readonly Message[])[], purpose: 'critique' | 'answer', seeds: readonly number[]): Promise<string[]> => {
    const prompts = conversations.map((messages) => run.tokenizer.encodeConversation(purpose === 'critique' ? critiqueMessages(messages, run.config.prompt) : messages, purpose));
    const { sequences } = await run.engine.sample({ ...run.config.sampling, prompts, seeds: seeds.map((seed) => [seed]), stopTokens: run.tokenizer.stopTokens }, { signal: run.signal });
    return sequences.map(([sequence]) => (sequence === undefined ? '' : run.tokenizer.decode(sequence.tokens, { skipSpecial: true })));
  };
  const { texts, notices } = await runCritic(run.critic, chosen, {
    generate,
    seeds: chosen.map(({ rollout }) => seedAt(run.config.seed, 'critique', step, rollout.problemId, rollout.index)),
  });
  for (const { code, message } of notices) notice(code, message);
  return texts;
}

function critiqueOf(run: Run, rollout: Rollout, text: string): Critique {
  const id = `${rollout.id}/critique`;
  return { id, runId: run.id, rolloutId: rollout.id, kind: run.critic.kind, author: run.critic.name, text, revision: 1, supersedes: null, createdAt: Date.now() };
}

/** log π(token | problem alone) of the refinements that joined: what they are trained from, and one side of the condition gap. */
async function addProblemLogprobs(run: Run, refinements: readonly Refinement[], joined: ReadonlySet<string | undefined>, promptTokensOf: ReadonlyMap<string, readonly number[]>): Promise<Refinement[]> {
  const wanted = refinements.filter(({ id }) => joined.has(id));
  if (wanted.length === 0) return [...refinements];
  const { logprobs } = await run.engine.forward(
    wanted.map((refinement) => completionSequence(promptTokensOf.get(refinement.problemId) as readonly number[], refinement.tokens)),
    { signal: run.signal },
  );
  const byId = new Map(wanted.map(({ id }, i) => [id, [...(logprobs[i] as Float32Array)]]));
  return refinements.map((refinement) => ({ ...refinement, problemLogprobs: byId.get(refinement.id) ?? null }));
}
