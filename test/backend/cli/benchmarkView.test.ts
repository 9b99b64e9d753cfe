import { describe, expect, it } from 'vitest';
import { BenchmarkView } from '../../../backend/cli/benchmarkView.ts';
import type { BenchmarkScores } from '../../../backend/protocol/experimentViews.ts';
import { outputTo } from './scriptedRun.ts';

const scores: BenchmarkScores = {
  set: 'aime24',
  title: 'AIME24',
  problems: 30,
  published: 30,
  greedy: { value: 0.2, interval: [0.09, 0.37] },
  sampled: null,
  byLevel: {},
  failed: 2,
  truncated: 0,
  tokensSampled: 0,
};

function shown(isTerminal: boolean) {
  let text = '';
  let now = 0;
  const output = outputTo((part) => void (text += part), { isTerminal });
  const view = new BenchmarkView(output, 90, () => now);
  return { view, tick: (ms: number) => void (now += ms), text: () => text };
}

describe('BenchmarkView', () => {
  it('tells by whole lines what was known and what came of a set', () => {
    const { view, text } = shown(false);
    view.begin('m', 'AIME24', 30);
    view.progress(10);
    view.progress(30);
    view.finish(scores);
    view.begin('m', 'AMC23', 40);
    view.progress(0);
    view.progress(40);
    expect(text()).toBe(
      'm  AIME24: 30 problems\n  10 of 30 are answered already\nm  AIME24: 20.0 % [9.0, 37.0] of 30, no verdict on 2\nm  AMC23: 40 problems\n',
    );
  });

  it('estimates by what it answered itself, over all sets', () => {
    const { view, tick, text } = shown(true);
    view.begin('m', 'AIME24', 30);
    view.progress(10);
    tick(20_000);
    view.progress(20);
    // 10 problems in 20 s; 70 are left.
    expect(text()).toContain('m  AIME24  20/30  about 2:20 left');
    view.finish(scores);
    view.begin('m', 'AMC23', 60);
    view.progress(0);
    tick(20_000);
    view.progress(30);
    // 50 in 40 s; 30 are left.
    expect(text()).toContain('m  AMC23  30/60  about 0:24 left');
  });
});
