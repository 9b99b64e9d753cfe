/**
 * What is done to a key-value cache that stays on a device: rows are rearranged, and a token's entries are written. Host caches need no
 * programs for it (`engine/local/keyValueCache.ts`).
 */
import { GraphBuilder } from '../graph/builder.ts';
import type { Graph, Value } from '../graph/ir.ts';
import type { ModelConfig } from './config.ts';

/** [rows, KV, capacity, hd] of every layer's keys and values. */
export interface CacheSize {
  readonly rows: number;
  readonly capacity: number;
}

/** Prefix of the outputs that take the place of the inputs `keys.i` and `values.i`. */
export const nextPrefix = 'next:';
/** Prefix of the inputs that hold prompts to be admitted. */
export const enteringPrefix = 'entering:';

/** `keys.0`, `values.0`, `keys.1`, … */
export function cacheNames({ nLayers }: Pick<ModelConfig, 'nLayers'>): string[] {
  return Array.from({ length: nLayers }, (_, i) => [`keys.${i}`, `values.${i}`]).flat();
}

/**
 * Inputs `rows` [to.rows], `keys.i` and `values.i` of size `from` (none if it is undefined), and `entering:keys.i`, … of `entering` prompts
 * [entering, KV, to.capacity, hd] (none if it is 0); outputs `next:keys.i`, …: row r is row rows[r] of the old ones followed by the prompts.
 */
export function arrangeCacheProgram(config: ModelConfig, from: CacheSize | undefined, entering: number, to: CacheSize): Graph {
  const g = new GraphBuilder();
  const { nKvHeads, headDim } = config;
  const rows = g.input('rows', 'i32', [to.rows]);
  const enlarged = (old: Value, size: CacheSize): Value => {
    const missing = to.capacity - size.capacity;
    return missing === 0 ? old : g.concat([old, g.constant('f32', [size.rows, nKvHeads, missing, headDim], 0)], 2);
  };
  const arranged = cacheNames(config).map((name) => {
    const old = from === undefined ? [] : [enlarged(g.input(name, 'f32', [from.rows, nKvHeads, from.capacity, headDim]), from)];
    const fresh = entering === 0 ? [] : [g.input(enteringPrefix + name, 'f32', [entering, nKvHeads, to.capacity, headDim])];
    const all = [...old, ...fresh];
    return [nextPrefix + name, g.gatherRows(all.length === 1 ? (all[0] as Value) : g.concat(all, 0), rows)] as const;
  });
  return g.finish(Object.fromEntries(arranged));
}

/** Inputs `keys.i`, `values.i`, `fresh` [rows, KV, 2·layers, hd] and `positions` [rows]; outputs `next:keys.i`, …: with each row's entry at its position. */
export function appendCacheProgram(config: ModelConfig, { rows, capacity }: CacheSize): Graph {
  const g = new GraphBuilder();
  const { nKvHeads, headDim } = config;
  const names = cacheNames(config);
  const fresh = g.input('fresh', 'f32', [rows, nKvHeads, names.length, headDim]);
  const positions = g.reshape(g.input('positions', 'i32', [rows]), [rows, 1, 1, 1]);
  const places = g.constant(
    'i32',
    [1, 1, capacity, 1],
    Array.from({ length: capacity }, (_, i) => i),
  );
  const isHere = g.equal(places, positions);
  const written = names.map((name, i) => {
    const old = g.input(name, 'f32', [rows, nKvHeads, capacity, headDim]);
    return [nextPrefix + name, g.where(isHere, g.slice(fresh, 2, i, i + 1), old)] as const;
  });
  return g.finish(Object.fromEntries(written));
}
