/** The same failed answer under several critics: what each says of it, and how often the policy then gets it right. */
import { messageOf, WorkbenchError } from '../core/errors.ts';
import type { CriticInput } from '../critics/critic.ts';
import { runCritic } from '../critics/runCritic.ts';
import type { CounterfactualEntry } from '../protocol/views.ts';
import { successRate } from '../store/critiqueQueries.ts';
import { findCritic } from './findPlugin.ts';
import { PolicyVoice } from './policyVoice.ts';
import { record } from './recording.ts';
import type { Run } from './run.ts';
import { seedAt } from './seeds.ts';
import { sampleTrials, trialPrompt, type TrialDraft, type TrialRequest } from './trial.ts';

export interface CounterfactualRequest extends Pick<TrialRequest, 'samples' | 'onProgress'> {
  readonly rolloutId: string;
  /** Names of critics; `none` is a plain second attempt. */
  readonly critics: readonly string[];
  /** A text by hand, compared under the name `human`. */
  readonly humanText?: string;
}

/** A text, empty for a plain second attempt; or why there is none. */
type Said = ({ readonly text: string } | { readonly error: string }) & { readonly paid?: CounterfactualEntry['paid'] };

/**
 * One entry a critic, in the order asked for, the text by hand last. All refinements are sampled in one call of the engine and kept as trials;
 * the critiques themselves are not. A critic that has nothing to say of its own is an entry with `error`. What an endpoint takes for it is paid from
 * the run's budget and recorded; without room in that, nothing is asked. Throws `rollout.missing`.
 */
export async function counterfactual(run: Run, request: CounterfactualRequest): Promise<CounterfactualEntry[]> {
  const input = inputOf(run, request.rolloutId);
  const { humanText } = request;
  const names = [...new Set(request.critics.filter((name) => name !== 'human'))];
  const said: { readonly critic: string; readonly said: Said }[] = [];
  for (const critic of names) said.push({ critic, said: await ask(run, critic, input) });
  if (humanText !== undefined && humanText.trim() !== '') said.push({ critic: 'human', said: { text: humanText } });
  else if (request.critics.includes('human')) said.push({ critic: 'human', said: { error: 'No text was given.' } });

  const prompted = said.map(({ critic, said: what }) => ({ critic, paid: what.paid, ...promptFor(run, input, critic, what) }));
  const drafts = prompted.flatMap(({ draft }) => (draft === undefined ? [] : [draft]));
  const finished = await sampleTrials(run, drafts, request.samples, request.onProgress);
  record(run, {
    refinements: finished.flatMap(({ refinements }) => refinements.map(({ refinement }) => refinement)),
    verdicts: finished.flatMap(({ refinements }) => refinements.map(({ verdict }) => verdict)),
    trials: finished.map((trial) => trial.record),
  });
  const trialOf = new Map(finished.map((trial) => [trial.record.critiqueId, trial]));
  return prompted.map(({ critic, text, error, draft, paid }) => {
    const refinements = draft === undefined ? [] : (trialOf.get(draft.critique.id)?.refinements ?? []);
    const success = successRate(refinements.map(({ verdict }) => verdict));
    return { critic, text, error, refinements, success, ...(paid === undefined ? {} : { paid }) };
  });
}

function inputOf(run: Run, rolloutId: string): CriticInput {
  const attempt = run.store.attempt(run.id, rolloutId);
  const problem = attempt === null ? null : run.store.problem(run.id, attempt.rollout.problemId);
  if (attempt === null || problem === null || attempt.verdict === null) {
    throw new WorkbenchError({
      code: 'rollout.missing',
      message: `Run ${run.id} has no graded rollout ${rolloutId}.`,
      remedy: 'Refresh the list and open one that it shows.',
    });
  }
  return { problem, rollout: attempt.rollout, verdict: attempt.verdict };
}

async function ask(run: Run, name: string, input: CriticInput): Promise<Said> {
  if (name === 'none') return { text: '' };
  const notices: string[] = [];
  const notice = (_code: string, message: string): void => void notices.push(message);
  const policy = new PolicyVoice(run, name, notice);
  try {
    const critic = findCritic(name);
    if (critic.needs.solution && input.problem.solution === undefined) {
      return { error: `The critic ${critic.name} compares with a reference solution, and problem ${input.problem.id} has none.` };
    }
    const seeds = [seedAt(run.config.seed, 'trial', input.rollout.id, name)];
    const tools = await run.criticModels.toolsFor(critic, { notice, signal: run.signal, purpose: 'study' });
    const written = await runCritic(critic, [input], { ...tools, generate: policy.generate, seeds });
    if (policy.failure === undefined) {
      const { text = null, call = null } = written.critiques[0] ?? {};
      const paid = critic.needs.model === 'endpoint' && call !== null ? { tokens: call.promptTokens + call.completionTokens, cost: call.cost } : null;
      const said = paid === null ? {} : { paid };
      // What stood in for the model's own words is not what was asked about.
      const told = [...notices, ...written.notices.map(({ message }) => message)][0];
      if (text !== null && (call === null || call.fallback === null)) return { ...said, text };
      return { ...said, error: told ?? call?.error ?? `The critic ${critic.name} has nothing to say.` };
    }
  } catch (error) {
    run.signal.throwIfAborted();
    if (policy.failure === undefined) return { error: messageOf(error) };
  }
  throw policy.failure;
}

function promptFor(
  run: Run,
  { problem, rollout }: CriticInput,
  critic: string,
  said: Said,
): { readonly text: string; readonly error: string | null; readonly draft?: TrialDraft } {
  if ('error' in said) return { text: '', error: said.error };
  const { text } = said;
  try {
    const promptTokens = trialPrompt(run, problem, rollout, text);
    return { text, error: null, draft: { problem, rollout, promptTokens, critique: { id: `${rollout.id}/counterfactual/${critic}`, text } } };
  } catch (error) {
    if (!(error instanceof WorkbenchError)) throw error;
    return { text, error: error.message };
  }
}
