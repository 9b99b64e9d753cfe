import { describe, expect, it } from 'vitest';
import { wilsonInterval } from '../../../backend/core/stats.ts';
import type { CounterfactualEntry } from '../../../backend/protocol/views.ts';
import { runId } from '../../../webview/gallery/explorerRows.ts';
import { fixtureHost, type FixtureOptions } from '../../../webview/gallery/explorerHost.ts';
import { LabController } from '../../../webview/lab/controller.ts';
import { bestOf, readingOf } from '../../../webview/lab/reading.ts';
import { criticsToRun, whyNotRunnable } from '../../../webview/lab/state.ts';

const rolloutId = `${runId}/1/chain-2/g2/r0`;
const connected = { state: 'connected', detail: '' } as const;

async function openLab(options: Partial<FixtureOptions> = {}) {
  const host = fixtureHost({ total: 100, ...options });
  const lab = new LabController(host, () => undefined);
  lab.receive({ type: 'show', view: { kind: 'lab', runId, rolloutId }, connection: connected });
  await settled();
  return { lab, host };
}

async function settled(): Promise<void> {
  for (let turn = 0; turn < 6; turn++) await new Promise((resolve) => setTimeout(resolve, 0));
}

describe('the comparison of critics', () => {
  it('shows the failed answer and its problem', async () => {
    const { lab } = await openLab();
    expect(lab.state.subject).toMatchObject({ state: 'ready', value: { attempt: { rollout: { id: rolloutId } }, problem: { id: 'chain-2' } } });
  });

  it('asks the chosen critics and, once something is typed, the human one', async () => {
    const { lab, host } = await openLab();
    lab.choose('self', false);
    expect(criticsToRun(lab.state)).toEqual(['none', 'verdict', 'verdict-answer', 'step-level']);
    lab.type('A score means 20.');
    lab.chooseSamples(16);
    lab.run();
    expect(lab.state.running?.critics).toEqual(['none', 'verdict', 'verdict-answer', 'step-level', 'human']);
    await settled();
    const asked = host.requests.find(({ method }) => method === 'critique/counterfactual');
    expect(asked?.params).toEqual({
      runId,
      rolloutId,
      critics: ['none', 'verdict', 'verdict-answer', 'step-level'],
      humanText: 'A score means 20.',
      samples: 16,
    });
    expect(lab.state.results.get('human')?.entry.success.total).toBe(16);
    expect(lab.state.running).toBeNull();
  });

  it('keeps results of critics that are not tried again', async () => {
    const { lab } = await openLab();
    lab.run();
    await settled();
    lab.chooseSamples(4);
    lab.run('step-level');
    await settled();
    expect(lab.state.results.get('step-level')?.samples).toBe(4);
    expect(lab.state.results.get('verdict')?.samples).toBe(8);
  });

  it('can be cancelled; the late answer changes nothing', async () => {
    const { lab } = await openLab();
    lab.run();
    lab.cancel();
    await settled();
    expect(lab.state.running).toBeNull();
    expect(lab.state.results.size).toBe(0);
  });

  it('shows progress of its own run only', async () => {
    const { lab } = await openLab({ answers: 'never' });
    lab.receive({ type: 'connection', connection: connected });
    const progress = { runId, activity: 'refining', step: 4, steps: 10, phase: 'sample', done: 3, total: 40 } as const;
    lab.receive({ type: 'progress', progress });
    expect(lab.state.running).toBeNull();
    const other = await openLab();
    other.lab.run();
    other.lab.receive({ type: 'progress', progress: { ...progress, runId: 'another' } });
    expect(other.lab.state.running?.progress).toBeNull();
    other.lab.receive({ type: 'progress', progress });
    expect(other.lab.state.running?.progress?.done).toBe(3);
  });

  it('says why it cannot run', async () => {
    const { lab } = await openLab();
    expect(whyNotRunnable(lab.state)).toBeNull();
    for (const critic of criticsToRun(lab.state)) lab.choose(critic, false);
    expect(whyNotRunnable(lab.state)).toMatch(/at least one/);
    lab.choose('human', true);
    expect(whyNotRunnable(lab.state)).toMatch(/Write what/);
    lab.receive({ type: 'connection', connection: { state: 'lost', detail: '' } });
    expect(whyNotRunnable(lab.state)).toMatch(/not connected/);
  });

  it('hands the chosen text to the training', async () => {
    const { lab, host } = await openLab();
    lab.trainOn('step-level', 'Step 3: + 20.');
    expect(host.actions).toEqual([{ do: 'trainOn', runId, rolloutId, text: 'Step 3: + 20.' }]);
    expect(lab.state.trainedOn).toBe('step-level');
  });

  it('keeps what a person typed across a reload', async () => {
    const { lab, host } = await openLab();
    lab.type('Check step 3.');
    const again = new LabController(host, () => undefined);
    again.receive({ type: 'show', view: { kind: 'lab', runId, rolloutId }, connection: connected });
    expect(again.state.humanText).toBe('Check step 3.');
    expect(again.state.chosen.has('human')).toBe(true);
  });
});

describe('the reading of a comparison', () => {
  const entry = (critic: string, right: number, total: number): CounterfactualEntry => ({
    critic,
    text: 'x',
    error: null,
    refinements: [],
    success: { right, total, interval: wilsonInterval(right, total) },
  });

  it.each([
    [[entry('step-level', 20, 32), entry('none', 0, 32)], 'Step-level did best, and clearly better than a plain second attempt.'],
    [
      [entry('step-level', 2, 4), entry('none', 0, 4)],
      'Step-level did best, but its interval overlaps that of a plain second attempt: it may be chance. More refinements would tell.',
    ],
    [[entry('human', 30, 32), entry('verdict', 1, 32)], 'Human did clearly best.'],
    [[entry('human', 3, 4), entry('verdict', 2, 4)], 'Human did best, but the intervals of the best two overlap.'],
    [
      [entry('human', 3, 4), entry('step-level', 3, 4), entry('none', 0, 4)],
      'Human and Step-level did equally well; more refinements would tell them apart.',
    ],
    [[entry('verdict', 0, 8), entry('none', 0, 8)], 'No critic led to a right refinement. Try other words, or more refinements.'],
    [[entry('verdict', 1, 8)], null],
    [[entry('verdict', 1, 8), { ...entry('self', 0, 0), error: 'nothing to say' }], null],
  ])('claims no more than the intervals allow', (entries, reading) => {
    expect(readingOf(entries)).toBe(reading);
  });

  it.each([
    [[entry('human', 7, 8), entry('step-level', 5, 8)], 'human'],
    [[entry('human', 5, 8), entry('step-level', 5, 8)], null],
    [[entry('human', 0, 8)], null],
    [[], null],
  ])('offers one critique first where one did best', (entries, best) => {
    expect(bestOf(entries)).toBe(best);
  });
});
