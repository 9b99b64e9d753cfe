/**
 * One person's session with the installed extension: a training, a failure that stays, a critique rewritten by hand, and the policy that learns
 * from it. Each test goes on where the one before ended. With CRITIQUE_GRPO_PICTURES=1 it trains longer and renews the pictures of README.md.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { Store } from '../../backend/store/store.ts';
import { runFile } from './fixtureWorkspace.ts';
import { eventually, keepPicture, openSession, withPictures, type Session } from './session.ts';
import { drawn, patience, type WorkbenchWindow } from './workbenchWindow.ts';

/** What a person adds to a critique. */
const words = 'Write that step again with care.';

let session: Session;
let window: WorkbenchWindow;
let reading: Session['reading'];
let runId = '';

beforeAll(async () => {
  session = await openSession({
    name: 'story',
    workspace: {
      steps: withPictures ? 200 : 400,
      nProblems: withPictures ? 48 : 8,
      nHopeless: withPictures ? 24 : 8,
      evaluateEvery: 5,
      learningRate: withPictures ? 6e-5 : 1e-6,
    },
    settings: { 'critiqueGrpo.trialSamples': 4 },
  });
  ({ window, reading } = session);
});

afterEach(async ({ task }) => {
  if (task.result?.state === 'fail') await session.failed();
});

afterAll(() => session.close());

describe('a session', () => {
  it('starts a training from the palette', async () => {
    await window.openContainer('Critique-GRPO');
    await window.runCommand('Critique-GRPO: Start Training');
    await window.pick(runFile);
    // What it comes to, before it starts.
    await window.pickRow(/GB|MB/).waitFor();
    await window.pick(/Start word-problems/);
    await window.webview('#run-state');
    runId = await eventually('a run in the store', () => reading((store) => store.runs()[0]?.id));
  });

  it('draws curves that move', async () => {
    const first = await newestStep();
    await eventually('a later step on the dashboard', async () => ((await newestStep()) > first + 1 ? true : undefined));
    const page = await window.webview('curve-chart canvas');
    expect(await page.locator('curve-chart canvas').count()).toBeGreaterThan(5);
    if (!withPictures) return;
    await eventually('a training that has come far', async () => ((await newestStep()) >= 40 ? true : undefined), 10 * patience);
    await keepPicture(window, 'dashboard');
  });

  it('collects persistent failures in the sidebar', async () => {
    await window.treeRow(/in a row/).waitFor();
    if (withPictures) {
      await window.runCommand('Critique-GRPO: Open Rollouts');
      const page = await window.webview('#rollout-rows [role=row]:nth-child(4)');
      await page.locator('#rollout-rows [role=row]', { hasText: /wrong/ }).nth(3).click();
      await page.locator('[id^=attempt-]').first().waitFor();
      await delay(500);
      await keepPicture(window, 'explorer');
    }
  });

  it('opens a failure with its critique in a thread', async () => {
    await window.treeRow(/in a row/).click();
    await window.page.locator('.review-widget').first().waitFor();
  });

  it('refines at once from a critique that was edited in its thread, and shows the difference', async () => {
    const { page } = window;
    await page.locator('.review-widget .codicon-edit').first().click();
    await page.locator('.review-widget .monaco-editor').first().click();
    await page.keyboard.press('Control+End');
    await page.keyboard.type(` ${words}`);
    await page.locator('.review-widget .monaco-text-button', { hasText: 'Save Critique' }).click();
    await window.notification(/right \(95/).waitFor();
    await page.locator('.monaco-diff-editor').first().waitFor();
    const revisions = reading((store) => humanCritiques(store)) ?? [];
    expect(revisions).toEqual([{ text: expect.stringMatching(new RegExp(`^.+ ${words}$`)) as string, author: 'Ada' }]);
    // What was saved is no draft any more.
    expect(await page.locator('.review-widget', { hasText: words }).first().innerText()).not.toMatch(/draft kept/);
    if (withPictures) await keepPicture(window, 'inlineEdit');
  });

  it('trains on the critique from the next step on', async () => {
    await window.page.locator('.notification-toast .monaco-button', { hasText: 'Train on This' }).click();
    const enlistment = await eventually('the enlistment', () => reading((store) => store.activeEnlistments(runId, Number.MAX_SAFE_INTEGER)[0]));
    const { problemId, critiqueId, fromStep } = enlistment;
    const group = await eventually('a group with the critique', () =>
      reading((store) => {
        const visit = store.problemHistory(runId, problemId)?.visits.find(({ step }) => step >= fromStep);
        return visit === undefined ? undefined : store.group(runId, visit.groupId);
      }),
    );
    expect(group?.guests.map(({ critique }) => critique.id)).toContain(critiqueId);
    expect(group?.guests.find(({ critique }) => critique.id === critiqueId)?.critique.text).toContain(words);
  });

  it('is all there after the window is loaded anew, and the run has gone on', async () => {
    const before = reading((store) => store.run(runId)?.lastStep) ?? 0;
    await window.page.reload({ timeout: patience, waitUntil: 'domcontentloaded' });
    await drawn(window.page);
    await window.openContainer('Critique-GRPO');
    await window.treeRow(/\/400|\/200/).waitFor();
    await window.treeRow(/in a row/).waitFor();
    await window.page.locator('.review-widget', { hasText: words }).first().waitFor();
    await window.runCommand('Critique-GRPO: Open Run');
    await eventually('a later step than before', async () => ((await newestStep()) > before ? true : undefined));
    expect(reading((store) => humanCritiques(store))).toHaveLength(1);
  });

  it('stops with a checkpoint', async () => {
    await window.runCommand('Critique-GRPO: Stop');
    await eventually('a stopped run', () => reading((store) => (store.run(runId)?.state === 'stopped' ? true : undefined)));
    const page = await window.webview('#run-state');
    await eventually('the dashboard to say so', async () => (/stopped/i.test(await page.locator('#run-state').innerText()) ? true : undefined));
  });
});

function humanCritiques(store: Store): { readonly text: string; readonly author: string }[] {
  const lines = readFileSync(join(session.workspace, 'train.jsonl'), 'utf8').split('\n');
  const problems = lines.map((line) => (JSON.parse(line) as { id: string }).id);
  return problems
    .flatMap((id) => store.problemHistory(runId, id)?.critiques ?? [])
    .filter(({ critique }) => critique.kind === 'human')
    .map(({ critique: { text, author } }) => ({ text, author }));
}

/** The newest step that the dashboard shows. */
async function newestStep(): Promise<number> {
  const page = await window.webview('#step');
  return Number((await page.locator('#step').innerText()).replaceAll(',', ''));
}
