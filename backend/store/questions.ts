/** A problem's question as lists show it. */
import type { Message } from '../protocol/records.ts';

/** Questions in lists are cut to so many characters. */
export const questionLength = 200;

/** The last message of a problem, as stored, on one line. */
export function questionOf(prompt: string | null): string {
  const messages = prompt === null ? [] : (JSON.parse(prompt) as readonly Message[]);
  const text = (messages.at(-1)?.content ?? '').replace(/\s+/g, ' ').trim();
  return text.length > questionLength ? `${text.slice(0, questionLength - 1)}…` : text;
}
