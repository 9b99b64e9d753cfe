/** The data sets of a run file: where problems are read from, how their fields are found, and which of them are trained on. */
import { z } from 'zod';

const seed = z.number().int().min(0);
const count = z.number().int().positive();
const column = z.string().min(1);

/** Columns are named as in the file, nested ones with dots: `reward_model.ground_truth`, `choices.text`, `target.0.content`. */
export const columnsSchema = z.strictObject({
  id: column.optional().describe('Names each problem; must not repeat.'),
  prompt: column.optional().describe('The question as a text, or a list of messages.'),
  system: column.optional().describe('A system message to stand before the question.'),
  answer: column.optional().describe('The right final answer; of a multiple choice question its letter, its number (from 0) or its text.'),
  answerIn: z
    .enum(['whole', 'boxed', 'afterHashes'])
    .optional()
    .describe('What of the answer column is the answer: all of it, the last \\boxed{…}, or what follows the last "####".'),
  level: column.optional().describe('Difficulty or subject; scores are shown for each.'),
  solution: column.optional().describe('A reference solution: steps as this program writes them. A text is taken as the demonstration.'),
  demonstration: column.optional().describe('A worked answer to imitate: a text or a list of messages.'),
  choices: column.optional().describe('The choices of a multiple choice question.'),
  metadata: z.array(column).optional().describe('Columns that are kept with each problem, to show and to filter by.'),
});
export type ColumnsConfig = z.infer<typeof columnsSchema>;

export const splitSchema = z
  .strictObject({
    fraction: z.number().gt(0).lt(1).optional().describe('Share of the problems that is held out.'),
    count: count.optional().describe('Number of problems that are held out.'),
  })
  .refine(({ fraction, count: held }) => (fraction === undefined) !== (held === undefined), 'give either "fraction" or "count"');

export const filterSchema = z.strictObject({
  levels: z.array(z.string()).min(1).optional().describe('Keep problems of these levels.'),
  metadata: z
    .record(z.string(), z.union([z.string(), z.number(), z.boolean(), z.null()]))
    .optional()
    .describe('Keep problems whose metadata have these values, e.g. {"data_source": "math"}.'),
  ids: z.array(z.string()).min(1).optional().describe('Keep these problems alone.'),
  withoutIds: z.array(z.string()).optional().describe('Leave these problems out.'),
  maxPromptCharacters: count.optional().describe('Leave out longer questions.'),
  maxPromptTokens: count.optional().describe('Leave out problems with longer prompts, counted with the model’s chat template.'),
  distinct: z.boolean().default(false).describe('Keep the first of several problems with the same question.'),
});
export type FilterConfig = z.infer<typeof filterSchema>;

export const dataSchema = z.strictObject({
  train: z
    .string()
    .describe(
      'Training problems: a file (JSONL, JSON, CSV, TSV or Parquet; text files may be gzip’d), a folder of shards, a pattern such as data/train-*.parquet, or hf://datasets/owner/name/path.',
    ),
  heldOut: z.string().nullable().default(null).describe('Problems for evaluation that are never trained on; read like "train".'),
  layout: z
    .string()
    .default('auto')
    .describe('How a row is read: auto recognizes workbench, verl, luffy, openr1, math, gsm8k, multiple-choice and more.'),
  columns: columnsSchema.prefault({}).describe('Where the fields of a problem are, for rows of another layout; what is left out is recognized.'),
  heldOutColumns: columnsSchema.nullable().default(null).describe('The same for "heldOut"; null reads it with "columns".'),
  onBrokenRow: z.enum(['refuse', 'skip']).default('refuse').describe('Stop at the first row that is no problem, or leave such rows out and say so.'),
  filter: filterSchema.prefault({}).describe('Which training problems to keep. A "heldOut" file is taken whole.'),
  split: splitSchema.nullable().default(null).describe('Hold out a part of the training problems, in place of "heldOut".'),
  limit: count.nullable().default(null).describe('Train on at most so many problems, drawn at random with "seed".'),
  seed: seed
    .default(0)
    .describe('Decides "split" and "limit" by the questions themselves; apart from the run’s seed, so that runs of several seeds share both.'),
  order: z
    .enum(['shuffled', 'file'])
    .default('shuffled')
    .describe('Order of the problems in each pass: shuffled anew by "orderSeed", or that of the file.'),
  orderSeed: seed.nullable().default(null).describe('Seed of the shuffling; null takes the run’s seed.'),
});
export type DataConfig = z.infer<typeof dataSchema>;
/** The `data` of a run file as written. */
export type DataConfigInput = z.input<typeof dataSchema>;
