/** Static shapes come in few sizes, so that few sessions serve all batches. */

/** The smallest of 16, 32, 48, 64, 96, 128, 192, 256, … (powers of two and their halves in between) that holds `length`. */
export function lengthBucket(length: number): number {
  if (length <= 16) return 16;
  const power = 2 ** Math.ceil(Math.log2(length));
  const between = (power * 3) / 4;
  return length <= between && between % 16 === 0 ? between : power;
}

/** The smallest of 1, 2, 3, 4, 6, 8, 12, 16, 24, … that holds `rows`. */
export function rowBucket(rows: number): number {
  if (rows <= 2) return Math.max(1, rows);
  const power = 2 ** Math.ceil(Math.log2(rows));
  const between = (power * 3) / 4;
  return rows <= between ? between : power;
}

export interface MicroBatch {
  /** Indices of the sequences in it. */
  readonly members: readonly number[];
  readonly batch: number;
  readonly length: number;
}

/**
 * Packs sequences of the given lengths into padded micro-batches of at most `maxTokens` (one sequence at least), none padded beyond
 * `maxLength`: longest first, so that neighbors are alike and only the last micro-batch is partly empty.
 */
export function packMicroBatches(lengths: readonly number[], maxTokens: number, maxLength: number): MicroBatch[] {
  const order = lengths.map((_, index) => index).sort((a, b) => (lengths[b] as number) - (lengths[a] as number) || a - b);
  const batches: MicroBatch[] = [];
  for (let start = 0; start < order.length;) {
    const length = Math.min(maxLength, lengthBucket(lengths[order[start] as number] as number));
    const full = Math.max(1, Math.floor(maxTokens / length));
    const members = order.slice(start, start + full);
    batches.push({ members, batch: Math.min(full, rowBucket(members.length)), length });
    start += members.length;
  }
  return batches;
}
