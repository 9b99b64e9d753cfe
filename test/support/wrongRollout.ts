/** The rollout whose critique a person would rewrite. */
import type { Store } from '../../backend/store/store.ts';

/** A wrong rollout of the newest step that has one, one with a critique first. */
export function wrongRollout(store: Store, runId = 'run'): string {
  const rows = store.rolloutPage({ runId, status: 'wrong', limit: 1000 }).rows;
  const row = rows.find(({ critiqueKinds }) => critiqueKinds.length > 0) ?? rows[0];
  if (row === undefined) throw new Error('nothing went wrong');
  return row.id;
}
