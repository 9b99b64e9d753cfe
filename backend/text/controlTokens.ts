/**
 * Keeps the contents of messages from speaking with the voice of the template.
 *
 * A chat template marks turns by control tokens such as `<|im_end|>`. A problem, a critique or a completion that spells such a token
 * is data and must not end a turn. So a *break* is put behind the first character of every such spelling before the template is
 * rendered; the tokenizer cannot match across it, and the break itself is dropped from the ids. Text without such spellings is
 * encoded exactly as Hugging Face does. The price is paid by hostile text only: its spelling is split where no tokenizer would split it.
 */

export interface ControlTokens {
  /** The text, with breaks so that no control token can be matched in it. */
  shield(text: string): string;
  /** A break between all characters: for tokenizers whose normalizer turns other text into a control token. */
  spell(text: string): string;
  /** How many control tokens the text spells, matched as the tokenizer matches: leftmost first, longest first. */
  count(text: string): number;
}

/** `breakText` must be a token of the tokenizer that no text contains. */
export function controlTokens(texts: readonly string[], breakText: string): ControlTokens {
  const longestFirst = [...texts].sort((a, b) => b.length - a.length);
  const pattern = longestFirst.length === 0 ? undefined : new RegExp(longestFirst.map(escaped).join('|'), 'gu');

  return {
    shield(text) {
      if (pattern === undefined) return text;
      let out = '';
      let copied = 0;
      pattern.lastIndex = 0;
      for (let match = pattern.exec(text); match !== null; match = pattern.exec(text)) {
        const first = String.fromCodePoint(match[0].codePointAt(0) ?? 0);
        const isWhole = first.length === match[0].length;
        out += text.slice(copied, match.index) + (isWhole ? '\uFFFD' : first) + breakText;
        copied = match.index + first.length;
        // Spellings may overlap: go on behind the first character, not behind the match.
        pattern.lastIndex = copied;
      }
      return copied === 0 ? text : out + text.slice(copied);
    },
    spell: (text) => Array.from(text).join(breakText),
    count: (text) => (pattern === undefined ? 0 : [...text.matchAll(pattern)].length),
  };
}

function escaped(text: string): string {
  return text.replace(/[\\^$.*+?()[\]{}|/]/g, '\\$&');
}
