/** Runs as tables: a column `step`, a column `timestamp`, one for each number; cells without a number are empty. */
import { createWriteStream } from 'node:fs';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { MetricsExport } from './metricsExport.ts';
import { scalarsOf } from './scalars.ts';

export async function writeCsv(what: MetricsExport): Promise<(place: string) => string> {
  const { runs, folder } = what;
  for (const { id } of runs) await pipeline(Readable.from(linesOf(what, id)), createWriteStream(join(folder, `${id}.csv`)));
  const first = runs[0]?.id ?? 'run';
  // Trackio imports a table into a project that is new.
  return (place) => `python -c "import trackio; trackio.import_csv('${join(place, `${first}.csv`)}', project='${first}')"`;
}

function* linesOf({ store, verdicts }: MetricsExport, runId: string): Generator<string> {
  // Two readings: the columns are known only at the end of the first.
  const names = new Set<string>();
  for (const { values } of scalarsOf(store, runId, verdicts)) for (const name of Object.keys(values)) names.add(name);
  const columns = [...names].sort();
  yield line(['step', 'timestamp', ...columns]);
  for (const { step, time, values } of scalarsOf(store, runId, verdicts)) {
    yield line([String(step), new Date(time).toISOString(), ...columns.map((name) => values[name]?.toString() ?? '')]);
  }
}

/** Quoted where RFC 4180 asks for it. */
function line(cells: readonly string[]): string {
  return `${cells.map((cell) => (/[",\r\n]/.test(cell) ? `"${cell.replaceAll('"', '""')}"` : cell)).join(',')}\r\n`;
}
