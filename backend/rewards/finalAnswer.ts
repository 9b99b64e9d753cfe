/** Finds where a completion states its final answer. */

export interface FinalAnswer {
  /** What follows the mark, on its line; or the inside of `\boxed{}`. */
  readonly text: string;
  readonly form: 'stated' | 'boxed';
  /** Nothing but blanks follows, so a completion cut at its length limit may have been cut inside the answer. */
  readonly isAtEnd: boolean;
}

const statement = /\banswer\b[\s*_]{0,4}(?:is\b|[:=：])/giu;
const box = /\\f?boxed\s{0,4}\{/gu;

/** The last statement of an answer: `Answer: …`, `the answer is …` or `\boxed{…}`, whichever comes last; null if there is none. */
export function findFinalAnswer(completion: string): FinalAnswer | null {
  const stated = endOfLastMatch(completion, statement);
  const boxed = endOfLastMatch(completion, box);
  if (stated < 0 && boxed < 0) return null;
  return boxed > stated ? readBox(completion, boxed) : readStatement(completion, stated);
}

function readStatement(completion: string, start: number): FinalAnswer {
  const rest = completion.slice(start).replace(/^[\s*_:=：]+/u, '');
  const lineEnd = rest.search(/[\r\n]/u);
  const text = (lineEnd < 0 ? rest : rest.slice(0, lineEnd)).trimEnd();
  return { text, form: 'stated', isAtEnd: lineEnd < 0 || rest.slice(lineEnd).trim() === '' };
}

/** Braces inside the box may nest; an unclosed box reaches to the end. */
function readBox(completion: string, start: number): FinalAnswer {
  let depth = 1;
  for (let i = start; i < completion.length; i++) {
    const char = completion[i];
    if (char === '\\') i++;
    else if (char === '{') depth++;
    else if (char === '}' && --depth === 0) return { text: completion.slice(start, i).trim(), form: 'boxed', isAtEnd: false };
  }
  return { text: completion.slice(start).trim(), form: 'boxed', isAtEnd: true };
}

/** Index behind the last match, or −1. */
function endOfLastMatch(text: string, pattern: RegExp): number {
  let end = -1;
  for (const match of text.matchAll(pattern)) end = match.index + match[0].length;
  return end;
}
