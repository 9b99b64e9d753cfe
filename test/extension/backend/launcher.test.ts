import { mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { protocolVersion } from '../../../backend/protocol/methods.ts';
import { BackendClient } from '../../../extension/backend/client.ts';
import { findBackend, launchBackend } from '../../../extension/backend/launcher.ts';
import { temporaryFolder } from '../../support/temporaryFolder.ts';
import { endProcess, launchOptions, until, workspaceOfTest } from './liveBackend.ts';

describe('looking for a backend', () => {
  const whole = { port: 1, pid: process.pid, token: 'secret', protocolVersion, startedAt: 0 };

  it.each<[string, string | null, boolean]>([
    ['no file', null, false],
    ['a file that is no JSON', '{"port":', false],
    ['a file that lacks something', JSON.stringify({ ...whole, token: undefined }), false],
    ['a file of a process that is gone', JSON.stringify({ ...whole, pid: 2 ** 22 + 1 }), false],
    ['a file of no process', JSON.stringify({ ...whole, pid: 0 }), false],
    ['a file of a living process', JSON.stringify(whole), true],
  ])('%s', async (_name, text, isFound) => {
    const workspace = temporaryFolder();
    if (text !== null) {
      mkdirSync(join(workspace, '.critique-grpo'));
      writeFileSync(join(workspace, '.critique-grpo', 'backend.json'), text, { mode: 0o600 });
    }
    expect((await findBackend(workspace, { isViewOnly: false })) !== null).toBe(isFound);
  });
});

describe('starting a backend', () => {
  it('gives one that answers, and a second start finds the first', async () => {
    const workspace = workspaceOfTest();
    const first = await launchBackend(launchOptions(workspace));
    expect(await findBackend(workspace, { isViewOnly: false })).toEqual(first);
    expect(await launchBackend(launchOptions(workspace))).toEqual(first);
    const { client, hello } = await BackendClient.connect(first);
    expect(hello).toMatchObject({ workspace, pid: first.pid, isViewOnly: false });
    client.close();
  });

  it('for viewing only refuses to train, and says why', async () => {
    const workspace = workspaceOfTest();
    const { client, hello } = await BackendClient.connect(await launchBackend(launchOptions(workspace, { isViewOnly: true })));
    expect(hello.isViewOnly).toBe(true);
    await expect(client.request('run/start', { source: { preset: 'demo' } })).rejects.toMatchObject({ code: 'workspace.untrusted' });
    client.close();
  });

  it('starts anew after one was killed', async () => {
    const workspace = workspaceOfTest();
    const first = await launchBackend(launchOptions(workspace));
    endProcess(first.pid);
    await until(() => !isAlive(first.pid), 'the end of the first');
    const second = await launchBackend(launchOptions(workspace));
    expect(second.pid).not.toBe(first.pid);
    (await BackendClient.connect(second)).client.close();
  });

  it('writes through no link that a folder from elsewhere may hold', async () => {
    const workspace = workspaceOfTest();
    const precious = join(workspace, 'precious');
    writeFileSync(precious, 'kept');
    mkdirSync(join(workspace, '.critique-grpo'));
    symlinkSync(precious, join(workspace, '.critique-grpo', 'backend.start.log'));
    await launchBackend(launchOptions(workspace, { isViewOnly: true }));
    expect(readFileSync(precious, 'utf8')).toBe('kept');
  });

  it('says which Node cannot be started', async () => {
    const start = launchBackend(launchOptions(workspaceOfTest(), { node: '/no/such/node' }));
    await expect(start).rejects.toMatchObject({ code: 'backend.noStart', message: expect.stringContaining('/no/such/node') as unknown });
  });

  it('hands on the last words of one that dies early', async () => {
    const workspace = workspaceOfTest();
    const script = join(workspace, 'dies.js');
    writeFileSync(script, "console.error('first words'); console.error('GLIBC_2.28 not found'); process.exit(3);");
    const start = launchBackend(launchOptions(workspace, { entry: script }));
    await expect(start).rejects.toMatchObject({
      code: 'backend.noStart',
      message: expect.stringContaining('GLIBC_2.28 not found') as unknown,
      remedy: expect.stringContaining('critiqueGrpo.nodePath') as unknown,
    });
  });

  it('hands on the reason of one that refuses', async () => {
    const start = launchBackend(launchOptions(workspaceOfTest(), { idleMinutes: -1 }));
    await expect(start).rejects.toMatchObject({ code: 'option.invalid' });
  });
});

describe('connecting', () => {
  it('with a wrong token is refused', async () => {
    const { port } = await launchBackend(launchOptions(workspaceOfTest()));
    await expect(BackendClient.connect({ port, token: 'wrong' })).rejects.toMatchObject({ code: 'backend.refused' });
  });
});

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}
