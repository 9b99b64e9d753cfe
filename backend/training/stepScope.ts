/** What the stages of one step share. */
import type { EventBody } from '../protocol/events.ts';
import type { Phase } from './run.ts';
import { Stopwatch } from './stopwatch.ts';

export type Notice = Extract<EventBody, { type: 'noticeRaised' }>;

export class StepScope {
  readonly step: number;
  /** Of the weights that everything in the step is sampled from. */
  readonly policyVersion: number;
  readonly watch = new Stopwatch<Phase>();
  /** What went wrong on the way without ending the run, in order. */
  readonly notices: Notice[] = [];

  constructor(step: number, policyVersion: number) {
    this.step = step;
    this.policyVersion = policyVersion;
  }

  readonly notice = (code: string, message: string): void => {
    this.notices.push({ type: 'noticeRaised', code, message, step: this.step });
  };
}
