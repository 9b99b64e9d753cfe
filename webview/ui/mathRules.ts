/** Where formulas are in Markdown: `$…$`, `$$…$$`, `\(…\)` and `\[…\]`, as models write them. The tokens are drawn by `markdown.ts`. */
import type { MarkdownIt } from 'markdown-it';

/** Left and right delimiter; longer ones first. */
const delimiters = [
  { left: '$$', right: '$$', isBlock: true },
  { left: '\\[', right: '\\]', isBlock: true },
  { left: '\\(', right: '\\)', isBlock: false },
  { left: '$', right: '$', isBlock: false },
] as const;

/** A formula longer than this is not one: a lone dollar sign would swallow the text behind it. */
const longestFormula = 2000;

/** Adds tokens of the types `math` (inline) and `mathBlock`, whose content is the formula. */
export function mathRules(markdown: MarkdownIt): void {
  markdown.inline.ruler.before('escape', 'math', (state, silent) => {
    const found = formulaAt(state.src, state.pos);
    if (found === null) return false;
    if (!silent) {
      const token = state.push(found.isBlock ? 'mathBlock' : 'math', '', 0);
      token.content = found.formula;
      token.markup = state.src.slice(state.pos, found.end);
    }
    state.pos = found.end;
    return true;
  });
}

export interface Formula {
  readonly formula: string;
  readonly isBlock: boolean;
  /** Behind the right delimiter. */
  readonly end: number;
}

/** The formula that begins at a place of a text, or null. */
export function formulaAt(text: string, at: number): Formula | null {
  const delimiter = delimiters.find(({ left }) => text.startsWith(left, at));
  if (delimiter === undefined) return null;
  const { left, right, isBlock } = delimiter;
  const begin = at + left.length;
  const end = endOf(text, begin, right);
  if (end === null) return null;
  const formula = text.slice(begin, end);
  if (formula.trim() === '' || /\n\s*\n/.test(formula)) return null;
  // As Pandoc: "$5 and $6" are prices.
  const isPrice = left === '$' && (/^\s|\s$/.test(formula) || /^\d/.test(text.slice(end + 1)));
  return isPrice ? null : { formula, isBlock, end: end + right.length };
}

/** Whether a text may have a formula at all. */
export function mayHaveMath(text: string): boolean {
  return /\$|\\[([]/.test(text);
}

function endOf(text: string, begin: number, right: string): number | null {
  for (let at = begin; at < text.length && at - begin <= longestFormula; at++) {
    if (text.startsWith(right, at)) return at;
    if (text[at] === '\\') at++;
  }
  return null;
}
