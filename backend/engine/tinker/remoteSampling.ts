/** Sampling on a Tinker server: one request a sequence, because each has its own seed; servers batch what waits. */
import type { CallOptions, SampledSequence, SampleRequest } from '../contract.ts';
import type { TinkerClient } from './client.ts';
import { nonsenseError } from './errors.ts';
import { modelInput, sampleResult, samplingParams } from './wire.ts';

/** Requests under way at once. */
const atOnce = 128;

/** `source`: what `asample` names the weights by. Logprobs are as the server tells them. Throws `engine.…`, or the signal's reason. */
export async function sampleRemotely(
  client: TinkerClient,
  source: Readonly<Record<string, string>>,
  request: SampleRequest,
  { signal, onProgress }: CallOptions,
): Promise<SampledSequence[][]> {
  const tasks = request.seeds.flatMap((seeds, p) => seeds.map((seed, i) => ({ p, i, seed })));
  const sequences: SampledSequence[][] = request.prompts.map(() => []);
  // One that fails ends the others.
  const failed = new AbortController();
  const both = signal === undefined ? failed.signal : AbortSignal.any([signal, failed.signal]);
  let next = 0;
  let tokens = 0;
  const work = async (): Promise<void> => {
    for (let task = tasks[next++]; task !== undefined; task = tasks[next++]) {
      const { p, i, seed } = task;
      const sequence = await sampleOne(client, source, request, request.prompts[p] ?? [], seed, both);
      (sequences[p] as SampledSequence[])[i] = sequence;
      tokens += sequence.tokens.length;
      onProgress?.(tokens);
    }
  };
  const workers = Array.from({ length: Math.min(atOnce, tasks.length) }, () =>
    work().catch((error: unknown) => {
      if (!failed.signal.aborted) failed.abort(error);
    }),
  );
  await Promise.all(workers);
  signal?.throwIfAborted();
  failed.signal.throwIfAborted();
  return sequences;
}

async function sampleOne(
  client: TinkerClient,
  source: Readonly<Record<string, string>>,
  request: SampleRequest,
  prompt: readonly number[],
  seed: number,
  signal: AbortSignal,
): Promise<SampledSequence> {
  const seq_id = client.next();
  const body = { num_samples: 1, prompt: modelInput(prompt), sampling_params: samplingParams(request, seed), ...source, seq_id, type: 'sample' };
  const result = await client.run({ path: 'asample', body: () => body, result: sampleResult, isRepeatable: true, signal });
  const { tokens, logprobs, stop_reason } = result.sequences[0] as (typeof result.sequences)[number];
  if (tokens.length === 0 || tokens.length > request.maxTokens) {
    throw nonsenseError(client.server, 'asample', `${tokens.length} tokens where 1 to ${request.maxTokens} were asked for`);
  }
  if (logprobs?.length !== tokens.length) {
    throw nonsenseError(client.server, 'asample', `${logprobs?.length ?? 'no'} logprobs for ${tokens.length} tokens`);
  }
  const isStopped = request.stopTokens.includes(tokens.at(-1) as number);
  return { tokens: Int32Array.from(tokens), logprobs: Float32Array.from(logprobs), finish: stop_reason === 'stop' || isStopped ? 'stop' : 'length' };
}
