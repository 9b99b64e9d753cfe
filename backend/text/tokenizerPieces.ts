/** Whether the pieces that a tokenizer.json speaks of are in its vocabulary, and whether texts survive them: what is not there is lost without a word. */
import type { Tokenizer } from './tokenizer.ts';
import type { JsonObject } from './tokenizerFiles.ts';

/** What is wrong with a tokenizer's `model`; undefined for nothing that is looked for. */
export function pieceProblem(model: JsonObject): string | undefined {
  const { type, vocab, merges } = model;
  // Unigram keeps a list of pieces with scores.
  if (typeof vocab !== 'object' || vocab === null || Array.isArray(vocab)) return undefined;
  const ids = new Map(Object.entries(vocab));
  for (const [piece, id] of ids) {
    if (typeof id !== 'number' || !Number.isInteger(id) || id < 0) return `piece ${JSON.stringify(piece)} has ${JSON.stringify(id)} as its id`;
  }
  if (type !== 'BPE' || merges === undefined) return undefined;
  if (!Array.isArray(merges)) return 'its "merges" are no list';
  const prefix = typeof model.continuing_subword_prefix === 'string' ? model.continuing_subword_prefix : '';
  for (let i = 0; i < merges.length; i++) {
    const merge: unknown = merges[i];
    const pair: unknown = typeof merge === 'string' ? merge.split(' ') : merge;
    if (!Array.isArray(pair) || pair.length !== 2) return `merge ${i} is ${JSON.stringify(merge)} and no pair of pieces`;
    const [first, second] = pair as [string, string];
    if (ids.has(first) && ids.has(second) && ids.has(mergedPiece(first, second, prefix))) continue;
    const unknown = [first, second, mergedPiece(first, second, prefix)].find((piece) => !ids.has(piece));
    return `merge ${i} (${first} ${second}) needs piece ${JSON.stringify(unknown)}, which is not in its vocabulary`;
  }
  return undefined;
}

/** Characters of a text, each once, that do not come back from the tokenizer. Normalized forms of a character are the same. */
export function lostCharacters(tokenizer: Pick<Tokenizer, 'encodeText' | 'decode'>, text: string): string[] {
  const back = tokenizer.decode(tokenizer.encodeText(text), { skipSpecial: true });
  if (back === text) return [];
  const kept = new Set(back.normalize('NFKC').toLowerCase());
  return [...new Set(text)].filter(
    (character) => character.trim() !== '' && [...character.normalize('NFKC').toLowerCase()].some((part) => !kept.has(part)),
  );
}

/** What to tell of the characters that are lost in the first of many texts: one sentence, or nothing. */
export function lostCharactersWarnings(tokenizer: Pick<Tokenizer, 'encodeText' | 'decode'>, texts: readonly string[]): string[] {
  const examined = texts.slice(0, 100);
  const lost = examined.map((text) => lostCharacters(tokenizer, text)).filter(({ length }) => length > 0);
  if (lost.length === 0) return [];
  const characters = [...new Set(lost.flat())];
  const shown = characters.slice(0, 8).join(' ') + (characters.length > 8 ? ` and ${characters.length - 8} more` : '');
  return [`The tokenizer has no pieces for ${shown}: the model does not see them in ${lost.length} of the first ${examined.length} problems.`];
}

/** WordPiece-like vocabularies mark pieces inside of words, and a merge drops the mark of the second. */
function mergedPiece(first: string, second: string, prefix: string): string {
  return first + (prefix !== '' && second.startsWith(prefix) ? second.slice(prefix.length) : second);
}
