/** Write, then tell: what a run records is in the store before its observer hears of it. */
import type { Event } from '../protocol/events.ts';
import type { RecordBatch } from '../store/recorder.ts';
import type { Run } from './run.ts';

/** Records all of the batch or nothing; returns its new events. Those of a replayed step are in the store already and are not told again. */
export function record(run: Pick<Run, 'id' | 'store' | 'observer'>, batch: Omit<RecordBatch, 'runId'>): readonly Event[] {
  const { events } = run.store.record({ ...batch, runId: run.id });
  for (const event of events) run.observer.onEvent?.(event);
  return events;
}
