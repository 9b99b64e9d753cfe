/** The elements of a JSON array of any length, one text at a time, found by their commas and brackets alone. */

export interface ElementText {
  /** Line of the file where it begins, counted from 1. */
  readonly line: number;
  /** Null when the element is longer than the limit; its bytes were skipped. */
  readonly bytes: Buffer | null;
}

/** What stands around the elements is not as in an array. */
export class NotAnArray extends Error {
  readonly line: number;

  constructor(problem: string, line: number) {
    super(problem);
    this.name = 'NotAnArray';
    this.line = line;
  }
}

const [quote, backslash, comma, lineFeed] = [0x22, 0x5c, 0x2c, 0x0a];
const [openBracket, closeBracket, openBrace, closeBrace] = [0x5b, 0x5d, 0x7b, 0x7d];
const isSpace = (byte: number): boolean => byte === 0x20 || byte === 0x09 || byte === lineFeed || byte === 0x0d;

/** `element`: inside of one, at `depth` brackets below it. `between`: after a comma or the opening bracket. */
type Place = 'before' | 'between' | 'element' | 'after';

/** Throws `NotAnArray` where there is no array, or where it ends too early or goes on after its end. */
export async function* readElements(chunks: AsyncIterable<Buffer>, maxElementBytes: number): AsyncGenerator<ElementText> {
  let line = 1;
  let place = 'before' as Place;
  let depth = 0;
  let isText = false;
  let isEscaped = false;
  let startLine = 1;
  let parts: Buffer[] = [];
  let length = 0;
  let isFirst = true;
  let offset = 0;
  const finish = (): ElementText => ({ line: startLine, bytes: length > maxElementBytes ? null : Buffer.concat(parts) });

  for await (const chunk of chunks) {
    let from = 0;
    const take = (end: number): void => {
      length += end - from;
      if (length <= maxElementBytes) parts.push(chunk.subarray(from, end));
      else parts = [];
    };
    for (let at = 0; at < chunk.length; at++, offset++) {
      const byte = chunk[at] as number;
      if (byte === lineFeed) line++;
      if (place === 'element') {
        if (isText) {
          if (isEscaped) isEscaped = false;
          else if (byte === backslash) isEscaped = true;
          else if (byte === quote) isText = false;
        } else if (byte === quote) isText = true;
        else if (byte === openBracket || byte === openBrace) depth++;
        else if (depth > 0 && (byte === closeBracket || byte === closeBrace)) depth--;
        else if (depth === 0 && (byte === comma || byte === closeBracket)) {
          take(at);
          yield finish();
          place = byte === comma ? 'between' : 'after';
        }
        continue;
      }
      if (isSpace(byte)) continue;
      if (place === 'before') {
        if (offset < 3 && byte === [0xef, 0xbb, 0xbf][offset]) continue;
        if (byte !== openBracket) throw new NotAnArray('it does not begin with "["', line);
        place = 'between';
      } else if (place === 'after') {
        throw new NotAnArray('something follows its closing "]"', line);
      } else if (byte === closeBracket && isFirst) {
        place = 'after';
      } else {
        isFirst = false;
        place = 'element';
        startLine = line;
        parts = [];
        length = 0;
        depth = 0;
        isText = false;
        isEscaped = false;
        from = at;
        // The first byte is an element's as well: look at it again.
        at--;
        offset--;
        if (byte === lineFeed) line--;
      }
    }
    if (place === 'element') take(chunk.length);
  }
  if (place === 'before') return;
  if (place !== 'after') throw new NotAnArray('it ends before its closing "]"', line);
}
