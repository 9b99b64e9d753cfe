/** What the pages make of the toolkit's controls, in a browser: values set from outside, keys, states, names. */
import { chromium } from 'playwright-core';
import { afterAll, describe, expect, it } from 'vitest';
import { browserFlags, ensureBrowser } from '../../scripts/browser.mjs';
import { startGallery } from '../../scripts/gallery.mjs';
import { patience } from './workbenchWindow.ts';

const gallery = await startGallery(0);
const browser = await chromium.launch({ executablePath: ensureBrowser(), args: browserFlags, timeout: patience });
const page = await (await browser.newContext({ viewport: { width: 1280, height: 900 } })).newPage();
page.setDefaultTimeout(patience);

afterAll(async () => {
  await browser.close();
  await gallery.stop();
});

async function open(scene: string, ready: string): Promise<void> {
  await page.goto(`${gallery.url}?scene=${scene}`);
  await page.locator(ready).first().waitFor();
}

/** Waits until a page says so: fields answer to typing a moment later. */
async function becomes<T>(read: () => Promise<T>, expected: T): Promise<void> {
  await expect.poll(read, { timeout: patience }).toEqual(expected);
}

const chips = (): Promise<string[]> => page.locator('.chip-label').allInnerTexts();
// As texts: they run in the page, whose types are none of this program's.
const inPage = (id: string, expression: string): Promise<unknown> => page.evaluate(`document.getElementById(${JSON.stringify(id)})${expression}`);
/** What a dropdown shows. */
const shown = (id: string): Promise<unknown> => inPage(id, '.displayValue');
const property = (id: string, name: 'value' | 'checked' | 'disabled'): Promise<unknown> => inPage(id, `.${name}`);
const insideAttribute = (id: string, name: string): Promise<unknown> => inPage(id, `.shadowRoot.querySelector('button').getAttribute('${name}')`);

describe('a dropdown', () => {
  it('shows what is chosen elsewhere, whenever its options came', async () => {
    await open('rollouts-filtered', '#clear-filters');
    await becomes(async () => [await shown('filter-level'), await shown('filter-status')], ['hard', 'wrong']);
    await page.locator('#clear-filters').click();
    await becomes(async () => [await shown('filter-level'), await shown('filter-status')], ['any', 'any']);
    await becomes(chips, []);
  });

  it('is changed by keys and by the pointer, once each', async () => {
    await page.locator('#filter-status').focus();
    await page.keyboard.press('ArrowDown');
    await becomes(chips, ['verdict: right']);
    await page.keyboard.press('ArrowDown');
    await becomes(chips, ['verdict: wrong']);
    await page.locator('#filter-critiqueKind').click();
    await page.locator('#filter-critiqueKind vscode-option', { hasText: 'step-level' }).click();
    await becomes(chips, ['verdict: wrong', 'critique: step-level']);
    await page.locator('#chip-critiqueKind').click();
    await becomes(() => shown('filter-critiqueKind'), 'any');
  });

  it('offers groups that were left out by that name, once it is known', async () => {
    await open('rollouts-left-out', '#chip-groupKind');
    await becomes(() => shown('filter-groupKind'), 'filtered: all right');
    await becomes(chips, ['group: filtered: all right']);
    expect(await page.locator('.row.filtered').count()).toBeGreaterThan(10);
  });
});

describe('a field', () => {
  it('is reached by its key, which it then takes like any other', async () => {
    await open('rollouts-many', '#rollout-row-0');
    await page.locator('#rollout-rows').focus();
    await page.keyboard.press('/');
    await page.keyboard.type('a/b');
    await becomes(() => property('filter-text', 'value'), 'a/b');
    await becomes(chips, ['text: a/b']);
    await page.locator('#chip-text').click();
    await becomes(() => property('filter-text', 'value'), '');
  });

  it('is called by its label', async () => {
    for (const label of ['Search answers and critiques', 'From step', 'To step', 'Problem']) {
      await page.getByRole('textbox', { name: label, exact: true }).waitFor();
    }
  });
});

describe('a check box', () => {
  it('follows the page without answering back, and is named by its words', async () => {
    await open('lab-ready', '#unfold-none, #run-comparison');
    const self = page.getByRole('checkbox', { name: 'Self What the policy itself says of its answer.' });
    expect(await self.getAttribute('aria-checked')).toBe('true');
    await self.focus();
    await page.keyboard.press('Space');
    await becomes(() => page.locator('.run-line [role=status]').innerText(), '32 refinements');
    await page.locator('#human-text').focus();
    await page.keyboard.type('Check step 3.');
    await becomes(() => property('critic-human', 'checked'), true);
  });

  it('rests while critics are at work, and no longer', async () => {
    await open('lab-running', '#cancel-comparison');
    await becomes(async () => [await property('critic-self', 'disabled'), await property('human-text', 'disabled')], [true, true]);
    await page.locator('#cancel-comparison').click();
    await becomes(async () => [await property('critic-self', 'disabled'), await property('human-text', 'disabled')], [false, false]);
  });

  it('lays a run over the others, or takes it away, once a click', async () => {
    await open('run-compared', '#overlays');
    await page.locator('#overlays').click();
    await page.locator('[id="overlay-demo-grpo-0"]').click();
    await becomes(() => page.locator('#overlays').innerText(), 'Compare with (1)');
    await page.locator('[id="overlay-demo-grpo-0"]').click();
    await becomes(() => page.locator('#overlays').innerText(), 'Compare with (2)');
    await page.keyboard.press('Escape');
    expect(await page.locator('.overlays').getAttribute('open')).toBeNull();
  });
});

describe('a button', () => {
  it('tells its state where a screen reader looks for it', async () => {
    await open('lab-results', '#unfold-human');
    expect(await insideAttribute('unfold-human', 'aria-expanded')).toBe('false');
    await page.locator('#unfold-human').click();
    await becomes(() => insideAttribute('unfold-human', 'aria-expanded'), 'true');
    expect(await insideAttribute('train-human', 'aria-label')).toBe('Train on this: critique by Human');
  });

  it('is pressed by Enter, and is not while it cannot be', async () => {
    await page.locator('#train-human').focus();
    await page.keyboard.press('Enter');
    await page.getByText('Handed to the run.').waitFor();
    await open('lab-error', '#run-comparison');
    expect(await page.getByRole('button', { name: 'Run', exact: true }).isDisabled()).toBe(true);
  });
});
