/** Runs as TensorBoard reads them: `<folder>/<run>/events.out.tfevents…`. */
import { createWriteStream } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { RunView } from '../../protocol/views.ts';
import type { StoreReader } from '../../store/storeReader.ts';
import { scalarsOf } from '../scalars.ts';
import { scalarRecord, textRecord, versionRecord } from './eventFile.ts';

export async function writeTensorBoard(store: StoreReader, runs: readonly RunView[], folder: string): Promise<(folder: string) => string> {
  for (const run of runs) {
    const target = join(folder, run.id);
    await mkdir(target, { recursive: true });
    const file = join(target, `events.out.tfevents.${Math.floor(run.createdAt / 1000)}.critique-grpo`);
    await pipeline(Readable.from(recordsOf(store, run)), createWriteStream(file));
  }
  return (place) => `tensorboard --logdir ${place}`;
}

function* recordsOf(store: StoreReader, run: RunView): Generator<Uint8Array> {
  yield versionRecord(run.createdAt);
  yield textRecord('config', 0, run.createdAt, `\`\`\`json\n${JSON.stringify(run.config, null, 2)}\n\`\`\``);
  for (const step of scalarsOf(store, run.id)) yield scalarRecord(step);
}
