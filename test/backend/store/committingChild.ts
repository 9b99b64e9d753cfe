/** A process to be killed: records steps of a run, telling the parent of each after its announcement. Arguments: workspace, run id. */
import { openStore } from '../../../backend/store/openStore.ts';
import { newRun, stepBatch } from './stepRecords.ts';

const [workspace, runId] = process.argv.slice(2);
if (workspace === undefined || runId === undefined) {
  throw new Error('Usage: committingChild.ts <workspace> <run id>');
}
const store = openStore(workspace);
if (store.run(runId) === null) {
  store.createRun(newRun(runId));
}
store.onEvents((events) => {
  process.send?.({ seq: events.at(-1)?.seq, step: store.run(runId)?.lastStep });
});
store.record({ runId, events: [{ type: 'runStarted', algorithm: 'critiqueGrpo', seed: 7, steps: 100_000, resumedFrom: null }] });
for (let step = 0; ; step++) {
  store.record(stepBatch(runId, step));
  // Lets the messages out.
  await new Promise((resolve) => setImmediate(resolve));
}
