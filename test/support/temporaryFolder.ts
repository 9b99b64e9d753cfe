/** Folders for tests, removed when they have ended. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, onTestFinished } from 'vitest';

/** Of the test that calls it. */
export function temporaryFolder(): string {
  const folder = makeFolder();
  onTestFinished(() => remove(folder));
  return folder;
}

/** Of all tests of the file; to be called outside of them. */
export function temporaryFolderOfFile(): string {
  const folder = makeFolder();
  afterAll(() => remove(folder));
  return folder;
}

function makeFolder(): string {
  return mkdtempSync(join(tmpdir(), 'critique-grpo-'));
}

function remove(folder: string): void {
  rmSync(folder, { recursive: true, force: true });
}
