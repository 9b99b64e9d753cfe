/** How fast a policy samples, measured in seconds: a token of every row costs a fixed time and something for each row. */
import { Rng } from '../core/rng.ts';
import { mean } from '../core/stats.ts';
import type { Problem } from '../protocol/records.ts';
import type { Policy } from '../training/policy.ts';
import { sampleCompletions } from '../training/sampling.ts';

/** How long each number of rows is measured, and how long a large model may take to its first tokens. */
const probeMs = 2500;
export const patienceMs = 60_000;
/** Tokens of every row that a measurement has at least, the first left out. */
const fewestSteps = 3;

export interface SamplingSpeed {
  /** Tokens a second when so many rows are decoded at once. */
  rateAt(rows: number): number;
  /** Tokens of a completion; the longest possible if none was finished. */
  readonly completionLength: number;
  readonly promptLength: number;
  /** What was sampled, or prompts repeated if nothing was finished. */
  readonly sequences: readonly { readonly prompt: readonly number[]; readonly completion: ArrayLike<number> }[];
}

/**
 * `rows` and `mostRows`: how many the run decodes at once in its steps, and at most. Large models read all of their weights for a token,
 * however many rows share it, so both are measured where they differ. null: no token came within a minute.
 */
export async function measureSampling(
  policy: Policy,
  problems: readonly Problem[],
  { rows, mostRows }: { readonly rows: number; readonly mostRows: number },
): Promise<SamplingSpeed | null> {
  const prompts = problems.map((problem) => policy.promptOf(problem));
  const own = await measureRows(policy, prompts, rows);
  if (own.tokensPerSecond === 0) return null;
  const large = mostRows >= 2 * rows ? await measureRows(policy, prompts, mostRows) : null;
  const sequences = [...own.sequences, ...(large?.sequences ?? [])];
  const isFinished = sequences.length > 0;
  return {
    rateAt: rateByRows(
      [
        { rows, tokensPerSecond: own.tokensPerSecond },
        ...(large === null ? [] : [{ rows: mostRows, tokensPerSecond: large.tokensPerSecond }]),
      ].filter(({ tokensPerSecond }) => tokensPerSecond > 0),
    ),
    completionLength: isFinished ? mean(sequences.map(({ completion }) => completion.length)) : policy.config.sampling.maxTokens,
    promptLength: mean(prompts.map((prompt) => prompt.length)),
    sequences: isFinished ? sequences : prompts.map((prompt) => ({ prompt, completion: prompt })),
  };
}

/**
 * Tokens a second by rows from one or two measurements, smaller rows first: a token of all rows takes a + b · rows, both not negative. One
 * measurement alone gives its own rate for all.
 */
export function rateByRows(measured: readonly { readonly rows: number; readonly tokensPerSecond: number }[]): (rows: number) => number {
  const [few, many] = measured.map(({ rows, tokensPerSecond }) => ({ rows, seconds: rows / tokensPerSecond }));
  if (few === undefined) return () => 0;
  if (many === undefined) return () => few.rows / few.seconds;
  const each = Math.min(few.seconds / few.rows, Math.max(0, (many.seconds - few.seconds) / (many.rows - few.rows)));
  const fixed = few.seconds - each * few.rows;
  return (rows) => rows / (fixed + each * rows);
}

/**
 * Batches like the run's until the time is over. The first one, which also prepares the programs, counts only if there is no other, and
 * then from its first sign of progress on.
 */
async function measureRows(
  policy: Policy,
  prompts: readonly (readonly number[])[],
  rows: number,
): Promise<{ readonly tokensPerSecond: number; readonly sequences: SamplingSpeed['sequences'] }> {
  const begin = performance.now();
  const rounds: { tokens: number; ms: number }[] = [];
  let sequences: SamplingSpeed['sequences'] = [];
  let isOver = false;
  for (let round = 0; !isOver && performance.now() - begin < probeMs; round++) {
    const start = performance.now();
    const stop = new AbortController();
    const timer = setTimeout(() => stop.abort(), patienceMs);
    const seeds = prompts.map((_, p) =>
      Array.from({ length: Math.ceil((rows - p) / prompts.length) }, (__, i) => Rng.of(0, 'doctor', round, p, i).uint32()),
    );
    let [tokens, steps] = [0, 0];
    let prepared = { tokens: 0, ms: 0 };
    try {
      const result = await sampleCompletions(
        { ...policy, signal: AbortSignal.any([policy.signal, stop.signal]) },
        {
          prompts,
          seeds,
          onProgress: (done) => {
            tokens = done;
            if (steps++ === 0) prepared = { tokens, ms: performance.now() - start };
            if (steps > fewestSteps && performance.now() - begin >= probeMs) stop.abort();
          },
        },
      );
      tokens = result.tokensSampled;
      sequences = result.sequences.flatMap((all, p) => all.map((sequence) => ({ prompt: prompts[p] ?? [], completion: sequence.tokens })));
    } catch (error) {
      policy.signal.throwIfAborted();
      if (!stop.signal.aborted) throw error;
      isOver = true;
    } finally {
      clearTimeout(timer);
    }
    const isFirst = round === 0 && tokens > prepared.tokens;
    rounds.push(
      isFirst ? { tokens: tokens - prepared.tokens, ms: performance.now() - start - prepared.ms } : { tokens, ms: performance.now() - start },
    );
  }
  const counted = rounds.length > 1 ? rounds.slice(1) : rounds;
  const total = counted.reduce((all, { tokens, ms }) => ({ tokens: all.tokens + tokens, ms: all.ms + ms }), { tokens: 0, ms: 0 });
  return { tokensPerSecond: (1000 * total.tokens) / total.ms, sequences };
}
