/** Whether a chat template was made for the tokenizer beside it. */
import type { Tokenizer } from './tokenizer.ts';

/**
 * Marks of turns such as `<|im_start|>` that the template writes and that are not one token each. Some models are trained with marks that
 * are ordinary text; with most, the template is of another model.
 */
export function splitMarks(tokenizer: Pick<Tokenizer, 'applyChatTemplate' | 'encode'>): string[] {
  const text = tokenizer.applyChatTemplate([{ role: 'user', content: 'Hello' }], { addGenerationPrompt: true });
  const marks = new Set(Array.from(text.matchAll(/<\|[^|<>\s]{1,40}\|>/g), ([mark]) => mark));
  return [...marks].filter((mark) => tokenizer.encode(mark).length !== 1);
}

/** What to tell of them: one sentence, or nothing. */
export function splitMarksWarnings(marks: readonly string[]): string[] {
  if (marks.length === 0) return [];
  return [`The chat template writes ${marks.join(', ')}, and the tokenizer has no such special token: the template may be of another model.`];
}
