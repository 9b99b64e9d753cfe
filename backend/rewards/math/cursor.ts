/** A place in a list of tokens, with what every part of the grammar asks of it. */
import { maxDepth, NotMath, type Token } from './tokens.ts';

export class Cursor {
  private readonly tokens: Token[];
  private place = 0;
  private depth = 0;

  constructor(tokens: readonly Token[]) {
    this.tokens = [...tokens];
  }

  peek(ahead = 0): Token | undefined {
    return this.tokens[this.place + ahead];
  }

  isAtEnd(): boolean {
    return this.place >= this.tokens.length;
  }

  next(): Token {
    const token = this.tokens[this.place];
    if (token === undefined) throw new NotMath('it ends too early');
    this.place++;
    return token;
  }

  isMark(text: string, ahead = 0): boolean {
    const token = this.peek(ahead);
    return token?.type === 'mark' && token.text === text;
  }

  isCommand(text: string, ahead = 0): boolean {
    const token = this.peek(ahead);
    return token?.type === 'command' && token.text === text;
  }

  /** Steps over a mark if it is the next token. */
  takeMark(text: string): boolean {
    if (!this.isMark(text)) return false;
    this.place++;
    return true;
  }

  takeCommand(text: string): boolean {
    if (!this.isCommand(text)) return false;
    this.place++;
    return true;
  }

  expectMark(text: string): void {
    if (!this.takeMark(text)) throw new NotMath(`"${text}" is missing`);
  }

  /** The next token is the first digit of a longer number: `\frac12`. */
  splitNumber(): void {
    const token = this.peek();
    if (token?.type !== 'number' || token.text.length < 2 || !/^\d+$/u.test(token.text)) return;
    this.tokens.splice(this.place, 1, { type: 'number', text: token.text.slice(0, 1) }, { type: 'number', text: token.text.slice(1) });
  }

  /** Runs a part of the grammar one level deeper. */
  nested<T>(parse: () => T): T {
    if (this.depth >= maxDepth) throw new NotMath(`it nests deeper than ${maxDepth} levels`);
    this.depth++;
    try {
      return parse();
    } finally {
      this.depth--;
    }
  }
}
