/**
 * The requests of the OpenAI API that a policy can answer: chat and plain completions. Settings that would change the answer and are not served are
 * refused; those that would not (user, metadata, …) are passed over.
 */
import { z } from 'zod';

const most = 64;
const stop = z.union([z.string().min(1), z.array(z.string().min(1)).max(16)]).nullish();
const count = z.number().int().min(1);
const off = z.literal(0).nullish();
const absent = z.null().optional();

const sampling = {
  model: z.string().min(1),
  n: count.max(most).nullish(),
  max_tokens: count.nullish(),
  temperature: z.number().min(0).max(10).nullish(),
  top_p: z.number().gt(0).max(1).nullish(),
  seed: z.number().int().nullish(),
  stop,
  stream: z.boolean().nullish(),
  stream_options: z.object({ include_usage: z.boolean().optional() }).nullish(),
  presence_penalty: off,
  frequency_penalty: off,
  logit_bias: z
    .record(z.string(), z.number())
    .refine((biases) => Object.keys(biases).length === 0, 'is not served')
    .nullish(),
};

const part = z.object({ type: z.literal('text'), text: z.string() });

export const chatRequestSchema = z.object({
  ...sampling,
  messages: z
    .array(
      z.object({
        role: z.enum(['system', 'developer', 'user', 'assistant']),
        content: z.union([z.string(), z.array(part)]),
      }),
    )
    .min(1),
  max_completion_tokens: count.nullish(),
  logprobs: z.boolean().nullish(),
  // Accepted because clients send it together with logprobs; alternatives to the sampled token are not known.
  top_logprobs: z.number().int().min(0).max(20).nullish(),
  response_format: z.object({ type: z.literal('text') }).nullish(),
  tools: z.array(z.never()).nullish(),
});
export type ChatRequest = z.infer<typeof chatRequestSchema>;

const tokens = z.array(z.number().int().min(0)).min(1);

export const completionRequestSchema = z.object({
  ...sampling,
  prompt: z.union([z.string(), z.array(z.string()).min(1).max(most), tokens, z.array(tokens).min(1).max(most)]),
  logprobs: z.number().int().min(0).max(20).nullish(),
  echo: z.literal(false).nullish(),
  suffix: absent,
  best_of: z.literal(1).nullish(),
});
export type CompletionRequest = z.infer<typeof completionRequestSchema>;
