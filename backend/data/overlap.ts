/** Finds questions that two sets share or nearly share, such as a benchmark's among training problems. */
import type { Problem } from '../protocol/records.ts';

export interface Overlap {
  /** The held-out problem. */
  readonly problem: Problem;
  /** A training problem that asks the same. */
  readonly twin: Problem;
  /** Share of the shorter question's runs of words that the longer one has, too: 1 for the same words in the same order. */
  readonly similarity: number;
}

/** Words in a row that are compared at a time. */
const runLength = 5;
/** From here on two questions count as nearly the same. */
const nearlySame = 0.9;
/** Fewer telling runs than this say nothing by their number; only equal questions are found then. */
const fewestRuns = 8;

/**
 * One entry a held-out problem whose words (numbers and formulas are words; case, spaces and punctuation do not count) are those of a
 * training problem, or which shares at least nine tenths of its runs of 5 words with one. Runs that are common among the held-out
 * problems, as instructions are, do not count. Linear in the length of all texts.
 */
export function findOverlaps(train: readonly Problem[], heldOut: readonly Problem[]): Overlap[] {
  const questions = heldOut.map((problem) => wordsOf(problem));
  const placesByText = new Map<string, number[]>();
  const placesByRun = new Map<string, number[]>();
  questions.forEach((words, place) => {
    add(placesByText, words.join(' '), place);
    for (const run of new Set(runsOf(words))) add(placesByRun, run, place);
  });
  const common = Math.max(3, heldOut.length / 50);
  for (const [run, places] of placesByRun) if (places.length > common) placesByRun.delete(run);
  const nRuns = questions.map((words) => countOf(new Set(runsOf(words)), (run) => placesByRun.has(run)));

  const found = new Map<number, Overlap>();
  for (const twin of train) {
    const words = wordsOf(twin);
    for (const place of placesByText.get(words.join(' ')) ?? []) found.set(place, { problem: heldOut[place] as Problem, twin, similarity: 1 });
    const shared = new Map<number, number>();
    const runs = new Set(runsOf(words));
    for (const run of runs) for (const place of placesByRun.get(run) ?? []) shared.set(place, (shared.get(place) ?? 0) + 1);
    for (const [place, count] of shared) {
      const similarity = count / Math.min(nRuns[place] as number, runs.size);
      if (similarity < nearlySame || count < fewestRuns || similarity <= (found.get(place)?.similarity ?? 0)) continue;
      found.set(place, { problem: heldOut[place] as Problem, twin, similarity });
    }
  }
  return [...found].sort(([a], [b]) => a - b).map(([, overlap]) => overlap);
}

/** What is asked, without who asks and how it is set. */
function wordsOf({ prompt }: Problem): string[] {
  const text = prompt
    .filter(({ role }) => role !== 'system')
    .map(({ content }) => content)
    .join(' ');
  return (
    text
      .normalize('NFKC')
      .toLowerCase()
      .match(/[\p{L}\p{M}]+|\p{N}+|[+\-*/^=<>]/gu) ?? []
  );
}

function* runsOf(words: readonly string[]): Generator<string> {
  for (let i = 0; i + runLength <= words.length; i++) yield words.slice(i, i + runLength).join(' ');
}

function add(places: Map<string, number[]>, key: string, place: number): void {
  const there = places.get(key);
  if (there === undefined) places.set(key, [place]);
  else there.push(place);
}

function countOf<T>(items: Iterable<T>, holds: (item: T) => boolean): number {
  let count = 0;
  for (const item of items) if (holds(item)) count++;
  return count;
}
