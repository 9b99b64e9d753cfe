/** The cache that stays on a device holds what the one here holds, whatever comes, goes and grows. Its programs run on any provider: here on the CPU. */
import { afterAll, expect, it } from 'vitest';
import { Rng } from '../../../backend/core/rng.ts';
import { lengthBucket, rowBucket } from '../../../backend/engine/local/buckets.ts';
import { DeviceCache } from '../../../backend/engine/local/deviceCache.ts';
import { KeyValueCache, type PromptCache } from '../../../backend/engine/local/keyValueCache.ts';
import { ProgramCache, Tensor } from '../../../backend/engine/local/session.ts';
import type { ModelConfig } from '../../../backend/models/config.ts';

const config = { nLayers: 2, nKvHeads: 2, headDim: 4 } as ModelConfig;
const { nLayers, nKvHeads, headDim } = config;
const programs = new ProgramCache(64, { threads: 1 }, () => undefined);
afterAll(() => programs.dispose());

const mostRows = 6;

function randomPrompt(rng: Rng): PromptCache {
  const length = 1 + Math.floor(rng.uniform() * 12);
  const layers = (): Float32Array[] =>
    Array.from({ length: nLayers }, () => Float32Array.from({ length: nKvHeads * length * headDim }, () => rng.normal()));
  return { length, keys: layers(), values: layers() };
}

/** What each row in use has at the positions that it has filled. */
function contentOf(feeds: Readonly<Record<string, Tensor>>, lengths: readonly number[], capacity: number): number[][] {
  return Object.keys(feeds)
    .sort()
    .flatMap((name) =>
      lengths.map((length, row) => {
        const data = feeds[name]?.data as Float32Array;
        return Array.from({ length: nKvHeads }, (_, head) => {
          const start = (row * nKvHeads + head) * capacity * headDim;
          return [...data.subarray(start, start + length * headDim)];
        }).flat();
      }),
    );
}

it.each([1, 2, 3, 4])('holds what the cache here holds (seed %i)', async (seed) => {
  const rng = Rng.of(seed, 'device cache');
  const here = new KeyValueCache(config, rowBucket(mostRows), 16);
  const there = new DeviceCache(config, programs, 16);
  const both = [here, there];
  const lengths: number[] = [];
  for (let step = 0; step < 25; step++) {
    // Rows that end, whose place the last one takes; then rows that come, two of one prompt at times.
    for (let slot = lengths.length - 1; slot >= 0; slot--) {
      if (rng.uniform() > 0.15) continue;
      const last = lengths.length - 1;
      if (slot !== last) for (const cache of both) cache.copyRow(last, slot);
      lengths[slot] = lengths[last] as number;
      lengths.pop();
    }
    let prompt: PromptCache | undefined;
    while (lengths.length < mostRows && (lengths.length === 0 || rng.uniform() < 0.4)) {
      if (prompt === undefined || rng.uniform() < 0.5) prompt = randomPrompt(rng);
      for (const cache of both) cache.loadPrompt(lengths.length, prompt);
      lengths.push(prompt.length);
    }
    const needed = Math.max(...lengths) + 1;
    if (needed > here.capacity) for (const cache of both) cache.grow(lengthBucket(needed));

    const batch = rowBucket(lengths.length);
    const feeds = await there.feeds(batch, lengths.length);
    expect(there.capacity).toBe(here.capacity);
    expect(feeds['keys.0']?.dims).toEqual([batch, nKvHeads, here.capacity, headDim]);
    expect(contentOf(feeds, lengths, here.capacity)).toEqual(contentOf(here.feeds(batch), lengths, here.capacity));

    const fresh = Float32Array.from({ length: batch * nKvHeads * 2 * nLayers * headDim }, () => rng.normal());
    const positions = Int32Array.from({ length: batch }, (_, row) => lengths[row] ?? 0);
    here.append(fresh, lengths.length, positions);
    there.append(new Tensor('float32', fresh, [batch, nKvHeads, 2 * nLayers, headDim]), new Tensor('int32', positions, [batch]));
    lengths.forEach((length, row) => (lengths[row] = length + 1));
  }
  there.dispose();
});
