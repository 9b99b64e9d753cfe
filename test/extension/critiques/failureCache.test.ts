import { describe, expect, it } from 'vitest';
import { FailureCache, type Request } from '../../../extension/critiques/failureCache.ts';
import { failure } from './fixtures.ts';

const target = { runId: 'run-1', rolloutId: 'r1' };

/** A backend with one failure, which can be gone. */
function backend() {
  const asked: string[] = [];
  const state = { isGone: false };
  const answers: Partial<Record<string, unknown>> = { 'rollout/get': failure.attempt, 'critique/history': [], 'problem/get': failure.problem };
  const request = ((method: string) => {
    asked.push(method);
    return state.isGone ? Promise.reject(new Error('gone')) : Promise.resolve(answers[method]);
  }) as unknown as Request;
  return { asked, state, cache: new FailureCache(request) };
}

describe('FailureCache', () => {
  it('reads a failure once, and again once it was forgotten', async () => {
    const { cache, asked } = backend();
    const [first, second] = await Promise.all([cache.get(target), cache.get(target)]);
    expect(first).toBe(second);
    expect(first).toEqual(failure);
    expect(asked).toEqual(['rollout/get', 'critique/history', 'problem/get']);
    cache.forget(target);
    await cache.get(target);
    expect(asked).toHaveLength(6);
  });

  it('does not keep a failed read', async () => {
    const { cache, state } = backend();
    state.isGone = true;
    await expect(cache.get(target)).rejects.toThrow('gone');
    state.isGone = false;
    await expect(cache.get(target)).resolves.toEqual(failure);
  });

  it('is bounded', async () => {
    const { cache, asked } = backend();
    for (let index = 0; index < 40; index++) await cache.get({ runId: 'run-1', rolloutId: `r${index}` });
    asked.length = 0;
    await cache.get({ runId: 'run-1', rolloutId: 'r39' });
    expect(asked).toEqual([]);
    await cache.get({ runId: 'run-1', rolloutId: 'r0' });
    expect(asked).toHaveLength(3);
  });
});
