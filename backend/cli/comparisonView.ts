/** What shows a comparison while it happens: one status line on a terminal, plain lines elsewhere. */
import type { Event } from '../protocol/events.ts';
import type { Phase, RunObserver } from '../training/run.ts';
import type { CliOutput } from './command.ts';
import type { Variant, VariantResult } from '../experiments/comparison.ts';
import { clock, cut, harmless } from './terminalText.ts';

const redrawMs = 100;
/** Plain lines a run, its last step included. */
const linesPerRun = 4;

/** The run in progress, by which the rest is estimated. Times in milliseconds. */
interface CurrentRun {
  readonly name: string;
  readonly steps: number;
  readonly begun: number;
  isResumed: boolean;
  step: number;
  phase: string | undefined;
  /** When its first step of this session ended, and which that was. */
  first: { readonly time: number; readonly step: number } | undefined;
}

export class ComparisonView implements RunObserver {
  private readonly output: CliOutput;
  private readonly now: () => number;
  private readonly total: number;
  private done: number;
  private run: CurrentRun | undefined;
  /** Of whole runs of this session. */
  private readonly runMs: number[] = [];
  private lastDraw = -Infinity;

  /** `done` of `total` runs are known already. `now` in milliseconds. */
  constructor(output: CliOutput, total: number, done: number, now: () => number) {
    this.output = output;
    this.total = total;
    this.done = done;
    this.now = now;
    if (done > 0) output.write(`${done} of ${total} runs are done already.\n`);
  }

  begin({ label, config }: Variant): void {
    const name = `${harmless(label)}, seed ${config.seed}`;
    this.run = { name, steps: config.training.steps, begun: this.now(), isResumed: false, step: 0, phase: undefined, first: undefined };
    if (this.output.isTerminal) this.draw(true);
    else this.line(`run ${this.done + 1}/${this.total}  ${name}`);
  }

  onPhase(_step: number, phase: Phase): void {
    if (this.run === undefined) return;
    this.run.phase = phase;
    this.draw(false);
  }

  onEvent({ body }: Event): void {
    const { run } = this;
    if (run === undefined) return;
    if (body.type === 'runStarted' && body.resumedFrom !== null) {
      run.isResumed = true;
      run.step = body.resumedFrom;
    }
    if (body.type === 'noticeRaised') this.line(`notice (${body.code}): ${harmless(body.message)}`);
    if (body.type !== 'stepFinished') return;
    run.step = body.update.step;
    run.first ??= { time: this.now(), step: run.step };
    if (this.output.isTerminal) this.draw(false);
    else if (run.step % Math.ceil(run.steps / linesPerRun) === 0 || run.step === run.steps) this.line(this.status(run));
  }

  /** What is done with the policy after its last step. */
  afterTraining(text: string): void {
    if (this.run === undefined) return;
    this.run.phase = text;
    this.draw(false);
  }

  finish({ after, tokens, seconds }: VariantResult): void {
    const levels = Object.entries(after.byLevel).map(([level, { passAt1 }]) => `${harmless(level)} ${passAt1.toFixed(3)}`);
    const score = `pass@1 ${after.all.passAt1.toFixed(3)} (${levels.join(', ')})`;
    this.finishWith(`${score}, ${tokens.sampled.toLocaleString('en-US')} tokens sampled, ${clock(seconds)} of training`);
  }

  finishWith(outcome: string): void {
    const { run } = this;
    if (run === undefined) return;
    this.run = undefined;
    this.done++;
    if (!run.isResumed) this.runMs.push(this.now() - run.begun);
    this.line(`${run.name}: ${outcome}`);
  }

  interrupting(): void {
    this.line('stopping: the step in progress is dropped and a checkpoint written; the same command goes on from there');
  }

  /** Leaves no status line behind, whatever ended the comparison. */
  end(): void {
    this.run = undefined;
    if (this.output.isTerminal) this.output.write('\r\u001b[K');
  }

  private draw(isForced: boolean): void {
    if (this.run === undefined || !this.output.isTerminal || (!isForced && this.now() - this.lastDraw < redrawMs)) return;
    this.lastDraw = this.now();
    this.output.write(`\r\u001b[K${cut(this.status(this.run), this.output.columns() - 1)}`);
  }

  /** A line that stays. */
  private line(text: string): void {
    this.output.write(`${this.output.isTerminal ? '\r\u001b[K' : ''}${text}\n`);
    this.draw(true);
  }

  private status(run: CurrentRun): string {
    const left = this.msLeft(run);
    const parts = [`run ${this.done + 1}/${this.total}`, run.name, `step ${run.step}/${run.steps}`];
    if (run.phase !== undefined && this.output.isTerminal) parts.push(run.phase);
    if (left !== undefined) parts.push(`about ${clock(left / 1000)} left`);
    return parts.join('  ');
  }

  /** By whole runs once there is one, before by the steps of the first; variants differ in speed, so it is a rough guess. */
  private msLeft(run: CurrentRun): number | undefined {
    const runsAfter = this.total - this.done - 1;
    const share = (run.steps - run.step) / run.steps;
    if (this.runMs.length > 0) return (this.runMs.reduce((a, b) => a + b) / this.runMs.length) * (runsAfter + share);
    if (run.first === undefined || run.step === run.first.step) return undefined;
    return ((this.now() - run.first.time) / (run.step - run.first.step)) * run.steps * (runsAfter + share);
  }
}
