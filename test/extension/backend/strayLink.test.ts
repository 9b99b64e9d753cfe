/** Where links of an untrusted workspace may lead. */
import { existsSync, mkdirSync, readdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { findBackend, launchBackend } from '../../../extension/backend/launcher.ts';
import { refuseStrayLinks } from '../../../extension/backend/strayLink.ts';
import { temporaryFolder } from '../../support/temporaryFolder.ts';
import { launchOptions, workspaceOfTest } from './liveBackend.ts';

const own = '.critique-grpo';

/** What a person has elsewhere. */
function precious(): string {
  const folder = temporaryFolder();
  mkdirSync(join(folder, 'runs'));
  writeFileSync(join(folder, 'backend.start.log'), 'kept');
  return folder;
}

describe('a workspace for viewing only', () => {
  it.each<[string, (workspace: string, outside: string) => string]>([
    ['its folder', (workspace, outside) => link(outside, join(workspace, own))],
    ['its folder, to nothing', (workspace, outside) => link(join(outside, 'absent'), join(workspace, own))],
    ['its folder, by a relative way', (workspace) => link('..', join(workspace, own))],
    ['its folder, by way of the workspace', (workspace, outside) => link(link(outside, join(workspace, 'way')), join(workspace, own))],
    ['a file in its folder', (workspace, outside) => link(join(outside, 'backend.start.log'), join(ownFolder(workspace), 'backend.json'))],
    ['a folder in its folder', (workspace, outside) => link(join(outside, 'runs'), join(ownFolder(workspace), 'runs'))],
  ])('is refused where a link leads out of it: %s', async (_name, makeLink) => {
    const workspace = temporaryFolder();
    const outside = precious();
    const path = makeLink(workspace, outside);
    await expect(refuseStrayLinks(workspace)).rejects.toMatchObject({
      code: 'workspace.strayLink',
      message: expect.stringContaining(`${path} is a link to `) as unknown,
      remedy: expect.stringContaining('Trust the workspace') as unknown,
    });
  });

  it.each<[string, (workspace: string) => void]>([
    ['nothing', () => undefined],
    ['a folder', (workspace) => mkdirSync(join(workspace, own))],
    ['a link to a folder of the workspace', (workspace) => (mkdirSync(join(workspace, '..runs')), link('..runs', join(workspace, own)))],
  ])('may hold %s', async (_name, make) => {
    const workspace = temporaryFolder();
    make(workspace);
    await expect(refuseStrayLinks(workspace)).resolves.toBeUndefined();
  });

  it('may be reached by a link itself', async () => {
    const workspace = temporaryFolder();
    mkdirSync(join(workspace, 'runs'));
    mkdirSync(join(workspace, own));
    link(join(workspace, 'runs'), join(workspace, own, 'runs'));
    const way = link(workspace, join(temporaryFolder(), 'way'));
    await expect(refuseStrayLinks(way)).resolves.toBeUndefined();
  });

  it('starts no backend through such a link, finds none, and leaves alone what is there', async () => {
    const workspace = temporaryFolder();
    const outside = precious();
    link(outside, join(workspace, own));
    const refusal = { code: 'workspace.strayLink' };
    await expect(launchBackend(launchOptions(workspace, { isViewOnly: true }))).rejects.toMatchObject(refusal);
    await expect(findBackend(workspace, { isViewOnly: true })).rejects.toMatchObject(refusal);
    expect(readdirSync(outside).sort()).toEqual(['backend.start.log', 'runs']);
  });
});

describe('a trusted workspace', () => {
  it('may keep its runs on another disk', async () => {
    const workspace = workspaceOfTest();
    const outside = temporaryFolder();
    link(outside, join(workspace, own));
    const { pid } = await launchBackend(launchOptions(workspace));
    expect(await findBackend(workspace, { isViewOnly: false })).toMatchObject({ pid });
    expect(existsSync(join(outside, 'store.db'))).toBe(true);
  });
});

function ownFolder(workspace: string): string {
  mkdirSync(join(workspace, own));
  return join(workspace, own);
}

/** Returns the link's path. */
function link(target: string, path: string): string {
  symlinkSync(target, path);
  return path;
}
