/** Keys of critics: in the secret storage, and told to whoever connects. */
import { expect, it } from 'vitest';
import { CriticKeys } from '../../../extension/backend/criticKeys.ts';

function keysWith(isConnected: boolean) {
  const secrets = new Map<string, string>();
  const state = new Map<string, unknown>();
  const told: { name: string; key: string | null; origin?: string | undefined }[] = [];
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
  await keys.set('CRITIC_API_KEY', 'secret', 'https://a.example');
  expect(told).toEqual([{ name: 'CRITIC_API_KEY', key: 'secret', origin: 'https://a.example' }]);
  expect([...secrets.values()]).toEqual(['secret']);
  expect(JSON.stringify([...state])).not.toContain('secret');
});

it('are told to a backend that comes later, until they are forgotten', async () => {
  const { keys, secrets, told } = keysWith(false);
  await keys.set('A_API_KEY', 'a', 'https://a.example');
  await keys.set('B_API_KEY', 'b', 'https://b.example');
  await keys.set('A_API_KEY', 'a2', 'http://127.0.0.1:1');
  expect(told).toEqual([]);
  await keys.tellAll();
  expect(told).toEqual([
    { name: 'A_API_KEY', key: 'a2', origin: 'http://127.0.0.1:1' },
    { name: 'B_API_KEY', key: 'b', origin: 'https://b.example' },
  ]);
  await keys.forget('B_API_KEY');
  expect([...secrets.values()]).toEqual(['a2']);
});
