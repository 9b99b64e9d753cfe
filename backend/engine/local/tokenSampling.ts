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

/** Draws one token from `logits[offset .. offset + size)` by inverse CDF over the kept tokens, likeliest first; at ties the lower id is the likelier. */
export function drawToken(logits: Float32Array, offset: number, size: number, truncation: Truncation, uniform: number): Drawn {
  const row = logits.subarray(offset, offset + size);
  let largest = -Infinity;
  for (let i = 0; i < size; i++) largest = Math.max(largest, row[i] as number);
  let normalizer = 0;
  let total = 0;
  for (let i = 0; i < size; i++) {
    const below = (row[i] as number) - largest;
    normalizer += Math.exp(below);
    total += Math.exp(below / truncation.temperature);
  }
  // The caller reports it.
  if (!Number.isFinite(normalizer)) return { token: 0, logprob: NaN };

  const { tokens, masses } = likeliest(row, largest, total, truncation);
  const reach = (truncation.topK > 0 ? masses.reduce((a, b) => a + b, 0) : total) * truncation.topP;
  let kept = 0;
  let keptMass = 0;
  while (kept < masses.length && (kept === 0 || keptMass < reach)) keptMass += masses[kept++] as number;

  let remaining = uniform * keptMass;
  let chosen = 0;
  while (chosen < kept - 1 && (remaining -= masses[chosen] as number) >= 0) chosen++;
  const token = tokens[chosen] as number;
  return { token, logprob: (row[token] as number) - largest - Math.log(normalizer) };
}

/** How far below the largest logit tokens are looked at first, in units of the temperature. */
const firstWidth = 4;

/**
 * The likeliest tokens in order, at least as many as the truncation keeps, with their masses exp((logit − largest) / temperature). A large
 * vocabulary is not sorted: of most tokens it is enough to know that they are below the others.
 */
function likeliest(
  row: Float32Array,
  largest: number,
  total: number,
  { temperature, topK, topP }: Truncation,
): { tokens: number[]; masses: number[] } {
  const massOf = (token: number): number => Math.exp(((row[token] as number) - largest) / temperature);
  const wanted = topK > 0 ? Math.min(topK, row.length) : Infinity;
  for (let width = firstWidth; ; width *= 1.5) {
    const cut = width > 1e6 ? -Infinity : largest - width * temperature;
    const tokens: number[] = [];
    let mass = 0;
    for (let token = 0; token < row.length; token++) {
      if ((row[token] as number) < cut) continue;
      tokens.push(token);
      mass += massOf(token);
    }
    const isEnough = topK > 0 ? tokens.length >= wanted : topP < 1 && mass >= topP * total;
    if (!isEnough && tokens.length < row.length) continue;
    tokens.sort((a, b) => (row[b] as number) - (row[a] as number) || a - b);
    const kept = tokens.slice(0, Math.min(wanted, tokens.length));
    return { tokens: kept, masses: kept.map(massOf) };
  }
}
