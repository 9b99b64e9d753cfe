/** What goes over the wire to a Tinker-compatible server, and what of its answers is read: JSON under `/api/v1`. Unknown fields are passed over. */
import { z } from 'zod';
import type { OptimStepRequest, SampleRequest } from '../contract.ts';

export const capabilitiesReply = z.object({
  supported_models: z.array(z.object({ model_name: z.string().nullish() })).default([]),
});

export const sessionReply = z.object({ session_id: z.string().min(1), error_message: z.string().nullish() });

/** The result of an operation lies ready under this name, or will. */
export const submittedReply = z.object({ request_id: z.union([z.string(), z.number()]).transform(String), model_id: z.string().optional() });

/** Not done yet: to be asked again. */
export const tryAgainReply = z.object({ type: z.literal('try_again') });

/** A failure that some servers answer with status 200. */
export const failedReply = z.object({ error: z.string(), category: z.string().nullish(), status: z.string().nullish() });

export const createdModelResult = z.object({ model_id: z.string().min(1) });

const numbers = z.object({ data: z.array(z.number()) });

/** One entry a sequence; `logprobs` has one value a target token. */
export const passResult = z.object({ loss_fn_outputs: z.array(z.object({ logprobs: numbers.optional() })) });

export const stepResult = z.object({ metrics: z.record(z.string(), z.number()).nullish() });

export const savedResult = z.object({ path: z.string().nullish(), sampling_session_id: z.string().nullish() });

export const sampleResult = z.object({
  sequences: z
    .array(
      z.object({
        stop_reason: z.enum(['length', 'stop']),
        tokens: z.array(z.int().min(0)),
        logprobs: z.array(z.number()).nullish(),
      }),
    )
    .min(1),
});

export const anyResult = z.unknown();

/** One sequence of a forward or backward pass: every token but the last is read, every token but the first is a target. */
export interface Datum {
  readonly model_input: ModelInput;
  readonly loss_fn_inputs: Readonly<Record<string, TensorData>>;
}

interface ModelInput {
  readonly chunks: readonly [{ readonly type: 'encoded_text'; readonly tokens: readonly number[] }];
}

interface TensorData {
  readonly data: readonly number[];
  readonly dtype: 'int64' | 'float32';
  readonly shape: readonly [number];
}

/** Asks for nothing but logprobs. */
export function forwardDatum(tokens: Int32Array): Datum {
  return datum(tokens, { weights: Array.from({ length: tokens.length - 1 }, () => 1) });
}

/**
 * For the loss `importance_sampling`, −Σ_t advantage_t · exp(logπ_t − logprob_t): where `logprobs` are those of the weights as they are, its
 * gradient is −Σ_t advantage_t ∇logπ_t. Both have one value a target token, 0 on what does not count.
 */
export function backwardDatum(
  tokens: Int32Array,
  { logprobs, advantages }: { readonly logprobs: readonly number[]; readonly advantages: readonly number[] },
): Datum {
  return datum(tokens, { logprobs, advantages });
}

function datum(tokens: Int32Array, floats: Readonly<Record<string, readonly number[]>>): Datum {
  return {
    model_input: modelInput(tokens.subarray(0, -1)),
    loss_fn_inputs: {
      target_tokens: tensor([...tokens.subarray(1)], 'int64'),
      ...Object.fromEntries(Object.entries(floats).map(([name, values]) => [name, tensor(values, 'float32')])),
    },
  };
}

export function modelInput(tokens: Iterable<number>): ModelInput {
  return { chunks: [{ type: 'encoded_text', tokens: [...tokens] }] };
}

function tensor(data: readonly number[], dtype: TensorData['dtype']): TensorData {
  return { data, dtype, shape: [data.length] };
}

/** The server wants −1 for "all tokens". */
export function samplingParams({ maxTokens, temperature, topK, topP, stopTokens }: SampleRequest, seed: number): object {
  return { max_tokens: maxTokens, seed: seedOf(seed), temperature, top_k: topK === 0 ? -1 : topK, top_p: topP, stop: stopTokens };
}

/** Servers keep seeds in 32 bits with a sign. */
export function seedOf(seed: number): number {
  return seed % 2 ** 31;
}

export function adamParams({ learningRate, beta1, beta2, epsilon, weightDecay }: Omit<OptimStepRequest, 'gradientClip'>): object {
  return { learning_rate: learningRate, beta1, beta2, eps: epsilon, weight_decay: weightDecay };
}
