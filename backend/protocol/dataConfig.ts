/** The data sets of a run file: where problems are read from and how their fields are found. */
import { z } from 'zod';

export const dataSchema = z.strictObject({
  train: z.string().describe('JSONL file of training problems.'),
  heldOut: z.string().nullable().default(null).describe('JSONL file of held-out problems for evaluation.'),
  onBrokenRow: z.enum(['refuse', 'skip']).default('refuse'),
});
export type DataConfig = z.infer<typeof dataSchema>;
