/** What shows evaluation sets while they are answered: one status line on a terminal, plain lines elsewhere. */
import type { BenchmarkScores } from '../protocol/experimentViews.ts';
import { setScore } from '../protocol/runMeasures.ts';
import type { CliOutput } from './command.ts';
import { clock, cut, harmless } from './terminalText.ts';

const redrawMs = 100;

export class BenchmarkView {
  private readonly output: CliOutput;
  private readonly now: () => number;
  private readonly total: number;
  /** Problems of finished sets, and those of the set under way. */
  private before = 0;
  private done = 0;
  /** What was there already when this session began to answer. */
  private known = 0;
  private name = '';
  private size = 0;
  /** Nothing was heard of the set under way. */
  private isFresh = true;
  private begun: number | undefined;
  private lastDraw = -Infinity;

  /** `total` problems over all models and sets. `now` in milliseconds. */
  constructor(output: CliOutput, total: number, now: () => number) {
    this.output = output;
    this.total = total;
    this.now = now;
  }

  begin(method: string, set: string, size: number): void {
    this.name = `${harmless(method)}  ${harmless(set)}`;
    this.size = size;
    this.done = 0;
    this.isFresh = true;
    if (!this.output.isTerminal) this.output.write(`${this.name}: ${size} problems\n`);
  }

  /** The first call of a set says what is known of it already. */
  progress(done: number): void {
    this.begun ??= this.now();
    this.done = done;
    if (this.isFresh) this.begunWith(done);
    this.isFresh = false;
    this.draw();
  }

  finish(scores: BenchmarkScores): void {
    this.before += this.size;
    this.done = 0;
    const score = setScore(scores);
    const ends = (score?.interval ?? [0, 1]).map((end) => (100 * end).toFixed(1));
    const failed = scores.failed === 0 ? '' : `, no verdict on ${scores.failed}`;
    this.output.write(
      `${this.clear()}${this.name}: ${(100 * (score?.value ?? 0)).toFixed(1)} % [${ends.join(', ')}] of ${scores.problems}${failed}\n`,
    );
  }

  end(): void {
    this.output.write(this.clear());
  }

  private begunWith(done: number): void {
    this.known += done;
    if (done > 0 && !this.output.isTerminal) this.output.write(`  ${done} of ${this.size} are answered already\n`);
  }

  private draw(): void {
    if (!this.output.isTerminal || this.now() - this.lastDraw < redrawMs) return;
    this.lastDraw = this.now();
    const left = this.secondsLeft();
    const text = `${this.name}  ${this.done}/${this.size}${left === undefined ? '' : `  about ${clock(left)} left`}`;
    this.output.write(`${this.clear()}${cut(text, this.output.columns() - 1)}`);
  }

  private secondsLeft(): number | undefined {
    const all = this.before + this.done;
    const answered = all - this.known;
    if (this.begun === undefined || answered <= 0) return undefined;
    return ((this.now() - this.begun) / 1000 / answered) * (this.total - all);
  }

  private clear(): string {
    return this.output.isTerminal ? '\r\u001b[K' : '';
  }
}
