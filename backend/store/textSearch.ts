/** What a user types into a search box, as an FTS5 expression. */

const term = /"([^"]*)"|([^\s"]+)/gu;
const hasWord = /[\p{L}\p{N}]/u;
/** Shorter beginnings fit so many words that a search takes seconds at a million rollouts. */
const hasPrefix = /[\p{L}\p{N}]{3}\*$/u;

/**
 * Every word must occur; "quoted words" are a phrase; a trailing `*` after three letters takes any ending. Nothing else is an operator.
 * Null when there is no letter or digit to search for.
 */
export function matchExpression(text: string): string | null {
  const terms: string[] = [];
  for (const [, phrase, word] of text.matchAll(term)) {
    const words = phrase ?? word ?? '';
    if (hasWord.test(words)) {
      terms.push(`"${words}"${hasPrefix.test(words) ? '*' : ''}`);
    }
  }
  return terms.length === 0 ? null : terms.join(' AND ');
}
