/** What a run file says about its verifier. */
import { z } from 'zod';

const tagName = z.string().regex(/^[A-Za-z][\w-]{0,63}$/, 'a tag is a name such as "think", without brackets');

function isPattern(text: string): boolean {
  try {
    return new RegExp(text, 'su') instanceof RegExp;
  } catch {
    return false;
  }
}

export const verifierOptionsSchema = z.strictObject({
  deadlineMs: z.number().int().min(1).max(600_000).default(5000).describe('Longest time for one completion; beyond it the verdict is "failed".'),
  tags: z
    .array(tagName)
    .min(1)
    .max(16)
    .nullable()
    .default(null)
    .describe(
      'The completion must be these tags, each once and in this order with nothing but blanks between, e.g. ["think", "answer"]; only the text in the last one is graded.',
    ),
  pattern: z
    .string()
    .refine(isPattern, 'this is no regular expression of JavaScript')
    .nullable()
    .default(null)
    .describe('For the verifier "format": a regular expression (JavaScript, flags s and u) that the whole completion must match.'),
  rightFrom: z.number().default(0.5).describe('For a reward function of your own: an answer is right from this reward on.'),
  python: z
    .string()
    .nullable()
    .default(null)
    .describe('For a reward function in Python: the interpreter, by name or by path (from the folder of the function); null is python3.'),
  env: z
    .array(z.string())
    .default([])
    .describe('For a reward function of your own: names of environment variables that it may see besides PATH, HOME, language and temporary folder.'),
  processes: z.number().int().min(1).max(32).default(1).describe('For a reward function of your own: processes that grade at the same time.'),
});
/** What a run file may say. */
export type VerifierOptionsInput = z.input<typeof verifierOptionsSchema>;
export type VerifierOptions = z.infer<typeof verifierOptionsSchema>;
