/** What the policy, once it has read the critique of its answer, thinks of each token of that answer. */
import { completionSequence } from './batch.ts';
import type { Critiqued } from './critique.ts';
import { refinementPrompt } from './refine.ts';
import type { Run } from './run.ts';
import type { StepScope } from './stepScope.ts';

/**
 * log π(token | problem, answer, critique, tokens before) of each criticized rollout, by the rollout's id. The context is the one that a
 * refinement would be sampled from; a rollout whose context finds no room has none, with a notice.
 */
export async function teacherLogprobs(run: Run, scope: StepScope, critiqued: readonly Critiqued[]): Promise<ReadonlyMap<string, Float32Array>> {
  const taught = critiqued.flatMap((entry) => {
    const promptTokens = refinementPrompt(run, scope, entry);
    return promptTokens === null ? [] : [{ id: entry.rollout.id, sequence: completionSequence(promptTokens, entry.rollout.tokens) }];
  });
  if (taught.length === 0) return new Map();
  const { logprobs } = await run.engine.forward(
    taught.map(({ sequence }) => sequence),
    { signal: run.signal },
  );
  return new Map(taught.map(({ id }, i) => [id, logprobs[i] as Float32Array]));
}
