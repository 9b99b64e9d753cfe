/** One JSON text as a row, with place and remedy for everything that can be wrong with it. */
import { parse, type ParseError } from 'jsonc-parser';
import { messageOf } from '../core/errors.ts';
import { BrokenRow, shown } from './brokenRow.ts';
import type { Row } from './source.ts';

/** Longest text of one row, in bytes. */
export const maxRowBytes = 16 * 1024 * 1024;

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** Throws `BrokenRow`. */
export function decodeRow(bytes: Uint8Array): string {
  try {
    return utf8.decode(bytes);
  } catch {
    throw new BrokenRow('the row is not valid UTF-8', 'Save the file as UTF-8.');
  }
}

/** Whether a file begins with the byte order mark of UTF-16, which nothing here reads. */
export function isUtf16(head: Uint8Array): boolean {
  return (head[0] === 0xff && head[1] === 0xfe) || (head[0] === 0xfe && head[1] === 0xff);
}

/** Throws `BrokenRow`. */
export function parseObject(text: string): Row {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    const problem = messageOf(error).replace(/ in JSON at position \d+.*$/su, '');
    throw new BrokenRow(
      `not valid JSON: ${problem}`,
      'Correct the JSON; each row must be one complete object.',
      syntaxErrorColumn(text, messageOf(error)),
    );
  }
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Row;
  throw new BrokenRow(`the row is ${shown(value)}, not an object`, 'Write {"prompt": "...", "answer": "..."}.');
}

/** From V8's message if it tells, else from a parser that does. */
function syntaxErrorColumn(text: string, message: string): number | undefined {
  const told = /at position (\d+)/u.exec(message)?.[1];
  if (told !== undefined) return Number(told) + 1;
  if (message.startsWith('Unexpected end')) return text.length + 1;
  const errors: ParseError[] = [];
  try {
    parse(text, errors, { disallowComments: true });
  } catch {
    // It recurses, so very deep nesting can exceed its stack; the line number alone must do.
  }
  return errors[0] === undefined ? undefined : errors[0].offset + 1;
}
