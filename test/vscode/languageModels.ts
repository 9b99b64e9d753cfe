/**
 * A critic that asks the editor's own language models, from the list of critics to the store: an extension of the tests brings a model, the
 * editor asks the person for consent. Each test goes on where the one before ended.
 */
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { build } from 'esbuild';
import { parse } from 'jsonc-parser';
import type { Locator } from 'playwright-core';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { ensureVsCode } from '../../scripts/vscode.mjs';
import type { RunState } from '../../backend/protocol/views.ts';
import type { Store } from '../../backend/store/store.ts';
import { withSetting } from '../../extension/runFiles/setting.ts';
import { repositoryRoot } from '../support/sourceTree.ts';
import { runFile } from './fixtureWorkspace.ts';
import { eventually, openSession, type Session } from './session.ts';
import type { Behavior } from './modelProvider.ts';
import type { WorkbenchWindow } from './workbenchWindow.ts';

const folder = mkdtempSync(join(tmpdir(), 'critique-grpo-models-'));
const behavior = join(folder, 'behavior');
const notes = join(folder, 'notes');

let session: Session;
let window: WorkbenchWindow;

beforeAll(async () => {
  await makeProvider(join(folder, 'provider'));
  behave('absent');
  writeFileSync(notes, '');
  session = await openSession({
    name: 'languageModels',
    workspace: { steps: 1, nProblems: 4, nHopeless: 4, evaluateEvery: 0, learningRate: 1e-6 },
    env: { CRITIQUE_GRPO_MODEL_BEHAVIOR: behavior, CRITIQUE_GRPO_MODEL_NOTES: notes },
    args: ensureVsCode().forTests,
    query: (port) => ({ payload: JSON.stringify([['extensionDevelopmentPath', `vscode-remote://127.0.0.1:${port}${join(folder, 'provider')}`]]) }),
  });
  ({ window } = session);
  const path = join(session.workspace, runFile);
  // One try, and nothing in the place of a critique that could not be had.
  const options = { retries: 0, maxRegenerations: 0, fallback: 'none', cache: false };
  writeFileSync(path, withSetting(readFileSync(path, 'utf8'), ['criticOptions'], options));
});

afterEach(async ({ task }) => {
  if (task.result?.state === 'fail') await session.failed();
});

afterAll(async () => {
  await session.close();
  rmSync(folder, { recursive: true, force: true });
});

