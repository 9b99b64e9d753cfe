/** What a run came to, as its end is recorded and reported. */
import { sum } from '../core/stats.ts';
import type { Evaluation } from '../protocol/records.ts';
import { record } from './recording.ts';
import type { Run, RunOutcome } from './run.ts';

/** Records that the run stopped after `step`. */
export function stop(run: Run, step: number, reason: RunOutcome['reason'], message: string): RunOutcome {
  record(run, { events: [{ type: 'runStopped', step, reason, message }] });
  const evaluations = run.store.evaluations(run.id);
  const updates = run.store.updates(run.id).filter((update) => update.step <= step);
  const heldOutAt = (wanted: number): Evaluation | undefined =>
    evaluations.find((evaluation) => evaluation.step === wanted && evaluation.set === 'heldOut');
  return {
    reason,
    step,
    before: heldOutAt(0),
    after: step > 0 ? heldOutAt(step) : undefined,
    failuresBefore: run.store.recordedFailures(run.id, 0),
    failuresAfter: step > 0 ? run.store.recordedFailures(run.id, step) : [],
    tokensSampled: sum(updates.map((update) => update.tokensSampled)),
    tokensTrained: sum(updates.map((update) => update.tokensTrained)),
    updates: sum(updates.map((update) => update.metrics['updates'] ?? 0)),
  };
}
