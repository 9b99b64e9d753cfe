/** From failed rollouts to critiques: which rollouts of a step are criticized, and what the critic says about them. */
import type { Generate } from '../critics/critic.ts';
import { runCritic } from '../critics/runCritic.ts';
import { messageOf } from '../core/errors.ts';
import type { Critique, Problem, Rollout, Verdict } from '../protocol/records.ts';
import { critiqueMessages } from '../text/prompts.ts';
import { chooseRolloutsToCritique } from './refinementChoice.ts';
import type { Run } from './run.ts';
import { sampleCompletions } from './sampling.ts';
import { seedAt, streamAt } from './seeds.ts';
import type { StepScope } from './stepScope.ts';

/** A problem of the step with its rollouts. */
export interface Attempted {
  readonly problem: Problem;
  /** The prompt of the problem alone. */
  readonly promptTokens: readonly number[];
  readonly attempts: readonly { readonly rollout: Rollout; readonly verdict: Verdict }[];
}

export interface Critiqued {
  readonly problem: Problem;
  /** Of this step; of an earlier one where the critique is enlisted. */
  readonly rollout: Rollout;
  readonly critique: Critique;
  /** By a person, who told the run to learn from it. */
  readonly isEnlisted: boolean;
}

interface Chosen {
  readonly problem: Problem;
  readonly rollout: Rollout;
  readonly verdict: Verdict;
}

/** The rollouts that got a critique. `tokensSampled` counts what a critic sampled from the policy. */
export async function writeCritiques(
  run: Run,
  scope: StepScope,
  attempted: readonly Attempted[],
): Promise<{ critiqued: Critiqued[]; tokensSampled: number }> {
  const chosen = attempted.flatMap(({ problem, attempts }): Chosen[] => {
    const rng = streamAt(run.config.seed, 'choice', scope.step, problem.id);
    const indices = chooseRolloutsToCritique(
      attempts.map(({ verdict }) => verdict.status),
      run.switches,
      rng,
    );
    return indices.flatMap((i) => (attempts[i] === undefined ? [] : [{ problem, ...attempts[i] }]));
  });
  run.observer.onPhase?.(scope.step, 'critique', 0, chosen.length);
  const { texts, tokensSampled } = await scope.watch.time('critique', () => writeTexts(run, scope, chosen));
  const critiqued = chosen.flatMap(({ problem, rollout }, i): Critiqued[] => {
    const text = texts[i] ?? null;
    return text === null ? [] : [{ problem, rollout, critique: critiqueOf(run, rollout, text), isEnlisted: false }];
  });
  return { critiqued, tokensSampled };
}

async function writeTexts(
  run: Run,
  scope: StepScope,
  chosen: readonly Chosen[],
): Promise<{ texts: readonly (string | null)[]; tokensSampled: number }> {
  const policy = new CriticsPolicy(run, run.critic.name, scope.notice);
  const seeds = chosen.map(({ rollout }) => seedAt(run.config.seed, 'critique', scope.step, rollout.problemId, rollout.index));
  try {
    const { texts, notices } = await runCritic(run.critic, chosen, { generate: policy.generate, seeds });
    for (const { code, message } of notices) scope.notice(code, message);
    if (policy.failure === undefined) return { texts, tokensSampled: policy.tokensSampled };
  } catch (error) {
    run.signal.throwIfAborted();
    // A critic's own deadline may look like an abort of the run.
    scope.notice('critic.failed', `The critic "${run.critic.name}" gave up: ${messageOf(error)}.`);
    if (policy.failure === undefined) return { texts: chosen.map(() => null), tokensSampled: policy.tokensSampled };
  }
  throw policy.failure;
}

/** The policy as a critic may use it. */
export class CriticsPolicy {
  tokensSampled = 0;
  /** What the engine threw: not the critic's failure, and the run's to deal with. */
  failure: Error | undefined;
  private readonly run: Run;
  private readonly critic: string;
  private readonly notice: StepScope['notice'];

  constructor(run: Run, critic: string, notice: StepScope['notice']) {
    this.run = run;
    this.critic = critic;
    this.notice = notice;
  }

  /** A conversation that does not fit the context is answered with nothing. */
  readonly generate: Generate = async (conversations, purpose, seeds) => {
    const { run } = this;
    const prompts = conversations.map((messages) => {
      return run.tokenizer.encodeConversation(purpose === 'critique' ? critiqueMessages(messages, run.config.prompt) : messages, purpose);
    });
    const fitting = prompts.flatMap((prompt, i) => (prompt.length + run.config.sampling.maxTokens <= run.contextLength ? [i] : []));
    if (fitting.length < prompts.length) {
      const message = `${prompts.length - fitting.length} of ${prompts.length} conversations of the critic "${this.critic}" do not fit the context of ${run.contextLength} tokens and got no answer.`;
      this.notice('critique.promptTooLong', message);
    }
    const texts = conversations.map(() => '');
    const request = { prompts: fitting.map((i) => prompts[i] ?? []), seeds: fitting.map((i) => [seeds[i] ?? 0]) };
    try {
      const { sequences, tokensSampled } = await sampleCompletions(run, request);
      this.tokensSampled += tokensSampled;
      fitting.forEach((i, at) => (texts[i] = run.tokenizer.decode(sequences[at]?.[0]?.tokens ?? [], { skipSpecial: true })));
      return texts;
    } catch (error) {
      this.failure ??= error instanceof Error ? error : new Error(messageOf(error));
      throw error;
    }
  };
}

function critiqueOf(run: Run, rollout: Rollout, text: string): Critique {
  const id = `${rollout.id}/critique`;
  return {
    id,
    runId: run.id,
    rolloutId: rollout.id,
    kind: run.critic.kind,
    author: run.critic.name,
    text,
    revision: 1,
    supersedes: null,
    createdAt: Date.now(),
  };
}
