/** Makes room for a refinement: shortens an over-long failed answer, never the question and never the critique. */
import type { Problem } from '../protocol/records.ts';
import { refinementMessages, type PromptConfig } from './prompts.ts';
import type { Tokenizer } from './tokenizer.ts';

export interface RefinementPrompt {
  readonly tokens: readonly number[];
  /** Tokens cut from the middle of the failed answer; 0 when it is whole. */
  readonly truncatedTokens: number;
}

export interface RefinementPromptRequest {
  readonly problem: Pick<Problem, 'prompt'>;
  readonly completion: string;
  readonly critiqueText: string;
  readonly config: PromptConfig;
  /** Room for the prompt: the model's positions less the longest refinement. */
  readonly maxPromptTokens: number;
}

/** Stands where the middle was cut. Plain characters, which every tokenizer has. */
const gap = ' ... ';

/**
 * The tokens of a refinement prompt of at most `maxPromptTokens`. The beginning and the end of an answer say most about it (set-up and
 * result), so the middle goes first. Null when question and critique alone leave no room: that rollout is not refined, and counted.
 */
export function fitRefinementPrompt(
  tokenizer: Pick<Tokenizer, 'encodeConversation' | 'encodeText' | 'decode'>,
  request: RefinementPromptRequest,
): RefinementPrompt | null {
  const { problem, completion, critiqueText, config, maxPromptTokens } = request;
  const promptWith = (answer: string): number[] => tokenizer.encodeConversation(refinementMessages(problem, answer, critiqueText, config), 'answer');

  const whole = promptWith(completion);
  if (whole.length <= maxPromptTokens) return { tokens: whole, truncatedTokens: 0 };

  const answerTokens = tokenizer.encodeText(completion);
  const promptKeeping = (kept: number): number[] => promptWith(withoutMiddle(tokenizer, answerTokens, kept));
  let best = promptKeeping(0);
  if (best.length > maxPromptTokens) return null;

  // Re-encoding a cut text may give a few tokens more or less than counted, so each candidate is measured, not computed.
  let low = 0;
  let high = answerTokens.length - 1;
  while (low < high) {
    const kept = Math.ceil((low + high) / 2);
    const candidate = promptKeeping(kept);
    if (candidate.length <= maxPromptTokens) {
      best = candidate;
      low = kept;
    } else high = kept - 1;
  }
  return { tokens: best, truncatedTokens: answerTokens.length - low };
}

function withoutMiddle(tokenizer: Pick<Tokenizer, 'decode'>, tokens: readonly number[], kept: number): string {
  const head = Math.ceil(kept / 2);
  const tail = kept - head;
  const first = tokenizer.decode(tokens.slice(0, head)).replace(/\uFFFD{1,3}$/u, '');
  const last = tokenizer.decode(tokens.slice(tokens.length - tail)).replace(/^\uFFFD{1,3}/u, '');
  return first + gap + last;
}
