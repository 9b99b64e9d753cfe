/** One line about all tokens of an answer under a measure, and the tokens in order of size. */
import type { TokenMode } from './tokenMeasures.ts';
import { counted } from '../ui/words.ts';

/** The nats beyond which a condition gap is called large. */
export const largeGap = 2;

export function totalsLine(values: readonly (number | null)[], mode: TokenMode): string {
  const known = values.filter((value) => value !== null);
  const tokens = counted(values.length, 'token');
  if (known.length === 0) return tokens;
  const sum = known.reduce((total, value) => total + value, 0);
  const mean = sum / known.length;
  switch (mode) {
    case 'logprob':
      return `${tokens} · sum ${signed(sum)} · mean ${signed(mean)} · perplexity ${Math.exp(-mean).toFixed(2)}`;
    case 'entropy':
      return `${tokens} · mean ${mean.toFixed(3)} nats · highest ${maxOf(known).toFixed(3)}`;
    case 'advantage':
      return `${tokens} · advantage ${signed(mean)} on each`;
    case 'shaping':
      return `${tokens} · sum ${signed(sum)} · mean ${signed(mean)} · half of the pull lies on ${counted(halfOfTotal(known), 'token')}`;
    case 'gap': {
      const large = known.filter((value) => value > largeGap).length;
      return `${tokens} · mean gap ${signed(mean)} nats · largest ${signed(maxOf(known))} · ${percent(large / known.length)} above ${largeGap} nats`;
    }
  }
}

/** Indices of tokens by the size of their number, largest first; ties in order of the text. Unknown and zero ones are left out. */
export function bySize(values: readonly (number | null)[]): readonly number[] {
  const sizeAt = (at: number): number => Math.abs(values[at] ?? 0);
  return values.flatMap((_, at) => (sizeAt(at) > 0 ? [at] : [])).sort((a, b) => sizeAt(b) - sizeAt(a) || a - b);
}

/** With a typographic minus, as legends have it. */
export function signed(value: number, digits = 3): string {
  const text = Math.abs(value).toFixed(digits);
  return value < 0 && Number(text) !== 0 ? `−${text}` : value > 0 && Number(text) !== 0 ? `+${text}` : text;
}

/** How few tokens make up half of the sum of sizes. */
function halfOfTotal(values: readonly number[]): number {
  const sizes = values.map(Math.abs).sort((a, b) => b - a);
  const half = sizes.reduce((total, size) => total + size, 0) / 2;
  let covered = 0;
  return half === 0 ? 0 : sizes.findIndex((size) => (covered += size) >= half) + 1;
}

function maxOf(values: readonly number[]): number {
  return values.reduce((max, value) => Math.max(max, value), -Infinity);
}

function percent(part: number): string {
  return `${(part * 100).toFixed(part > 0 && part < 0.1 ? 1 : 0)} %`;
}
