/** Text of a completion while it is being sampled: token by token, never half a character. */
import type { Tokenizer } from './tokenizer.ts';

const replacement = '\uFFFD';
/** A UTF-8 character has at most four bytes, so four tokens of at least a byte each decide whether one is whole. */
const longestCharacter = 4;
const windowLimit = 8;

/**
 * A text that ends in U+FFFD may be half a character and is held back until the next tokens decide. Every step decodes a window of
 * a few last tokens, so the cost is linear in the length of the completion.
 */
export class Detokenizer {
  private readonly tokenizer: Pick<Tokenizer, 'decode'>;
  private readonly skipSpecial: boolean;
  private window: number[] = [];
  /** Tokens at the end of the window whose text is not given out entirely. */
  private pending = 0;
  /** Characters of the window's text that are given out. */
  private emitted = 0;

  constructor(tokenizer: Pick<Tokenizer, 'decode'>, options: { readonly skipSpecial?: boolean } = {}) {
    this.tokenizer = tokenizer;
    this.skipSpecial = options.skipSpecial ?? true;
  }

  /** The text that became certain with this token; often empty inside a character of several tokens. */
  push(token: number): string {
    this.window.push(token);
    this.pending++;
    const text = this.decode(this.window);
    if (!text.endsWith(replacement)) {
      const fresh = text.slice(this.emitted);
      this.shrink(this.pending, 0);
      this.pending = 0;
      return fresh;
    }
    if (this.pending <= longestCharacter) return '';
    // Bytes that are no UTF-8 at all: everything but the very last one is certain.
    const fresh = text.slice(this.emitted, -1);
    this.emitted = Math.max(this.emitted, text.length - 1);
    this.shrink(windowLimit, 1);
    return fresh;
  }

  /** The text held back, to be called once after the last token. */
  flush(): string {
    const fresh = this.decode(this.window).slice(this.emitted);
    this.window = [];
    this.pending = 0;
    this.emitted = 0;
    return fresh;
  }

  /** Keeps the last tokens as context: decoders treat the first token of a text specially. `held` characters of it stay to be given out. */
  private shrink(keep: number, held: number): void {
    const tail = this.window.slice(-keep);
    const length = this.decode(tail).length;
    const isContext = length > 0 || this.window.length > windowLimit;
    if (isContext) this.window = tail;
    this.emitted = isContext ? length - held : this.decode(this.window).length - held;
  }

  private decode(tokens: readonly number[]): string {
    return this.tokenizer.decode(tokens, { skipSpecial: this.skipSpecial });
  }
}
