/** One answer token by token, with every number known of each. */
import { WorkbenchError } from '../core/errors.ts';
import type { Refinement, Rollout } from '../protocol/records.ts';
import type { RunConfig } from '../protocol/runConfig.ts';
import type { TokenDetail } from '../protocol/views.ts';
import type { Store } from '../store/store.ts';
import { Detokenizer } from '../text/detokenizer.ts';
import { loadTokenizer, type Tokenizer } from '../text/tokenizer.ts';
import { completionSequence } from './batch.ts';
import { resolveModel } from './sources.ts';
import type { Run } from './run.ts';
import { switchesOf } from './switches.ts';

export interface TokenSource {
  readonly store: Store;
  readonly tokenizer: Pick<Tokenizer, 'decode'>;
  /** The open policy, for entropies; without one they are null. */
  readonly run?: Run;
}

export interface TokenRequest {
  readonly runId: string;
  /** Of a rollout or of a refinement. */
  readonly id: string;
  readonly withEntropy: boolean;
}

/**
 * The tokens of a rollout or refinement. Texts come from decoding token by token, so that joined they are the completion with its special
 * tokens: a character of several tokens stands at its last one. Entropies are of the policy of now, given what the answer was sampled from.
 * Throws `rollout.missing`.
 */
export async function tokenDetail({ store, tokenizer, run }: TokenSource, { runId, id, withEntropy }: TokenRequest): Promise<TokenDetail> {
  const { answer, refinement } = findAnswer(store, runId, id);
  const texts = tokenTexts(tokenizer, answer.tokens);
  const entropies = withEntropy && run !== undefined && answer.tokens.length > 0 ? await entropiesOf(run, answer) : null;
  const member = store.membership(runId, answer);
  const config = store.run(runId)?.config;
  return {
    rolloutId: answer.id,
    isRefinement: refinement !== null,
    tokens: answer.tokens.map((_, t) => ({
      text: texts[t] ?? '',
      logprob: answer.behaviorLogprobs[t] ?? Number.NaN,
      problemLogprob: refinement?.problemLogprobs?.[t] ?? null,
      entropy: entropies?.[t] ?? null,
    })),
    advantage: member?.advantage ?? null,
    weight: member?.weight ?? null,
    shapingGamma: refinement === null || config === undefined ? null : switchesOf(config).shapingGamma,
  };
}

/** The tokenizer of a run that is not open. */
export async function tokenizerOf(config: RunConfig, demoFolder: string): Promise<Tokenizer> {
  return loadTokenizer((await resolveModel(config, { demoFolder, part: 'description' })).tokenizerFolder);
}

/** Gives the text that each token adds, as `tokenTexts` does but for what is held back to the end. */
export function liveTokenTexts(tokenizer: Pick<Tokenizer, 'decode'>): (token: number) => string {
  const detokenizer = new Detokenizer(tokenizer, { skipSpecial: false });
  return (token) => detokenizer.push(token);
}

/** The text that each token adds. */
export function tokenTexts(tokenizer: Pick<Tokenizer, 'decode'>, tokens: readonly number[]): string[] {
  const detokenizer = new Detokenizer(tokenizer, { skipSpecial: false });
  const texts = tokens.map((token) => detokenizer.push(token));
  const rest = detokenizer.flush();
  if (rest !== '') texts.push((texts.pop() ?? '') + rest);
  return texts;
}

async function entropiesOf(run: Run, { promptTokens, tokens }: Rollout): Promise<Float32Array | undefined> {
  const { entropies } = await run.engine.forward([completionSequence(promptTokens, tokens)], { signal: run.signal });
  return entropies[0];
}

function findAnswer(store: Store, runId: string, id: string): { readonly answer: Rollout; readonly refinement: Refinement | null } {
  const refinement = store.refinement(runId, id)?.refinement ?? null;
  const answer = refinement ?? store.attempt(runId, id)?.rollout;
  if (answer !== undefined) return { answer, refinement };
  throw new WorkbenchError({
    code: 'rollout.missing',
    message: `Run ${runId} has no rollout or refinement ${id}.`,
    remedy: 'Refresh the list and open one that it shows.',
  });
}
