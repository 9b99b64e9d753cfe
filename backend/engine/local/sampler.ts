/**
 * Batched sampling: sequences of all prompts share the rows of one decode batch; a finished row is given to the next waiting sequence,
 * and the batch shrinks when none waits. The sequences of a prompt share one prefill.
 *
 * A prompt's last token is the first one decoded, so prefill yields keys and values only and every token is drawn by the same program.
 */
import { Rng } from '../../core/rng.ts';
import type { ModelConfig } from '../../models/config.ts';
import type { DecodeMode } from '../../models/programs.ts';
import type { CallOptions, SampledSequence, SampleRequest, SampleResult } from '../contract.ts';
import { lengthBucket, packMicroBatches, rowBucket } from './buckets.ts';
import type { Decoding, DecodingRows } from './decoding.ts';
import { cacheBytes, decodeRows, type PromptCache } from './keyValueCache.ts';
import type { MemoryBudget } from './memoryBudget.ts';
import type { Tensor } from './session.ts';
import { drawToken, openUniform, type Drawn } from './tokenSampling.ts';

export interface SamplerModel {
  readonly config: ModelConfig;
  readonly positions: number;
  readonly decoding: Decoding;
  readonly budget: MemoryBudget;
  /** Largest decode batch; fewer rows are decoded at once where their caches would take more than the weights. */
  readonly maxRows: number;
  readonly weightBytes: number;
  /** Largest padded prefill. */
  readonly maxPrefillTokens: number;
}

/** One sequence on its way. */
interface Row {
  readonly prompt: number;
  readonly index: number;
  readonly rng: Rng;
  readonly tokens: number[];
  readonly logprobs: number[];
  readonly limit: number;
  /** Tokens in the cache so far, and the one to feed next. */
  position: number;
  next: number;
}

export async function sampleSequences(model: SamplerModel, request: SampleRequest, options: CallOptions = {}): Promise<SampleResult> {
  const { config } = model;
  const waiting = openRows(request, model.positions);
  const results: SampledSequence[][] = request.prompts.map(() => []);
  const stop = new Set(request.stopTokens);
  const mode: DecodeMode = request.temperature === 0 ? 'greedy' : request.topK > 0 || request.topP < 1 ? 'logits' : 'sample';
  const longest = Math.max(1, ...request.prompts.map((prompt) => prompt.length));
  const largestCapacity = lengthBucket(Math.min(model.positions, longest + request.maxTokens));
  const nRows = decodeRows(config, Math.min(model.maxRows, waiting.length), largestCapacity, model.weightBytes);
  const requireCache = (capacity: number): void => {
    const bytes = cacheBytes(config, rowBucket(nRows), capacity);
    model.budget.require(bytes, `Sampling ${nRows} sequences of up to ${capacity} tokens`, 'Lower sampling.maxTokens.');
  };
  const firstCapacity = lengthBucket(longest + 16);
  requireCache(firstCapacity);
  const opened = model.decoding.open(rowBucket(nRows), firstCapacity);
  const { cache } = opened;
  const prompts = new Map<number, PromptCache>();
  const pending = new Map<number, number>();
  for (const row of waiting) pending.set(row.prompt, (pending.get(row.prompt) ?? 0) + 1);
  const active: Row[] = [];
  let tokensSampled = 0;

  /** Gives free rows to waiting sequences, prefilling their prompts first. */
  const admit = async (): Promise<void> => {
    const free = nRows - active.length;
    if (free === 0 || waiting.length === 0) return;
    const entering = waiting.splice(0, free);
    const missing = [...new Set(entering.map((row) => row.prompt))].filter((prompt) => !prompts.has(prompt));
    await prefill(
      model,
      missing.map((prompt) => [prompt, request.prompts[prompt] as readonly number[]] as const),
      prompts,
    );
    for (const row of entering) {
      cache.loadPrompt(active.length, prompts.get(row.prompt) as PromptCache);
      active.push(row);
      const left = (pending.get(row.prompt) as number) - 1;
      pending.set(row.prompt, left);
      if (left === 0) prompts.delete(row.prompt);
    }
  };

  try {
    await admit();
    while (active.length > 0) {
      options.signal?.throwIfAborted();
      const needed = Math.max(...active.map((row) => row.position + 1));
      if (needed > cache.capacity) {
        requireCache(lengthBucket(needed));
        cache.grow(lengthBucket(needed));
      }
      const drawn = await decodeOnce(model, request, mode, opened, active);
      tokensSampled += active.length;
      options.onTokens?.(active.map(({ prompt, index }, slot) => ({ prompt, index, ...(drawn[slot] as Drawn) })));

      for (let slot = active.length - 1; slot >= 0; slot--) {
        const row = active[slot] as Row;
        const { token, logprob } = drawn[slot] as Drawn;
        row.tokens.push(token);
        row.logprobs.push(logprob);
        row.position++;
        row.next = token;
        const finish = stop.has(token) ? 'stop' : row.tokens.length >= row.limit ? 'length' : undefined;
        if (finish === undefined) continue;
        (results[row.prompt] as SampledSequence[])[row.index] = {
          tokens: Int32Array.from(row.tokens),
          logprobs: Float32Array.from(row.logprobs),
          finish,
        };
        const last = active.length - 1;
        if (slot !== last) {
          cache.copyRow(last, slot);
          active[slot] = active[last] as Row;
        }
        active.pop();
      }
      await admit();
      options.onProgress?.(tokensSampled);
    }
  } finally {
    opened.close();
  }
  return { sequences: results, tokensSampled };
}

