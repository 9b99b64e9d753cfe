import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { dashboard } from '../../../backend/cli/dashboard.ts';
import { createRunView } from '../../../backend/cli/liveView.ts';
import { startProgress } from '../../../backend/cli/runProgress.ts';
import { columnsOf, paintWith } from '../../../backend/cli/terminalText.ts';
import { config, eventOf, header, outputTo, playRun, story } from './scriptedRun.ts';
import { TerminalScreen } from './terminalScreen.ts';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

function liveRun(columns: () => number = () => 80, hasColor = true) {
  const screen = new TerminalScreen(columns);
  const writes: { at: number; text: string }[] = [];
  const sink = (text: string): void => {
    writes.push({ at: Date.now(), text });
    screen.write(text);
  };
  const view = createRunView(outputTo(sink, { isTerminal: true, hasColor, columns }), () => Date.now());
  return { view, screen, writes };
}
const tick = (ms: number): void => void vi.advanceTimersByTime(ms);

describe('the live view', () => {
  it('shows a dashboard below the stories', () => {
    const { view, screen } = liveRun();
    playRun(view, 72, tick);
    tick(200);
    const text = screen.text();
    const start = text.findIndex((line) => line.startsWith('critique-grpo ·'));
    expect(text.slice(start)).toMatchSnapshot();
    expect(text.slice(0, start).filter((line) => line.startsWith('── step'))).toHaveLength(4);
    expect(text.filter((line) => line.startsWith('critique-grpo ·'))).toHaveLength(1);
    view.end();
  });

  it('writes at most ten frames a second and only what changed', () => {
    const { view, writes } = liveRun();
    playRun(view, 5, tick);
    const before = writes.length;
    for (let done = 0; done < 1000; done++) {
      view.onPhase(6, 'sample', done, 4032);
      tick(1);
    }
    const frames = writes.slice(before);
    expect(frames.length).toBeGreaterThan(5);
    expect(frames.length).toBeLessThanOrEqual(10);
    // The first of them brings the new step's numbers; after it the phase line and the clock change.
    for (const { text } of frames.slice(1)) expect(columnsOf(text.replace(/\u001b\[\d*[A-Z]|[\r\n]/g, ''))).toBeLessThan(170);
    view.end();
  });

  it('hides the cursor and gives it back at the end, also when the process is ended on the spot', () => {
    const { view, screen, writes } = liveRun();
    const listeners = process.listenerCount('exit');
    view.begin(header);
    expect(screen.isCursorVisible).toBe(false);
    expect(process.listenerCount('exit')).toBe(listeners + 1);
    view.interrupting();
    expect(screen.text().join('\n')).toContain('stopping and writing a checkpoint');
    view.end();
    expect(screen.isCursorVisible).toBe(true);
    expect(process.listenerCount('exit')).toBe(listeners);
    const { length } = writes;
    tick(5000);
    expect(writes).toHaveLength(length);
  });

  it('writes nothing when the run never began', () => {
    const { view, writes } = liveRun();
    view.interrupting();
    view.end();
    expect(writes).toEqual([]);
  });

  it('shows one notice of each code and lets no control character through', () => {
    const { view, screen } = liveRun();
    view.begin(header);
    for (let i = 0; i < 3; i++) {
      view.onEvent(eventOf({ type: 'noticeRaised', code: 'critic.failed', message: 'broken \u001b[2J\u202e', step: 1 }));
    }
    view.onStory({ ...story, step: 1, answer: 'a\u001b]0;title\u0007b\r\nsecond', question: '\u009b31mred' });
    view.end();
    const text = screen.text().join('\n');
    expect(text.match(/broken/g)).toHaveLength(1);
    expect(text).toContain('broken ␛[2J⟨U+202E⟩');
    expect(text).toContain('a␛]0;title␇b');
  });

  it('stays whole when the terminal is resized', () => {
    let columns = 120;
    const { view, screen } = liveRun(() => columns);
    playRun(view, 3, tick);
    columns = 90;
    tick(300);
    columns = 140;
    tick(300);
    expect(screen.text().filter((line) => line.startsWith('time'))).toHaveLength(1);
    view.end();
  });

  it('fits every width and ends its own styles', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 200 }), fc.integer({ min: 0, max: 21 }), (columns, steps) => {
        const { view, screen } = liveRun(() => columns);
        playRun(view, steps, tick);
        view.end();
        expect(Math.max(...screen.rows.map((row) => row.length))).toBeLessThanOrEqual(Math.max(columns - 1, 16));
      }),
      { numRuns: 8 },
    );
    const state = { header, progress: startProgress(config, 0), elapsed: 0, now: 0, isInterrupting: false };
    for (let width = 1; width < 200; width++) expect(Math.max(...dashboard(state, paintWith(true), width).map(columnsOf))).toBeLessThanOrEqual(width);
  });

  it('has no color where none is wanted', () => {
    const { view, writes } = liveRun(() => 80, false);
    playRun(view, 21, tick);
    view.end();
    expect(writes.some(({ text }) => /\u001b\[\d+m/.test(text))).toBe(false);
  });
});
