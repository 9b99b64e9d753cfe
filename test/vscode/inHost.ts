/** Runs the tests of `suite/` inside the extension host of a real VS Code, and shows each as a test of its own here. */
import { existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { format } from 'node:util';
import { build } from 'esbuild';
import type { Page } from 'playwright-core';
import { describe, expect, it } from 'vitest';
import { startCodeServer } from '../../scripts/codeServer.mjs';
import { ensureVsCode } from '../../scripts/vscode.mjs';
import { repositoryRoot } from '../support/sourceTree.ts';
import type { HostReport } from './suite/index.ts';
import { endBackendOf, makeFixtureWorkspace } from './fixtureWorkspace.ts';
import { openWindow, patience, resultsFolder } from './workbenchWindow.ts';

const folder = mkdtempSync(join(tmpdir(), 'critique-grpo-host-'));
const program = join(resultsFolder, 'inHost/index.cjs');

await build({
  entryPoints: [join(repositoryRoot, 'test/vscode/suite/index.ts')],
  outfile: program,
  bundle: true,
  platform: 'node',
  target: 'node22',
  format: 'cjs',
  external: ['vscode', 'mocha'],
  sourcemap: 'inline',
  logLevel: 'warning',
});
const workspace = makeFixtureWorkspace(join(folder, 'workspace'));

try {
  await show('in a trusted workspace', true);
  await show('in an untrusted workspace', false);
} finally {
  rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
}

/** Tests are known only after they have run: the run happens while vitest collects. */
async function show(title: string, isTrusted: boolean): Promise<void> {
  const { tests } = await runInHost(isTrusted);
  describe(title, () => {
    expect(tests.length).toBeGreaterThan(0);
    for (const { title: name, error, milliseconds } of tests) {
      it(`${name} (${milliseconds} ms)`, () => {
        if (error !== null) throw new Error(error);
      });
    }
  });
}

async function runInHost(isTrusted: boolean): Promise<HostReport> {
  const place = join(folder, isTrusted ? 'trusted' : 'untrusted');
  const report = join(place, 'report.json');
  const messages = join(place, 'messages.json');
  mkdirSync(place, { recursive: true });
  const server = await startCodeServer({
    folder: place,
    isTrusting: isTrusted,
    settings: { 'security.workspace.trust.startupPrompt': 'never', 'security.workspace.trust.emptyWindow': false },
    env: { CRITIQUE_GRPO_REPORT: report, CRITIQUE_GRPO_TRUSTED: isTrusted ? 'yes' : 'no', CRITIQUE_GRPO_MESSAGES: messages },
    args: ensureVsCode().forTests,
  });
  const remote = (path: string): string => `vscode-remote://127.0.0.1:${server.port}${path}`;
  const payload = [
    ['extensionDevelopmentPath', remote(repositoryRoot.replace(/\/$/, ''))],
    ['extensionTestsPath', remote(program)],
    ['skipWelcome', 'true'],
  ];
  let said = '';
  try {
    let ended: (code: number) => void = () => undefined;
    const exitCode = new Promise<number>((resolve) => (ended = resolve));
    const window = await openWindow({
      url: server.url(workspace, { payload: JSON.stringify(payload) }),
      profile: join(place, 'browser'),
      prepare: async (page) => {
        await page.exposeFunction('codeAutomationExit', (code: number) => ended(code));
        await page.exposeFunction('codeAutomationLog', (_type: string, words: readonly unknown[]) => (said += `${format(...words)}\n`));
      },
    });
    const watch = watchMessages(window.page, messages);
    try {
      const timeout = new Promise<number>((_, reject) => {
        setTimeout(() => reject(new Error('The extension host did not finish its tests.')), 2 * patience).unref();
      });
      await Promise.race([exitCode, timeout]);
    } catch (error) {
      await window.picture(`inHost-${isTrusted ? 'trusted' : 'untrusted'}`);
      throw error;
    } finally {
      clearInterval(watch);
      await window.close();
    }
  } finally {
    await server.stop();
    endBackendOf(workspace);
  }
  if (!existsSync(report)) throw new Error(`The extension host ran no tests. It said:\n${said}`);
  return JSON.parse(readFileSync(report, 'utf8')) as HostReport;
}

/** The suite cannot see the screen: what the window says goes to a file, each text once. */
function watchMessages(page: Page, path: string): NodeJS.Timeout {
  const seen = new Set<string>();
  const look = async (): Promise<void> => {
    const before = seen.size;
    // The page may be closing.
    const texts = await page
      .locator('.notification-list-item')
      .allInnerTexts()
      .catch(() => []);
    for (const text of texts) seen.add(text.replaceAll('\u00a0', ' '));
    if (seen.size === before) return;
    writeFileSync(`${path}.new`, JSON.stringify([...seen]));
    renameSync(`${path}.new`, path);
  };
  return setInterval(() => void look(), 200);
}
