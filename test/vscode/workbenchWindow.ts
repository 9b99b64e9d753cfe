/** A browser window with a VS Code in it, and the gestures of a person who uses it. */
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { chromium, type BrowserContext, type Frame, type Locator, type Page } from 'playwright-core';
import { browserFlags, ensureBrowser } from '../../scripts/browser.mjs';
import { repositoryRoot } from '../support/sourceTree.ts';

/** Long, because a busy machine is no failure. */
export const patience = 120_000;

/** Pictures and logs of a run of these tests; ignored by git. */
export const resultsFolder = join(repositoryRoot, 'test-results');

export interface WorkbenchWindow {
  readonly page: Page;
  /** Runs a command by its title in the palette. */
  runCommand(title: string): Promise<void>;
  /** The row of the list that is open on top (palette, pick, suggestions), by its text. */
  pickRow(text: string | RegExp): Locator;
  pick(text: string | RegExp): Promise<void>;
  /** Types into the input that is open on top and confirms it. */
  enter(text: string): Promise<void>;
  /** Opens a container of the activity bar, if it is not open. */
  openContainer(title: string): Promise<void>;
  /** A row of a tree in the sidebar. */
  treeRow(text: string | RegExp): Locator;
  /** The innermost frame of the visible webview in which the selector matches. */
  webview(selector: string): Promise<Frame>;
  notification(text: string | RegExp): Locator;
  picture(name: string): Promise<string>;
  close(): Promise<void>;
}

export interface WindowOptions {
  readonly url: string;
  /** Of the browser, kept across windows. */
  readonly profile: string;
  /** Called before the page is loaded. */
  readonly prepare?: (page: Page) => Promise<void>;
}

/** Resolves when the workbench is drawn. */
export async function openWindow({ url, profile, prepare }: WindowOptions): Promise<WorkbenchWindow> {
  const context = await chromium.launchPersistentContext(profile, {
    executablePath: ensureBrowser(),
    headless: true,
    args: browserFlags,
    viewport: { width: 1440, height: 900 },
    timeout: patience,
  });
  try {
    const page = context.pages()[0] ?? (await context.newPage());
    page.setDefaultTimeout(patience);
    await prepare?.(page);
    await page.goto(url, { timeout: patience, waitUntil: 'domcontentloaded' });
    await drawn(page);
    return windowOf(context, page);
  } catch (error) {
    await context.close();
    throw error;
  }
}

/** Resolves when the workbench of a page that was loaded anew is drawn. */
export async function drawn(page: Page): Promise<void> {
  await page.locator('.monaco-workbench .activitybar').waitFor({ timeout: patience });
  await page.locator('.monaco-workbench .statusbar-item').first().waitFor({ timeout: patience });
}

function windowOf(context: BrowserContext, page: Page): WorkbenchWindow {
  const input = page.locator('.quick-input-widget:visible input.input, .quick-input-widget:visible .quick-input-box input');
  const pickRow = (text: string | RegExp): Locator =>
    page.locator('.quick-input-widget:visible .quick-input-list .monaco-list-row', { hasText: text }).first();
  return {
    page,
    async runCommand(title) {
      await page.keyboard.press('F1');
      await input.first().waitFor();
      await input.first().fill(`>${title}`);
      await pickRow(new RegExp(`^\\s*${title.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')}`)).click();
    },
    pickRow,
    async pick(text) {
      await pickRow(text).click();
    },
    async enter(text) {
      await input.first().fill(text);
      await page.keyboard.press('Enter');
    },
    async openContainer(title) {
      const icon = page.locator(`.activitybar .action-item:has([aria-label^='${title}'])`).first();
      const open = page.locator('.part.sidebar .composite.title', { hasText: title });
      await icon.waitFor();
      // A window that was just loaded opens its last container by itself, and a click on an open one closes it: look, then click, then look.
      while (!(await isSeen(open))) await icon.click();
    },
    treeRow: (text) => page.locator('.pane-body .monaco-list-row', { hasText: text }).first(),
    webview: (selector) => frameWith(page, selector),
    notification: (text) => page.locator('.notification-toast', { hasText: text }).first(),
    async picture(name) {
      mkdirSync(resultsFolder, { recursive: true });
      const path = join(resultsFolder, `${name}.png`);
      await page.screenshot({ path });
      return path;
    },
    close: () => context.close(),
  };
}

/** Within a moment. */
async function isSeen(locator: Locator): Promise<boolean> {
  return locator.waitFor({ timeout: 3000 }).then(
    () => true,
    () => false,
  );
}

/** Webviews are frames in frames that come and go: looks again until one has it. */
async function frameWith(page: Page, selector: string): Promise<Frame> {
  const deadline = Date.now() + patience;
  for (;;) {
    for (const frame of page.frames()) {
      if (frame === page.mainFrame()) continue;
      // A frame that is just going away has nothing.
      if (
        (await frame
          .locator(selector)
          .count()
          .catch(() => 0)) > 0
      )
        return frame;
    }
    if (Date.now() > deadline)
      throw new Error(
        `No webview shows ${selector}; frames: ${page
          .frames()
          .map((frame) => frame.url().slice(0, 80))
          .join(', ')}`,
      );
    await page.waitForTimeout(200);
  }
}
