/** Pretraining documents as token ids with a loss weight each. */
import type { PretrainingDocument } from './documents.ts';
import { pieces } from './vocabulary.ts';

export type Encode = (text: string) => readonly number[];

export interface TokenizedDocument {
  readonly tokens: readonly number[];
  /** Weight of each token as a target of the loss; as long as `tokens`. */
  readonly weights: readonly number[];
}

export function tokenizeDocument(document: PretrainingDocument, encode: Encode): TokenizedDocument {
  const tokens: number[] = [];
  const weights: number[] = [];
  for (const { text, weight } of document.segments) {
    for (const token of encode(text)) {
      tokens.push(token);
      weights.push(weight);
    }
  }
  return { tokens, weights };
}

/** The demonstration's `encode`, remembered piece by piece: its tokenizer sees each piece alone. Many times faster on generated text. */
export function rememberPieces(encode: Encode): Encode {
  const known = new Map<string, readonly number[]>();
  return (text) => {
    const tokens: number[] = [];
    for (const [piece] of text.matchAll(pieces)) {
      let ids = known.get(piece);
      if (ids === undefined) known.set(piece, (ids = encode(piece)));
      for (const id of ids) tokens.push(id);
    }
    return tokens;
  };
}
