/** Long texts in blocks: the browser lays out only the blocks on screen, and all of the text can still be searched and selected. */

export interface TextBlock {
  readonly text: string;
  readonly lines: number;
}

const blockLines = 40;
/** A line longer than this is cut: one endless line would be one endless block. */
const blockChars = 4000;

/** Blocks that joined are the text again. */
export function blocksOf(text: string): readonly TextBlock[] {
  const blocks: TextBlock[] = [];
  let start = 0;
  let lines = 0;
  for (let at = 0; at < text.length; at++) {
    const isLineEnd = text[at] === '\n';
    if (isLineEnd) lines++;
    const isFull = lines === blockLines || (at + 1 - start >= blockChars && !isHighSurrogate(text.charCodeAt(at)));
    if (!isFull) continue;
    blocks.push({ text: text.slice(start, at + 1), lines: Math.max(1, lines) });
    start = at + 1;
    lines = 0;
  }
  if (start < text.length) blocks.push({ text: text.slice(start), lines: lines + 1 });
  return blocks;
}

/** The beginning of a text that is shown collapsed: at most so many lines and characters. */
export function beginning(text: string, maxLines: number, maxChars: number): { readonly text: string; readonly isCut: boolean } {
  let end = 0;
  for (let line = 0; line < maxLines && end < text.length; line++) {
    const next = text.indexOf('\n', end);
    end = next === -1 ? text.length : next + 1;
  }
  end = Math.min(end, maxChars);
  if (end > 0 && end < text.length && isHighSurrogate(text.charCodeAt(end - 1))) end--;
  return { text: text.slice(0, end), isCut: end < text.length };
}

function isHighSurrogate(code: number): boolean {
  return code >= 0xd800 && code <= 0xdbff;
}
