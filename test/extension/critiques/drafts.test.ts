import { describe, expect, it } from 'vitest';
import { Drafts, type Draft, type DraftStorage } from '../../../extension/critiques/drafts.ts';

/** Keeps what it is given as the editor does: as JSON. */
function storage(): DraftStorage {
  const values = new Map<string, string>();
  return {
    get: (key) => {
      const value = values.get(key);
      return value === undefined ? undefined : (JSON.parse(value) as never);
    },
    update: (key, value) => {
      values.set(key, JSON.stringify(value));
      return Promise.resolve();
    },
  };
}

const draft: Draft = { runId: 'run-1', rolloutId: 'r1', baseId: 'c1', text: 'half a thou', time: 1 };

describe('Drafts', () => {
  it('are there after a reload, one a rollout, until dropped', async () => {
    const kept = storage();
    await new Drafts(kept).keep(draft);
    await new Drafts(kept).keep({ ...draft, text: 'a whole thought', time: 2 });
    await new Drafts(kept).keep({ ...draft, rolloutId: 'r2' });
    const drafts = new Drafts(kept);
    expect(drafts.of('run-1', 'r1')?.text).toBe('a whole thought');
    await drafts.drop('run-1', 'r1');
    expect(drafts.of('run-1', 'r1')).toBeNull();
    expect(drafts.of('run-1', 'r2')).not.toBeNull();
    expect(drafts.of('run-2', 'r2')).toBeNull();
  });

  it('are bounded: the oldest goes', async () => {
    const drafts = new Drafts(storage());
    for (let index = 0; index < 60; index++) await drafts.keep({ ...draft, rolloutId: `r${index}` });
    expect(drafts.of('run-1', 'r9')).toBeNull();
    expect(drafts.of('run-1', 'r10')).not.toBeNull();
  });
});
