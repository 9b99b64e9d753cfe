/** As much of a terminal as the live view uses: what a person sees after all that was written, scrollback included. */

export class TerminalScreen {
  readonly rows: string[][] = [[]];
  private readonly columns: () => number;
  private row = 0;
  private column = 0;
  isCursorVisible = true;

  constructor(columns: () => number) {
    this.columns = columns;
  }

  readonly write = (text: string): void => {
    for (const [part, count, command] of text.matchAll(/\u001b\[(\??\d*)([A-Za-z])|[^]/gu)) {
      if (command !== undefined) this.control(count ?? '', command);
      else if (part === '\r') this.column = 0;
      else if (part === '\n') this.down();
      else this.put(part);
    }
  };

  /** Trailing empty lines left out. */
  text(): string[] {
    return this.rows
      .map((row) => row.join('').trimEnd())
      .join('\n')
      .trimEnd()
      .split('\n');
  }

  private control(count: string, command: string): void {
    if (command === 'A') this.row = Math.max(0, this.row - Number(count || 1));
    else if (command === 'K') this.rows[this.row]?.splice(this.column);
    else if (command === 'J') {
      this.rows[this.row]?.splice(this.column);
      this.rows.splice(this.row + 1);
    } else if (count === '?25') this.isCursorVisible = command === 'h';
    else if (command !== 'm') throw new Error(`The screen knows no ${JSON.stringify(count + command)}.`);
  }

  private down(): void {
    this.row++;
    this.rows[this.row] ??= [];
  }

  private put(character: string): void {
    if (character < ' ' || character === '\u007f') throw new Error(`A control character reached the screen: ${JSON.stringify(character)}`);
    if (this.column >= this.columns()) {
      this.down();
      this.column = 0;
    }
    const row = this.rows[this.row] as string[];
    while (row.length < this.column) row.push(' ');
    row[this.column++] = character;
  }
}
