/** Keys of critics: in the secret storage, and told to whoever connects. */
import { expect, it } from 'vitest';
import { CriticKeys } from '../../../extension/backend/criticKeys.ts';

function keysWith(isConnected: boolean) {
  const secrets = new Map<string, string>();
  const state = new Map<string, unknown>();
  const told: { name: string; key: string | null }[] = [];
  const keys = new CriticKeys({
    secrets: {
      get: (name) => Promise.resolve(secrets.get(name)),
      store: (name, value) => Promise.resolve(void secrets.set(name, value)),
      delete: (name) => Promise.resolve(void secrets.delete(name)),
    },
    state: {
      get: (<T>(name: string, otherwise: T) => (state.get(name) as T | undefined) ?? otherwise) as never,
      update: (name, value) => Promise.resolve(void state.set(name, value)),
    },
    tell: (key) => Promise.resolve(told.push(key)),
    isConnected: () => isConnected,
  });
  return { keys, secrets, state, told };
}

it('are kept in the secret storage alone, and told at once to a backend that is there', async () => {
  const { keys, secrets, state, told } = keysWith(true);
  await keys.set('CRITIC_API_KEY', 'secret');
  expect(told).toEqual([{ name: 'CRITIC_API_KEY', key: 'secret' }]);
  expect([...secrets.values()]).toEqual(['secret']);
  expect(JSON.stringify([...state])).not.toContain('secret');
});

it('are told to a backend that comes later, until they are forgotten', async () => {
  const { keys, secrets, told } = keysWith(false);
  await keys.set('A_API_KEY', 'a');
  await keys.set('B_API_KEY', 'b');
  await keys.set('A_API_KEY', 'a2');
  expect(told).toEqual([]);
  await keys.tellAll();
  expect(told).toEqual([
    { name: 'B_API_KEY', key: 'b' },
    { name: 'A_API_KEY', key: 'a2' },
  ]);
  await keys.set('B_API_KEY', null);
  expect([...secrets.values()]).toEqual(['a2']);
});