function openRows(request: SampleRequest, positions: number): Row[] {
  return request.prompts.flatMap((prompt, promptIndex) => {
    if (prompt.length === 0) throw new Error(`prompt ${promptIndex} is empty`);
    const limit = Math.min(request.maxTokens, positions - prompt.length);
    return (request.seeds[promptIndex] ?? []).map((seed, index) => ({
      prompt: promptIndex,
      index,
      rng: Rng.of(seed, 'tokens'),
      tokens: [],
      logprobs: [],
      limit,
      position: prompt.length - 1,
      next: prompt.at(-1) as number,
    }));
  });
}

/** Keys and values of all prompt tokens but the last, into `into`. */
async function prefill(
  model: SamplerModel,
  prompts: readonly (readonly [number, readonly number[]])[],
  into: Map<number, PromptCache>,
): Promise<void> {
  const { nKvHeads, headDim } = model.config;
  for (const { members, batch, length } of packMicroBatches(
    prompts.map(([, tokens]) => Math.max(1, tokens.length - 1)),
    model.maxPrefillTokens,
    model.positions,
  )) {
    const tokens = new Int32Array(batch * length);
    members.forEach((member, b) => tokens.set((prompts[member] as readonly [number, readonly number[]])[1].slice(0, -1), b * length));
    const layers = await model.decoding.prefill(batch, length, tokens);
    members.forEach((member, b) => {
      const [prompt, ids] = prompts[member] as readonly [number, readonly number[]];
      const used = ids.length - 1;
      // [B, KV, S, hd] → [KV, used, hd]
      const part = (data: Float32Array): Float32Array => {
        const own = new Float32Array(nKvHeads * used * headDim);
        for (let head = 0; head < nKvHeads; head++) {
          const start = (b * nKvHeads + head) * length * headDim;
          own.set(data.subarray(start, start + used * headDim), head * used * headDim);
        }
        return own;
      };
      into.set(prompt, { length: used, keys: layers.map(({ keys }) => part(keys)), values: layers.map(({ values }) => part(values)) });
    });
  }
}

/** One token for every active row. Throws `engine.notFinite` when a logprob is not finite: such a token means nothing. */
async function decodeOnce(
  model: SamplerModel,
  request: SampleRequest,
  mode: DecodeMode,
  opened: DecodingRows,
  active: readonly Row[],
): Promise<Drawn[]> {
  const batch = rowBucket(active.length);
  const tokens = new Int32Array(batch);
  const positions = new Int32Array(batch);
  const uniforms = new Float32Array(batch).fill(0.5);
  active.forEach((row, slot) => {
    tokens[slot] = row.next;
    positions[slot] = row.position;
    if (mode !== 'greedy') uniforms[slot] = openUniform(row.rng.uint32());
  });
  const inverseTemperature = 1 / (request.temperature || 1);
  const step = { mode, batch, rows: active.length, tokens, positions, uniforms, inverseTemperature };
  const { outputs, explain } = await opened.step(step);
  const drawn = drawTokens(model, request, outputs, active.length, uniforms);
  if (!drawn.every(({ logprob }) => Number.isFinite(logprob))) throw await explain();
  return drawn;
}

/** The tokens that the graph drew, or that are drawn here from its logits. */
function drawTokens(
  model: SamplerModel,
  request: SampleRequest,
  outputs: Readonly<Record<string, Tensor>>,
  rows: number,
  uniforms: Float32Array,
): Drawn[] {
  const slots = Array.from({ length: rows }, (_, slot) => slot);
  if (outputs['logits'] !== undefined) {
    const logits = outputs['logits'].data as Float32Array;
    const { vocabularySize } = model.config;
    return slots.map((slot) => drawToken(logits, slot * vocabularySize, vocabularySize, request, uniforms[slot] as number));
  }
  const next = (outputs['next'] as Tensor).data as Int32Array;
  const logprobs = (outputs['logprobs'] as Tensor).data as Float32Array;
  return slots.map((slot) => ({ token: next[slot] as number, logprob: logprobs[slot] as number }));
}
