/** Runs as TensorBoard reads them: `<folder>/<run>/events.out.tfevents…`. */
import { createWriteStream } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { RunView } from '../../protocol/views.ts';
import type { MetricsExport } from '../metricsExport.ts';
import { scalarsOf } from '../scalars.ts';
import { scalarRecord, textRecord, versionRecord } from './eventFile.ts';

export async function writeTensorBoard(what: MetricsExport): Promise<(place: string) => string> {
  const { runs, folder } = what;
  for (const run of runs) {
    const target = join(folder, run.id);
    await mkdir(target, { recursive: true });
    const file = join(target, `events.out.tfevents.${Math.floor(run.createdAt / 1000)}.critique-grpo`);
    await pipeline(Readable.from(recordsOf(what, run)), createWriteStream(file));
  }
  return (place) =>
    `tensorboard --logdir ${place}\n  python -c "import trackio; trackio.import_tf_events('${place}', project='critique-grpo')"   # pip install trackio[tensorboard]`;
}

function* recordsOf({ store, verdicts }: MetricsExport, run: RunView): Generator<Uint8Array> {
  yield versionRecord(run.createdAt);
  yield textRecord('config', 0, run.createdAt, `\`\`\`json\n${JSON.stringify(run.config, null, 2)}\n\`\`\``);
  for (const step of scalarsOf(store, run.id, verdicts)) yield scalarRecord(step);
}
