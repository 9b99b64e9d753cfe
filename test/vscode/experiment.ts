/**
 * An experiment in the installed extension: a file from a template, its grid started, paused and gone on with, and a page that shows the numbers
 * of the store. Each test goes on where the one before ended. With CRITIQUE_GRPO_PICTURES=1 it trains longer and renews its picture of README.md.
 */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Frame } from 'playwright-core';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { mean } from '../../backend/core/stats.ts';
import type { Store } from '../../backend/store/store.ts';
import { withSetting } from '../../extension/runFiles/setting.ts';
import { eventually, keepPicture, openSession, withPictures, type Session } from './session.ts';
import type { WorkbenchWindow } from './workbenchWindow.ts';

let session: Session;
let window: WorkbenchWindow;
let file = '';

beforeAll(async () => {
  session = await openSession({
    name: 'experiment',
    workspace: { steps: 1, nProblems: 8, nHopeless: 8, evaluateEvery: 0, learningRate: 2e-4 },
  });
  ({ window } = session);
  file = join(session.workspace, 'small.experiment.json');
});

afterEach(async ({ task }) => {
  if (task.result?.state === 'fail') await session.failed();
});

afterAll(() => session.close());

describe('an experiment', () => {
  it('has a file, made from a template', async () => {
    await window.openContainer('Critique-GRPO');
    await window.runCommand('Critique-GRPO: New Experiment File');
    await window.pickRow(/components/).waitFor();
    await window.pick(/First experiment/);
    await window.enter('small');
    await eventually('the file', () => (existsSync(file) ? true : undefined));
    await window.page.locator('.tab', { hasText: 'small.experiment.json' }).waitFor();
    writeFileSync(file, smaller(readFileSync(file, 'utf8')));
    await window.page.locator('.view-line', { hasText: '"training.steps": ' + String(steps) }).waitFor();
  });

  it('is started from the palette once its size is known, and moves', async () => {
    await start(/4 runs, one after another: 2 in the grid × 2 seeds/);
    const page = await window.webview('#standing');
    await standing(page, 'running');
    await eventually('a finished run', async () => (Number(await page.locator('#finished').innerText()) > 0 ? true : undefined), longest);
  });

  it('is paused between two steps', async () => {
    await window.runCommand('Critique-GRPO: Pause Experiment');
    await standing(await window.webview('#standing'), 'paused');
    expect(session.reading(finishedRuns)?.length).toBeLessThan(4);
    await window.page.locator('.notification-toast', { hasText: 'Pausing' }).waitFor({ state: 'detached' });
  });

  it('goes on where it was when it is started again, and comes to its end', async () => {
    const before = session.reading(finishedRuns) ?? [];
    await window.runCommand('View: Close Editor');
    await start(/finished are passed over/);
    await standing(await window.webview('#standing'), 'finished');
    const after = session.reading(finishedRuns) ?? [];
    expect(after.map(({ seed, algorithm }) => `${algorithm} ${seed}`).sort()).toEqual(
      ['critique-grpo', 'grpo'].flatMap((algorithm) => [0, 1].map((seed) => `${algorithm} ${seed}`)),
    );
    expect(after).toEqual(expect.arrayContaining(before));
  });

  it('is opened again by its name, with the numbers of the store in results, curves, funnel and ablation', async () => {
    await window.runCommand('View: Close Editor');
    await window.runCommand('Critique-GRPO: Open Experiment');
    const page = await window.webview('#ablation tbody tr:nth-child(2)');
    const percent = (algorithm: string): string => {
      const runs = session.reading(finishedRuns)?.filter((run) => run.algorithm === algorithm) ?? [];
      return (100 * mean(runs.map(({ score }) => score))).toFixed(1);
    };
    for (const [label, algorithm] of [
      ['grpo', 'grpo'],
      ['critique-grpo, step level', 'critique-grpo'],
    ] as const) {
      const row = (table: string): Promise<string> =>
        page.locator(`${table} tbody tr`, { has: page.getByRole('rowheader', { name: label, exact: true }) }).innerText();
      expect(await row('#results')).toContain(percent(algorithm));
      expect(await row('#ablation')).toContain(percent(algorithm));
    }
    const right = session.reading(rightRefinements) ?? 0;
    expect(right).toBeGreaterThan(0);
    expect(await page.locator('#funnel tbody tr').innerText()).toContain(`${right.toLocaleString('en-US')} right`);
    expect(await page.locator('curve-chart canvas').count()).toBeGreaterThan(3);
    if (withPictures) await keepPicture(window, 'experiment');
  });
});

const steps = withPictures ? 30 : 3;
const longest = withPictures ? 600_000 : 120_000;

/** Two of the template's methods, two seeds; without pictures few steps on few problems. */
function smaller(text: string): string {
  const few = { 'data.train': 'train.jsonl', 'data.heldOut': 'heldOut.jsonl', 'evaluation.every': 1, 'evaluation.failureAttempts': 1 };
  const set = {
    'training.steps': steps,
    'evaluation.samples': 1,
    'evaluation.finalSamples': 1,
    ...(withPictures ? { 'evaluation.every': 10 } : few),
  };
  return withSetting(withSetting(withSetting(text, ['base', 'set'], set), ['variants', 1], undefined), ['seeds'], [0, 1]);
}

async function start(expected: RegExp): Promise<void> {
  await window.runCommand('Critique-GRPO: Start Experiment');
  await window.pickRow(expected).waitFor();
  await window.pick(/Start small/);
}

async function standing(page: Frame, word: string): Promise<void> {
  await eventually(`an experiment that is ${word}`, async () => ((await page.locator('#standing').innerText()) === word ? true : undefined), longest);
}

function finishedRuns(store: Store): { readonly seed: number; readonly algorithm: string; readonly score: number }[] {
  return store
    .runs()
    .filter(({ state }) => state === 'finished')
    .map(({ id, seed, algorithm }) => ({
      seed,
      algorithm,
      score:
        store
          .evaluations(id)
          .filter(({ set }) => set === 'heldOut')
          .at(-1)?.all.passAt1 ?? NaN,
    }));
}

function rightRefinements(store: Store): number {
  const kinds = store.runs().flatMap(({ id }) => store.funnel(id).kinds);
  return kinds.reduce((total, { refinedRight }) => total + refinedRight, 0);
}
