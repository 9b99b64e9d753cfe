/**
 * What an export takes in memory: `npx tsx test/bench/writeRows.ts [rows]` writes that many triples (default 200,000) of about 2 KB as Parquet and
 * as JSON Lines, each in a process of its own, and prints its peak memory and time. The bar is 300 MB, whatever the number of rows.
 */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { lessonFormats } from '../../backend/exchange/lessonFormats.ts';
import { writeRows } from '../../backend/exchange/writeRows.ts';

const barMb = 300;
const [count = '200000', path] = process.argv.slice(2);

function* triples(rows: number): Generator<Record<string, unknown>> {
  const words = Array.from({ length: 5000 }, (_, i) => `word${i.toString(36)}`);
  let state = 12345;
  const text = (length: number): string =>
    Array.from({ length }, () => words[(state = (Math.imul(state, 1664525) + 1013904223) >>> 0) % words.length]).join(' ');
  for (let row = 0; row < rows; row++) {
    yield {
      ...{ problem_id: `p${row % 5000}`, prompt: [{ role: 'user', content: text(40) }], answer: '42', level: 'hard' },
      ...{ failed: text(90), failed_extracted: '41', failed_reward: 0, critique: text(40), critique_kind: 'stepLevel', critique_author: 'critic' },
      ...{ critique_is_human: false, critique_revision: 1, critique_time: '2026-01-01T00:00:00.000Z', refinement: text(90), refinement_reward: 1 },
      ...{ is_right: true, failed_verdict_source: 'run', failed_verdict_by: 'math', refinement_verdict_source: 'settled' },
      ...{ refinement_verdict_by: 'Ada', is_trial: false, step: row, run: 'run' },
    };
  }
}

if (path === undefined) {
  const folder = mkdtempSync(join(tmpdir(), 'write-rows-'));
  try {
    const rows = ['parquet', 'jsonl'].map((form) => {
      const file = join(folder, `rows.${form}`);
      const began = performance.now();
      const { stdout, stderr, status } = spawnSync(process.execPath, ['--import', 'tsx', fileURLToPath(import.meta.url), count, file], {
        encoding: 'utf8',
      });
      if (status !== 0) throw new Error(stderr);
      const peakMb = Number(stdout) / 1024;
      const bytes = statSync(file).size;
      rmSync(file);
      return { form, rows: Number(count), fileMb: Math.round(bytes / 1e6), seconds: Math.round((performance.now() - began) / 1000), peakMb, barMb };
    });
    console.table(rows.map((row) => ({ ...row, peakMb: Math.round(row.peakMb), met: row.peakMb <= barMb })));
    console.log(JSON.stringify(rows));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
} else {
  await writeRows(path, lessonFormats.triples.columns, triples(Number(count)));
  // In KB.
  process.stdout.write(String(process.resourceUsage().maxRSS));
}
