/** What a run file says about its critic: the model behind it, its limits, its prompt. A key is only named here, never written. */
import { z } from 'zod';

const count = z.number().int().positive();
const limit = z.number().positive().nullable().default(null);

export const criticOptionsSchema = z.strictObject({
  endpoint: z
    .enum(['http', 'editor'])
    .default('http')
    .describe('http: the OpenAI-compatible server at baseUrl. editor: the language models of the editor that watches the run.'),
  baseUrl: z
    .url({ protocol: /^https?$/ })
    .nullable()
    .default(null)
    .describe('Where the server is, e.g. "http://127.0.0.1:8000/v1".'),
  model: z.string().nullable().default(null).describe('The name of the model at the endpoint.'),
  modelFolder: z.string().nullable().default(null).describe('weakToStrong: a Hugging Face model folder on this machine.'),
  apiKeyEnvironment: z
    .string()
    .regex(/^[A-Z][A-Z0-9_]*_API_KEY$/, 'name a variable that ends in _API_KEY')
    .default('CRITIC_API_KEY')
    .describe('The environment variable that holds the key. Others than *_API_KEY are refused, so that a run file cannot send away any secret.'),
  temperature: z.number().min(0).max(2).default(0.7),
  topP: z.number().gt(0).max(1).nullable().default(null).describe('null leaves it to the endpoint.'),
  maxTokens: count.default(4096).describe('Longest critique, in tokens.'),
  concurrency: count.max(64).default(4).describe('Calls under way at a time.'),
  requestsPerMinute: count.nullable().default(null),
  retries: z.number().int().min(0).max(10).default(3).describe('Further tries of a call that failed for a passing reason.'),
  timeoutSeconds: z.number().positive().max(3600).default(60).describe('Longest wait for one answer.'),
  budget: z
    .strictObject({
      tokens: limit.describe('Most tokens of prompts and answers that the run may use, studies of its critics included; null for no limit.'),
      money: limit.describe('Most that the run may cost, studies of its critics included, in the currency of the prices; null for no limit.'),
    })
    .prefault({}),
  prices: z
    .strictObject({
      promptPerMillion: z.number().min(0).default(0).describe('Price of a million tokens sent.'),
      completionPerMillion: z.number().min(0).default(0).describe('Price of a million tokens received.'),
    })
    .prefault({}),
  cache: z.boolean().default(true).describe('Keep answers in the workspace: the same question to the same model is asked once.'),
  maxRegenerations: z
    .number()
    .int()
    .min(0)
    .max(10)
    .default(2)
    .describe('How often a critique is asked for anew when its conclusion contradicts the verifier.'),
  fallback: z
    .enum(['verdictAnswer', 'verdict', 'none'])
    .default('verdictAnswer')
    .describe('What stands in for a critique that could not be had. verdictAnswer tells the right answer; none leaves the rollout alone.'),
  promptFile: z
    .string()
    .nullable()
    .default(null)
    .describe(
      'A Jinja template of the request to the critic, or one that comes with the program (builtin:chainOfThought, builtin:selfCritique, builtin:selfEvaluation). null: what suits the critic.',
    ),
});
export type CriticOptions = z.infer<typeof criticOptionsSchema>;
