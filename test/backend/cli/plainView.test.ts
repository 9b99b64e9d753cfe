import { describe, expect, it } from 'vitest';
import { createRunView } from '../../../backend/cli/liveView.ts';
import { eventOf, header, outputTo, playRun } from './scriptedRun.ts';

function plainRun() {
  let text = '';
  let time = 0;
  const view = createRunView(
    outputTo((more) => void (text += more)),
    () => time,
  );
  return { view, tick: (ms: number) => void (time += ms), lines: () => text.split('\n') };
}

describe('the plain view', () => {
  it('tells of every tenth step, every evaluation and checkpoint, and a story now and then', () => {
    const { view, tick, lines } = plainRun();
    playRun(view, 160, tick);
    view.end();
    const count = (start: string): number => lines().filter((line) => line.startsWith(start)).length;
    expect({ steps: count('step '), heldOut: count('held-out'), train: count('training problems'), checkpoints: count('checkpoint') }).toEqual({
      steps: 16,
      heldOut: 9,
      train: 2,
      checkpoints: 8,
    });
    expect(count('  ── step')).toBe(4);
    expect(lines().join('\n')).not.toMatch(/[\u0000-\u0009\u000b-\u001f]/);
    expect(lines().slice(0, 14)).toMatchSnapshot();
  });

  it('keeps foreign text on its line and harmless', () => {
    const { view, lines } = plainRun();
    view.begin({ ...header, isResumed: true });
    view.onEvent(eventOf({ type: 'noticeRaised', code: 'critic.failed', message: 'first\nsecond \u001b[31m', step: 3 }));
    view.onEvent(eventOf({ type: 'runStopped', step: 3, reason: 'interrupted', message: 'Stopped after step 3.' }));
    expect(lines().slice(2, -1)).toEqual(['notice (critic.failed): first second ␛[31m', 'interrupted: Stopped after step 3.']);
  });
});
