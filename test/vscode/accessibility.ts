/** Every scene of the gallery in each theme: no serious or critical finding of axe-core. */
import { createRequire } from 'node:module';
import { chromium, type Page } from 'playwright-core';
import { afterAll, describe, expect, it } from 'vitest';
import { browserFlags, ensureBrowser } from '../../scripts/browser.mjs';
import { startGallery } from '../../scripts/gallery.mjs';
import { patience } from './workbenchWindow.ts';

const axe = createRequire(import.meta.url).resolve('axe-core/axe.min.js');
const gallery = await startGallery(0);
const browser = await chromium.launch({ executablePath: ensureBrowser(), args: browserFlags, timeout: patience });
// The rules are put into the page, which its own policy would not let in.
const context = await browser.newContext({ bypassCSP: true, viewport: { width: 1280, height: 900 } });
const page = await context.newPage();
page.setDefaultTimeout(patience);
await page.goto(gallery.url);
const scenes = await page.evaluate(() => (globalThis as unknown as { galleryScenes: readonly string[] }).galleryScenes);

afterAll(async () => {
  await browser.close();
  await gallery.stop();
});

describe.each(['dark', 'light', 'highContrast'])('in the theme %s', (theme) => {
  it('has the list of scenes', () => expect(scenes.length).toBeGreaterThan(10));

  it.each(scenes)('%s can be used by everyone', async (scene) => {
    await page.goto(`${gallery.url}?scene=${scene}&theme=${theme}`);
    await drawn(page);
    await page.addScriptTag({ path: axe });
    const findings = await page.evaluate(async () => {
      const { axe } = globalThis as unknown as { axe: { run(options: object): Promise<AxeResults> } };
      const { violations } = await axe.run({ resultTypes: ['violations'] });
      return violations
        .filter(({ impact }) => impact === 'serious' || impact === 'critical')
        .map(({ id, impact, nodes }) => `${impact ?? ''} ${id}: ${nodes.map(({ html }) => html.slice(0, 160)).join(' | ')}`);
    });
    expect(findings).toEqual([]);
  });
});

interface AxeResults {
  readonly violations: readonly { readonly id: string; readonly impact?: string; readonly nodes: readonly { readonly html: string }[] }[];
}

/** Scenes answer their own requests: what is shown has settled when nothing changed for a moment. */
async function drawn(page: Page): Promise<void> {
  await page.locator('#app > *').first().waitFor({ state: 'attached' });
  await page.evaluate(settled);
}

/** Runs in the page. */
const settled = `new Promise((resolve) => {
  let timer = setTimeout(resolve, 200);
  new MutationObserver(() => {
    clearTimeout(timer);
    timer = setTimeout(resolve, 200);
  }).observe(document, { subtree: true, childList: true, characterData: true });
  setTimeout(resolve, 1500);
})`;
