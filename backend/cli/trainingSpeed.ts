/**
 * How fast a policy trains, measured in seconds: what a micro-batch costs whatever is in it (weights to read, to widen and to pack) weighs
 * much in the few tokens that there is time for, and little in the run's micro-batches. So two sizes are measured where a full one
 * would take too long.
 */
import { lossProgram, suppliedInputs } from '../algorithms/algorithm.ts';
import { findAlgorithm } from '../algorithms/findAlgorithm.ts';
import type { TrainSequence } from '../engine/contract.ts';
import { lengthBucket } from '../engine/local/buckets.ts';
import { completionSequence } from '../training/batch.ts';
import type { Policy } from '../training/policy.ts';
import { switchesOf } from '../training/switches.ts';
import type { SamplingSpeed } from './samplingSpeed.ts';

/** The second size is chosen to take about this long. */
const probeSeconds = 5;
/** A pass that takes longer is not made again without the preparation of its program, which is small beside it. */
const longPass = 4;
/** After a single sequence that takes longer, no second size is measured. */
const longestSequence = 40;

/** Tokens a second of forward and backward passes over a step of so many sequences. Nothing is updated. */
export async function measureTraining({ engine, config, signal }: Policy, sampled: SamplingSpeed['sequences'], perStep: number): Promise<number> {
  const usable = sampled.filter(({ completion }) => completion.length > 0);
  const [first] = usable;
  if (first === undefined) return 0;
  const program = lossProgram(findAlgorithm(config.algorithm), switchesOf(config));
  const sequencesOf = (count: number): TrainSequence[] =>
    Array.from({ length: count }, (_, i) => {
      const { prompt, completion } = usable[i % usable.length] ?? first;
      const inputs = Object.fromEntries(suppliedInputs.map((name) => [name, new Float32Array(completion.length)]));
      return { ...completionSequence(prompt, completion), inputs };
    });
  const measure = async (count: number): Promise<Measured> => {
    const sequences = sequencesOf(count);
    let seconds = Infinity;
    for (let pass = 0; pass < 2 && (pass === 0 || seconds < longPass); pass++) {
      const start = performance.now();
      await engine.forwardBackward(sequences, program, { signal });
      seconds = (performance.now() - start) / 1000;
    }
    return { tokens: sequences.reduce((sum, { tokens }) => sum + tokens.length, 0), seconds };
  };
  const longest = usable.reduce((most, { prompt, completion }) => Math.max(most, prompt.length + completion.length), 1);
  const full = Math.max(1, Math.min(perStep, Math.floor(config.training.microBatchTokens / lengthBucket(longest))));
  const small = await measure(1);
  if (full === 1 || small.seconds > longestSequence) return small.tokens / small.seconds;
  const count = Math.min(full, Math.max(2, Math.floor(probeSeconds / small.seconds)));
  return rateAtFullSize(small, await measure(count), full / count);
}

interface Measured {
  readonly tokens: number;
  readonly seconds: number;
}

/** A micro-batch takes a + b · tokens, both not negative; `growth` is the size of a full one over that of the larger measured. */
export function rateAtFullSize(small: Measured, large: Measured, growth: number): number {
  const slope = (large.seconds - small.seconds) / (large.tokens - small.tokens);
  const each = large.tokens > small.tokens ? Math.min(large.seconds / large.tokens, Math.max(0, slope)) : large.seconds / large.tokens;
  const tokens = growth * large.tokens;
  return tokens / (large.seconds + each * (tokens - large.tokens));
}
