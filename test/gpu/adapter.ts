/** Something that WebGPU can run on: the GPU in software that comes with Chromium, or this machine's own. */
import { existsSync, realpathSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { mayHaveGpu } from '../../backend/engine/local/providers.ts';
import { findProgram } from '../../scripts/debian.mjs';

/** Vulkan's driver manifest, and the loader beside it. */
const [manifest, loader] = ['vk_swiftshader_icd.json', 'libvulkan.so.1'];

/**
 * Lets the processes that are started from now on find an adapter; false where there is none. That in software comes first: it is the same
 * everywhere, and a test is not to depend on who has which GPU.
 */
export function provideAdapter(): boolean {
  const folder = softwareGpu();
  if (folder !== undefined) {
    Object.assign(process.env, { VK_ICD_FILENAMES: join(folder, manifest), LD_LIBRARY_PATH: folder });
    return true;
  }
  const isThere = process.platform !== 'darwin' && process.platform !== 'win32' ? mayHaveGpu() : true;
  if (!isThere) console.warn('Skipped: WebGPU has no adapter here. Install Chromium (`node scripts/browser.mjs`), which brings one in software.');
  return isThere;
}

function softwareGpu(): string | undefined {
  if (process.platform !== 'linux') return undefined;
  const chosen = process.env['CRITIQUE_GRPO_BROWSER'];
  const browser =
    chosen !== undefined && chosen !== '' ? chosen : findProgram('chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable');
  const beside = browser === null || !existsSync(browser) ? [] : [dirname(realpathSync(browser))];
  const folders = [...beside, '/usr/lib/chromium', '/usr/lib/chromium-browser', '/opt/google/chrome'];
  return folders.find((folder) => existsSync(join(folder, manifest)) && existsSync(join(folder, loader)));
}
