/** Dataset source: one problem a line, as JSON. */
import { stat } from 'node:fs/promises';
import { messageOf, WorkbenchError } from '../core/errors.ts';
import type { Problem } from '../protocol/records.ts';
import { readLines, type Line } from './lines.ts';
import { BrokenRow, parseRow } from './row.ts';

export interface SkippedRow {
  readonly line: number;
  readonly reason: string;
}

export interface LoadedProblems {
  /** In the order of the file. */
  readonly problems: readonly Problem[];
  readonly skipped: readonly SkippedRow[];
}

export interface ReadProblemsOptions {
  /** `refuse` throws at the first broken row, `skip` leaves it out and says so. */
  readonly onBrokenRow: 'refuse' | 'skip';
}

/**
 * Rows are objects `{id?, prompt, answer, level?, solution?, demonstration?}`; `prompt` is the question or a list of messages that ends
 * with the user's. Empty lines are ignored. Throws `dataset.notFound`, `dataset.notAFile`, `dataset.unreadable`, `dataset.brokenRow`
 * (with file:line) or `dataset.empty`.
 */
export async function readProblems(path: string, { onBrokenRow }: ReadProblemsOptions): Promise<LoadedProblems> {
  await checkFile(path);
  const problems: Problem[] = [];
  const skipped: SkippedRow[] = [];
  const lineById = new Map<string, number>();
  for await (const line of readLines(path, maxLineBytes)) {
    try {
      const problem = readLine(line);
      if (problem === null) continue;
      const earlier = lineById.get(problem.id);
      if (earlier !== undefined)
        throw new BrokenRow(`the id ${JSON.stringify(problem.id)} was used on line ${earlier}`, 'Give each problem an id of its own, or none.');
      lineById.set(problem.id, line.number);
      problems.push(problem);
    } catch (error) {
      if (!(error instanceof BrokenRow)) throw error;
      if (onBrokenRow === 'refuse') throw brokenRowError(path, line.number, error);
      skipped.push({ line: line.number, reason: error.problem });
    }
  }
  if (problems.length === 0) throw emptyError(path, skipped);
  return { problems, skipped };
}

const maxLineBytes = 16 * 1024 * 1024;
const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** Null for an empty line. */
function readLine({ number, bytes }: Line): Problem | null {
  if (bytes === null)
    throw new BrokenRow(`the line is longer than ${maxLineBytes / 1024 / 1024} MB`, 'Write one problem a line; a JSON array is not JSON Lines.');
  if (number === 1 && (bytes.subarray(0, 2).equals(utf16Mark) || bytes.subarray(0, 2).equals(utf16SwappedMark))) {
    throw new BrokenRow('the file is UTF-16', 'Save it as UTF-8.');
  }
  let text: string;
  try {
    text = utf8.decode(bytes);
  } catch {
    throw new BrokenRow('the line is not valid UTF-8', 'Save the file as UTF-8.');
  }
  return text.trim() === '' ? null : parseRow(text, `line-${number}`);
}

const utf16Mark = Buffer.from([0xff, 0xfe]);
const utf16SwappedMark = Buffer.from([0xfe, 0xff]);

async function checkFile(path: string): Promise<void> {
  try {
    const found = await stat(path);
    if (found.isFile()) return;
  } catch (cause) {
    if (['ENOENT', 'ENOTDIR'].includes((cause as NodeJS.ErrnoException).code ?? '')) {
      throw new WorkbenchError({
        code: 'dataset.notFound',
        message: `There is no dataset at ${path}.`,
        remedy: 'Correct the path in the run file; it is relative to that file.',
        cause,
      });
    }
    throw new WorkbenchError({
      code: 'dataset.unreadable',
      message: `The dataset ${path} cannot be read: ${messageOf(cause)}.`,
      remedy: 'Check its permissions.',
      cause,
    });
  }
  throw new WorkbenchError({ code: 'dataset.notAFile', message: `${path} is not a file.`, remedy: 'Name the JSONL file itself.' });
}

function brokenRowError(path: string, line: number, row: BrokenRow): WorkbenchError {
  const place = row.column === undefined ? `${path}:${line}` : `${path}:${line}:${row.column}`;
  return new WorkbenchError({
    code: 'dataset.brokenRow',
    message: `${place}: ${row.problem}.`,
    remedy: `${row.remedy} To leave out broken rows, set "onBrokenRow": "skip".`,
    cause: row,
  });
}

function emptyError(path: string, skipped: readonly SkippedRow[]): WorkbenchError {
  const [first] = skipped;
  return new WorkbenchError({
    code: 'dataset.empty',
    message:
      first === undefined
        ? `The dataset ${path} has no rows.`
        : `All ${skipped.length} rows of ${path} are broken; the first, line ${first.line}: ${first.reason}.`,
    remedy: 'Write one JSON object a line, with at least "prompt" and "answer".',
  });
}
