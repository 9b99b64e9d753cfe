import { describe, expect, it } from 'vitest';
import { ComparisonView } from '../../../backend/cli/comparisonView.ts';
import type { Event, EventBody } from '../../../backend/protocol/events.ts';
import { fabricated } from '../experiments/fabricatedResults.ts';

const event = (body: EventBody): Event => ({ runId: 'run', seq: 1, time: 0, body }) as Event;
const stepFinished = (step: number): Event =>
  event({
    type: 'stepFinished',
    update: {
      runId: 'run',
      step,
      policyVersion: step,
      loss: 0,
      gradientNorm: 0,
      learningRate: 0,
      tokensSampled: 0,
      tokensTrained: 0,
      seconds: {},
      metrics: {},
    },
  });
const started = (resumedFrom: number | null): Event => event({ type: 'runStarted', algorithm: 'grpo', seed: 0, steps: 20, resumedFrom });

/** A view with a clock of its own: two variants of 20 steps, the first trained at a second a step. */
function shown({ isTerminal, done = 0, resumedFrom = null }: { isTerminal: boolean; done?: number; resumedFrom?: number | null }) {
  let text = '';
  let now = 0;
  const output = { write: (part: string) => void (text += part), isTerminal, hasColor: false, columns: () => 60 };
  const view = new ComparisonView(output, done + 2, done, () => now);
  const result = fabricated({ algorithm: 'grpo' });
  view.begin(result);
  view.onEvent(started(resumedFrom));
  for (let step = (resumedFrom ?? 0) + 1; step <= 20; step++) {
    now += 1000;
    view.onPhase(step, 'sample');
    view.onEvent(stepFinished(step));
  }
  return { view, result, text: () => text, wait: (ms: number) => void (now += ms) };
}

describe('ComparisonView', () => {
  it('writes a few plain lines a run to a file', () => {
    const { view, result, text } = shown({ isTerminal: false, done: 1 });
    view.finish(result);
    view.end();
    expect(text().split('\n')).toEqual([
      '1 of 3 runs are done already.',
      'run 2/3  grpo, seed 0',
      'run 2/3  grpo, seed 0  step 5/20  about 0:35 left',
      'run 2/3  grpo, seed 0  step 10/20  about 0:30 left',
      'run 2/3  grpo, seed 0  step 15/20  about 0:25 left',
      'run 2/3  grpo, seed 0  step 20/20  about 0:20 left',
      'grpo, seed 0: pass@1 0.450 (easy 0.900, hard 0.000), 100,000 tokens sampled, 0:30 of training',
      '',
    ]);
  });

  it('does not take the steps of an earlier session for its own speed', () => {
    const { text } = shown({ isTerminal: false, resumedFrom: 12 });
    expect(text()).toContain('step 15/20  about 0:25 left');
  });

  it('estimates by whole runs as soon as there is one', () => {
    const { view, result, text } = shown({ isTerminal: false });
    view.finish(result);
    view.begin(result);
    view.onEvent(started(null));
    view.onEvent(stepFinished(5));
    expect(text().trimEnd().split('\n').at(-1)).toBe('run 2/2  grpo, seed 0  step 5/20  about 0:15 left');
  });

  it('keeps one line on a terminal, never wider than it, and leaves none behind', () => {
    const { view, result, text, wait } = shown({ isTerminal: true });
    wait(1000);
    view.onEvent(event({ type: 'noticeRaised', code: 'a.notice', message: 'bad \u001b[2J news', step: 20 }));
    view.finish(result);
    view.end();
    const drawn = text()
      .split('\n')
      .flatMap((line) => line.split('\r\u001b[K'));
    expect(drawn.filter((line) => line.startsWith('run')).every((line) => line.length < 60)).toBe(true);
    expect(
      text()
        .split('\n')
        .map((line) => line.split('\r\u001b[K').at(-1)),
    ).toEqual([
      'notice (a.notice): bad ␛[2J news',
      'grpo, seed 0: pass@1 0.450 (easy 0.900, hard 0.000), 100,000 tokens sampled, 0:30 of training',
      '',
    ]);
  });

  it('does not redraw faster than the eye sees', () => {
    const { view, text } = shown({ isTerminal: true });
    const before = text().length;
    for (let i = 0; i < 1000; i++) view.onPhase(20, 'sample');
    expect(text().length).toBe(before);
  });
});
