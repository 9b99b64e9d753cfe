/** Tokens as they are drawn: in blocks that are colored when they come on screen. */
import type { TokenView } from '../../backend/protocol/views.ts';
import { visibleText } from '../ui/visibleText.ts';

export interface TokenBlock {
  readonly start: number;
  readonly end: number;
  /** The text of the block as drawn, and how many lines it has at least: its height before it is laid out. */
  readonly text: string;
  readonly lines: number;
}

const blockTokens = 256;
const blockLines = 40;

/** Blocks end behind a line's end where one is near, so that no line is torn. */
export function tokenBlocks(tokens: readonly TokenView[]): readonly TokenBlock[] {
  const blocks: TokenBlock[] = [];
  let start = 0;
  let text = '';
  let lines = 0;
  for (const [at, token] of tokens.entries()) {
    text += drawnText(token.text);
    lines += token.text.split('\n').length - 1;
    const size = at + 1 - start;
    const endsLine = token.text.endsWith('\n');
    if ((endsLine && (size >= blockTokens / 2 || lines >= blockLines)) || size >= blockTokens) {
      blocks.push({ start, end: at + 1, text, lines: Math.max(1, lines) });
      [start, text, lines] = [at + 1, '', 0];
    }
  }
  if (start < tokens.length) blocks.push({ start, end: tokens.length, text, lines: lines + 1 });
  return blocks;
}

/** A token's text with its line ends made visible; a token that adds no text (part of a character) is a dot, so that it can be pointed at. */
export function drawnText(text: string): string {
  return text === '' ? '·' : visibleText(text).replaceAll('\n', '↵\n');
}

/** A token in a sentence: quoted, with its line ends and tabs written out. */
export function quotedText(text: string): string {
  return visibleText(JSON.stringify(text));
}

/** The token that a key leads to; null when the key moves nothing. */
export function tokenAfterKey(key: string, at: number | null, count: number): number | null {
  if (count === 0) return null;
  switch (key) {
    case 'ArrowRight':
      return at === null ? 0 : Math.min(at + 1, count - 1);
    case 'ArrowLeft':
      return at === null ? 0 : Math.max(at - 1, 0);
    case 'Home':
      return 0;
    case 'End':
      return count - 1;
    default:
      return null;
  }
}
