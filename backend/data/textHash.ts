/** A stable number for a text, to draw by what a problem says rather than by where it stands. */
import { createHash } from 'node:crypto';
import type { Problem } from '../protocol/records.ts';

/** 48 bits of SHA-256. */
export function textHash(text: string): number {
  return createHash('sha256').update(text).digest().readUIntBE(0, 6);
}

/** What is asked, as one text: equal exactly for problems with the same messages. */
export function questionOf({ prompt }: Pick<Problem, 'prompt'>): string {
  return JSON.stringify(prompt.map(({ role, content }) => [role, content]));
}
