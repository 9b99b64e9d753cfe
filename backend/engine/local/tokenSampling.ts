/** Sampling from one row of logits outside the graph: for top-k and top-p, which the graph does not do. */

/** A uniform number in (0, 1) that float32 holds exactly, from 32 random bits. */
export function openUniform(bits: number): number {
  return ((bits >>> 9) + 0.5) / 0x800000;
}

export interface Truncation {
  readonly temperature: number;
  /** 0 keeps all tokens. */
  readonly topK: number;
  /** Keeps the smallest set of likeliest tokens whose probability reaches this. */
  readonly topP: number;
}

export interface Drawn {
  readonly token: number;
  /** At temperature 1 over the whole vocabulary. */
  readonly logprob: number;
}

/** Draws one token from `logits[offset .. offset + size)` by inverse CDF over the kept tokens, likeliest first. */
export function drawToken(logits: Float32Array, offset: number, size: number, truncation: Truncation, uniform: number): Drawn {
  let largest = -Infinity;
  for (let i = 0; i < size; i++) largest = Math.max(largest, logits[offset + i] as number);
  let normalizer = 0;
  for (let i = 0; i < size; i++) normalizer += Math.exp((logits[offset + i] as number) - largest);
  const logprobOf = (token: number): number => (logits[offset + token] as number) - largest - Math.log(normalizer);

  const order = Array.from({ length: size }, (_, token) => token).sort(
    (a, b) => (logits[offset + b] as number) - (logits[offset + a] as number) || a - b,
  );
  const candidates = truncation.topK > 0 ? order.slice(0, truncation.topK) : order;
  const masses = candidates.map((token) => Math.exp(((logits[offset + token] as number) - largest) / truncation.temperature));
  const reach = masses.reduce((a, b) => a + b, 0) * truncation.topP;
  let kept = 0;
  let keptMass = 0;
  while (kept < masses.length && (kept === 0 || keptMass < reach)) keptMass += masses[kept++] as number;

  let remaining = uniform * keptMass;
  for (let i = 0; i < kept; i++) {
    remaining -= masses[i] as number;
    if (remaining < 0) return { token: candidates[i] as number, logprob: logprobOf(candidates[i] as number) };
  }
  const last = candidates[kept - 1] as number;
  return { token: last, logprob: logprobOf(last) };
}
