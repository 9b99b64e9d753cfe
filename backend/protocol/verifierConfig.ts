/** What a run file says about its verifier. */
import { z } from 'zod';

export const verifierOptionsSchema = z.strictObject({
  deadlineMs: z.number().int().min(1).max(600_000).default(5000).describe('Longest time for one completion; beyond it the verdict is "failed".'),
});
export type VerifierOptions = z.infer<typeof verifierOptionsSchema>;
