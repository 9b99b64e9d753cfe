/** Runs as tables: a column `step`, a column `timestamp`, one for each number; cells without a number are empty. */
import { createWriteStream } from 'node:fs';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { RunView } from '../protocol/views.ts';
import type { StoreReader } from '../store/storeReader.ts';
import { scalarsOf } from './scalars.ts';

export async function writeCsv(store: StoreReader, runs: readonly RunView[], folder: string): Promise<(folder: string) => string> {
  for (const { id } of runs) await pipeline(Readable.from(linesOf(store, id)), createWriteStream(join(folder, `${id}.csv`)));
  const first = runs[0]?.id ?? 'run';
  return (place) => `python -c "import trackio; trackio.import_csv('${join(place, `${first}.csv`)}', project='critique-grpo')"`;
}

function* linesOf(store: StoreReader, runId: string): Generator<string> {
  // Two readings: the columns are known only at the end of the first.
  const names = new Set<string>();
  for (const { values } of scalarsOf(store, runId)) for (const name of Object.keys(values)) names.add(name);
  const columns = [...names].sort();
  yield line(['step', 'timestamp', ...columns]);
  for (const { step, time, values } of scalarsOf(store, runId)) {
    yield line([String(step), new Date(time).toISOString(), ...columns.map((name) => values[name]?.toString() ?? '')]);
  }
}

/** Quoted where RFC 4180 asks for it. */
function line(cells: readonly string[]): string {
  return `${cells.map((cell) => (/[",\r\n]/.test(cell) ? `"${cell.replaceAll('"', '""')}"` : cell)).join(',')}\r\n`;
}
