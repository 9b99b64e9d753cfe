/** Lines at the bottom of a terminal that are redrawn in place, with text scrolling away above them. */
import type { CliOutput } from './command.ts';
import { columnsOf } from './terminalText.ts';

const hideCursor = '\u001b[?25l';
const showCursor = '\u001b[?25h';
const clearLine = '\u001b[K';
const clearBelow = '\u001b[J';

/** The cursor rests at the start of the line below the region. Lines must be narrower than the terminal. */
export class ScreenRegion {
  private readonly output: CliOutput;
  private lines: readonly string[] = [];
  private columns = 0;
  private isOpen = false;
  /** The second Ctrl-C ends the process on the spot; the cursor must come back then too. */
  private readonly giveBack = (): void => this.output.write(showCursor);

  constructor(output: CliOutput) {
    this.output = output;
  }

  /** Writes only from the first line that changed to the end, and within that only changed lines. */
  draw(lines: readonly string[]): void {
    this.open();
    if (this.output.columns() !== this.columns || lines.length < this.lines.length) return this.redraw([], lines);
    const first = lines.findIndex((line, i) => line !== this.lines[i]);
    if (first < 0) return;
    const up = this.lines.length - first;
    const written = lines.slice(first).map((line, i) => (line === this.lines[first + i] ? '' : `${line}${clearLine}`));
    this.output.write(`\r${up > 0 ? `\u001b[${up}A` : ''}${written.join('\r\n')}\r\n${clearBelow}`);
    this.lines = lines;
  }

  /** Puts `text` above the region, where it stays in the scrollback. */
  scroll(text: readonly string[], lines: readonly string[]): void {
    this.open();
    this.redraw(text, lines);
  }

  /** Leaves the region as it is and gives the cursor back. */
  close(): void {
    if (!this.isOpen) return;
    this.isOpen = false;
    process.off('exit', this.giveBack);
    this.output.write(`\r${clearBelow}${showCursor}`);
  }

  private open(): void {
    if (this.isOpen) return;
    this.isOpen = true;
    this.columns = this.output.columns();
    process.once('exit', this.giveBack);
    this.output.write(hideCursor);
  }

  private redraw(text: readonly string[], lines: readonly string[]): void {
    // A terminal that became narrower has wrapped what was drawn.
    this.columns = Math.max(1, this.output.columns());
    const rows = this.lines.reduce((total, line) => total + Math.max(1, Math.ceil(columnsOf(line) / this.columns)), 0);
    const all = [...text, ...lines].map((line) => `${line}\r\n`).join('');
    this.output.write(`\r${rows > 0 ? `\u001b[${rows}A` : ''}${clearBelow}${all}`);
    this.lines = lines;
  }
}
