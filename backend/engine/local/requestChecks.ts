/** What an engine is asked for must fit its model. */
import { WorkbenchError } from '../../core/errors.ts';
import type { ForwardSequence } from '../contract.ts';

export interface Limits {
  readonly positions: number;
  readonly vocabularySize: number;
}

/** Throws `prompt.length` or `token.outOfVocabulary`. */
export function checkPrompts(prompts: readonly (readonly number[])[], limits: Limits): void {
  prompts.forEach((prompt, i) => {
    if (prompt.length === 0 || prompt.length >= limits.positions) {
      throw new WorkbenchError({
        code: 'prompt.length',
        message: `Prompt ${i} has ${prompt.length} tokens; the model has ${limits.positions} positions for a prompt and its completion.`,
        remedy: 'Shorten the problem, or open the model with more positions.',
      });
    }
    checkTokens(prompt, `prompt ${i}`, limits);
  });
}

/** Throws `sequence.length` or `token.outOfVocabulary`. */
export function checkSequences(sequences: readonly ForwardSequence[], limits: Limits): void {
  sequences.forEach(({ tokens, targets }, i) => {
    if (tokens.length - 1 > limits.positions) {
      throw new WorkbenchError({
        code: 'sequence.length',
        message: `Sequence ${i} has ${tokens.length} tokens; the model has ${limits.positions} positions.`,
        remedy: 'Lower sampling.maxTokens, or open the model with more positions.',
      });
    }
    checkTokens(tokens, `sequence ${i}`, limits);
    targets.forEach((target, k) => {
      if (target < 1 || target >= tokens.length || (k > 0 && target <= (targets[k - 1] as number))) {
        throw new Error(`sequence ${i}: target ${k} is ${target}; targets ascend from 1 to ${tokens.length - 1}`);
      }
    });
  });
}

/** An id outside the vocabulary would read a neighbor's memory or fail deep inside a run. */
function checkTokens(tokens: ArrayLike<number>, where: string, { vocabularySize }: Limits): void {
  for (let i = 0; i < tokens.length; i++) {
    const token = tokens[i] as number;
    if (!Number.isInteger(token) || token < 0 || token >= vocabularySize) {
      throw new WorkbenchError({
        code: 'token.outOfVocabulary',
        message: `Token ${i} of ${where} is ${token}; the model's vocabulary has ${vocabularySize} entries.`,
        remedy: 'Use the tokenizer that belongs to the model.',
      });
    }
  }
}