describe('the editor’s language models as a critic', () => {
  it('are chosen from the list of critics, with their names', async () => {
    await window.openContainer('Critique-GRPO');
    behave('answers');
    await window.runCommand('Critique-GRPO: Choose Critic');
    await window.pick(/asks a model at an endpoint/);
    await window.pickRow(/Fake Model/).waitFor();
    await window.pick(/Fake Model/);
    await window.page.locator('.view-line', { hasText: '"endpoint": "editor"' }).waitFor();
    await window.runCommand('File: Save');
    await eventually('the saved file', () => {
      const { critic, criticOptions } = parse(readFileSync(join(session.workspace, runFile), 'utf8')) as Record<string, unknown>;
      return critic === 'chainOfThought' && (criticOptions as { model?: string }).model === 'fake-model' ? true : undefined;
    });
  });

  it('that are gone cost the critiques, not the run', async () => {
    behave('absent');
    const runId = await train();
    await ended(runId, 'finished');
    expect(errorsOf(runId)).toEqual([expect.stringMatching(/no language model named fake-model\. Install an extension/)]);
  });

  it('are not used without consent, for which the person is asked once a run', async () => {
    behave('answers');
    const runId = await train();
    await consentDialog().waitFor();
    expect(await consentDialog().innerText()).toMatch(
      /'Critique-GRPO Workbench' wants to access the language models provided by .*A critic of your/s,
    );
    await consentDialog().getByRole('button', { name: 'Cancel' }).click();
    await ended(runId, 'finished');
    // A window that can be driven by tests shows no toasts.
    await window.runCommand('Notifications: Show Notifications');
    await window.page.locator('.notifications-center', { hasText: /consent was refused\. Training goes on without its critiques/ }).waitFor();
    expect(await consentDialog().count()).toBe(0);
    expect(errorsOf(runId)).toEqual([expect.stringMatching(/"Fake Model" may not be used: consent was refused/)]);
    expect(noted('asked')).toBe(0);
  });

  it('write critiques once they may', async () => {
    const runId = await train();
    await consentDialog().waitFor();
    await consentDialog().getByRole('button', { name: 'Allow' }).click();
    await ended(runId, 'finished');
    const calls = session.reading((store) => store.critiqueCalls(runId, {})) ?? [];
    expect(calls.length).toBeGreaterThan(0);
    expect(noted('asked')).toBe(calls.length);
    for (const call of calls) expect(call).toMatchObject({ model: 'fake-model', conclusion: 'wrong', error: null, fallback: null });
    expect(calls.every(({ promptTokens, completionTokens }) => promptTokens > 100 && completionTokens === 18)).toBe(true);
    const critiques = session.reading((store) => calls.flatMap(({ rolloutId }) => store.critiqueHistory(runId, rolloutId))) ?? [];
    expect(critiques.map(({ critique: { kind, text } }) => `${kind}: ${text}`)).toContain(
      'chainOfThought: The second step does not follow from the first. Conclusion: wrong',
    );
  });

  it('that fail in the middle of an answer cost that critique, not the run', async () => {
    behave('fails');
    const runId = await train();
    await ended(runId, 'finished');
    expect(errorsOf(runId)).toContainEqual(expect.stringMatching(/the line went dead/));
    expect(session.reading((store) => store.criticSpending(runId).answered)).toBe(0);
  });

  it('are told when their answer is no longer wanted', async () => {
    behave('hangs');
    const asked = noted('asked');
    const runId = await train();
    await eventually('a question to the model', () => (noted('asked') > asked ? true : undefined));
    await window.runCommand('Critique-GRPO: Stop');
    await ended(runId, 'stopped');
    const answered = await eventually('the word that it is cancelled', () => noted('cancelled') || undefined);
    expect(answered).toBeGreaterThan(0);
  });
});

async function makeProvider(place: string): Promise<void> {
  mkdirSync(place);
  const manifest = {
    ...{ name: 'model-provider', publisher: 'test', version: '0.0.1', engines: { vscode: '^1.104.0' }, main: './provider.cjs' },
    // Only with it can a model demand consent.
    enabledApiProposals: ['chatProvider'],
    contributes: { languageModelChatProviders: [{ vendor: 'fake', displayName: 'Fake Models' }] },
  };
  writeFileSync(join(place, 'package.json'), JSON.stringify(manifest));
  await build({
    entryPoints: [join(repositoryRoot, 'test/vscode/modelProvider.ts')],
    outfile: join(place, 'provider.cjs'),
    bundle: true,
    platform: 'node',
    target: 'node22',
    format: 'cjs',
    external: ['vscode'],
    logLevel: 'warning',
  });
}

function behave(how: Behavior): void {
  writeFileSync(behavior, how);
}

function noted(what: string): number {
  return readFileSync(notes, 'utf8')
    .split('\n')
    .filter((line) => line === what).length;
}

/** Starts the run file from the palette; returns the new run. */
async function train(): Promise<string> {
  const runIds = (store: Store): readonly string[] => store.runs().map(({ id }) => id);
  const before = session.reading(runIds) ?? [];
  await window.runCommand('Critique-GRPO: Start Training');
  await window.pick(runFile);
  await window.pick(/Start word-problems/);
  return eventually('a new run', () => session.reading(runIds)?.find((id) => !before.includes(id)));
}

async function ended(runId: string, state: RunState): Promise<void> {
  await eventually(`a run that is ${state}`, () => (session.reading((store) => store.run(runId)?.state) === state ? true : undefined));
}

/** Each once. */
function errorsOf(runId: string): readonly string[] {
  const calls = session.reading((store) => store.critiqueCalls(runId, {})) ?? [];
  return [...new Set(calls.flatMap(({ error }) => error ?? []))].filter((error) => !error.includes('is left alone'));
}

function consentDialog(): Locator {
  return window.page.locator('.monaco-dialog-box', { hasText: 'wants to access the language models' });
}
