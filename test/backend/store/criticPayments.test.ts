/** What a run paid for critiques: each answer when it came, and what stores of before know of theirs. */
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { Connection } from '../../../backend/store/connection.ts';
import { openStore } from '../../../backend/store/openStore.ts';
import { temporaryFolder } from '../../support/temporaryFolder.ts';
import { newRun, stepBatch, temporaryStore } from './stepRecords.ts';

const payment = { purpose: 'study', model: 'judge', promptTokens: 100, completionTokens: 20, cost: 0.5 } as const;
const nothing = { answers: 0, promptTokens: 0, completionTokens: 0, cost: 0 };

it('is counted by purpose and run', () => {
  const { store } = temporaryStore();
  store.createRun(newRun('run'));
  store.createRun(newRun('other'));
  store.addCriticPayment('run', payment);
  store.addCriticPayment('run', { ...payment, cost: 0.25 });
  store.addCriticPayment('run', { ...payment, purpose: 'training' });
  expect(store.criticSpending('run')).toMatchObject({
    ...{ asked: 0, promptTokens: 0 },
    paid: {
      training: { answers: 1, promptTokens: 100, completionTokens: 20, cost: 0.5 },
      studies: { answers: 2, promptTokens: 200, completionTokens: 40, cost: 0.75 },
    },
  });
  expect(store.criticSpending('other').paid).toEqual({ training: nothing, studies: nothing });
  expect(() => store.addCriticPayment('nobody', payment)).toThrow(/no run nobody/u);
});

it('is what its critiques took in a store of before, but for those of models here', () => {
  const workspace = temporaryFolder();
  const store = openStore(workspace);
  store.createRun(newRun('run'));
  const batch = { ...stepBatch('run', 0), critiqueCalls: [] };
  store.record(batch);
  const [call] = Array.from({ length: 12 }, (_, step) => stepBatch('run', step).critiqueCalls).flat();
  if (call === undefined) throw new Error('no call');
  const calls = [
    call,
    { ...call, rolloutId: 'cached', promptTokens: 0, completionTokens: 0, cost: 0, isCached: true },
    { ...call, rolloutId: 'policy', critic: 'self', model: null },
    { ...call, rolloutId: 'folder', critic: 'weak-to-strong', model: 'models/weak' },
  ];
  store.record({ runId: 'run', critiqueCalls: calls });
  store.close();
  const connection = Connection.open(join(workspace, '.critique-grpo', 'store.db'), { readOnly: false });
  connection.exec('DROP TABLE criticPayments; DROP INDEX eventsByRun; DROP INDEX refinementsByRun; PRAGMA user_version = 5;');
  connection.close();
  const again = openStore(workspace);
  const { promptTokens, completionTokens, cost } = call;
  expect(again.criticSpending('run').paid).toEqual({ training: { answers: 1, promptTokens, completionTokens, cost }, studies: nothing });
  again.close();
});
