/** The store is written by one process at a time: the backend gives it up while it has nothing to write. */
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, it, onTestFinished } from 'vitest';
import type { Event } from '../../../backend/protocol/events.ts';
import { StoreAccess } from '../../../backend/server/storeAccess.ts';
import { openStore } from '../../../backend/store/openStore.ts';
import { temporaryFolder } from '../../support/temporaryFolder.ts';

const notice = (message: string) => ({ runId: 'run', events: [{ type: 'noticeRaised' as const, step: 0, code: 'test.notice', message }] });

async function accessOf(workspace: string): Promise<{ stores: StoreAccess; heard: Event[] }> {
  const heard: Event[] = [];
  const stores = new StoreAccess(workspace, { isViewOnly: false, onEvents: (events) => heard.push(...events), releaseMs: 50 });
  onTestFinished(() => stores.close());
  return Promise.resolve({ stores, heard });
}

/** As another process would, which finds the store free. */
async function anotherWriter(workspace: string): Promise<ReturnType<typeof openStore>> {
  for (let tries = 0; ; tries++) {
    try {
      return openStore(workspace);
    } catch (error) {
      if (tries === 60) throw error;
      await sleep(50);
    }
  }
}

it('is given up when nothing is written, and what another writer keeps is heard', async () => {
  const workspace = temporaryFolder();
  const { stores, heard } = await accessOf(workspace);
  const other = await anotherWriter(workspace);
  other.createRun({ id: 'run', name: 'run', algorithm: 'grpo', seed: 0, config: { model: { path: 'm' }, data: { train: 'd' } } as never });
  other.record(notice('from outside'));
  expect(stores.canWrite()).toBe(false);
  await expect.poll(() => heard.length, { timeout: 5000 }).toBe(1);
  other.close();
  stores.writable.record(notice('from inside'));
  expect(heard.map(({ body }) => (body.type === 'noticeRaised' ? body.message : body.type))).toEqual(['from outside', 'from inside']);
});

it('is kept while work writes', async () => {
  const workspace = temporaryFolder();
  const { stores } = await accessOf(workspace);
  await stores.whileWriting(async () => {
    await sleep(1500);
    expect(() => openStore(workspace)).toThrow(/Another process/);
  });
  (await anotherWriter(workspace)).close();
});

it('stays open for work that reads and waits, whatever becomes of the writer meanwhile', async () => {
  const workspace = temporaryFolder();
  const { stores } = await accessOf(workspace);
  void stores.writable;
  await stores.whileReading(async (store) => {
    (await anotherWriter(workspace)).close();
    void stores.current;
    void stores.writable;
    expect(store.runs()).toEqual([]);
  });
});
