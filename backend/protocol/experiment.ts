/**
 * The experiment file (`*.experiment.json`): a grid of runs over seeds, and the evaluation sets that every run is scored on at its end.
 * Unknown keys are refused; the JSON Schema of the editor is generated from here.
 */
import { z } from 'zod';

const count = z.number().int().positive();
const settingPath = z
  .string()
  .regex(/^[A-Za-z]\w*(\.[A-Za-z]\w*)*$/, 'a setting is named by its path in a run file, such as "switches.shapingGamma"');

export const benchmarkSettingsSchema = z.strictObject({
  sets: z
    .record(z.string(), z.string())
    .default({})
    .describe('Evaluation sets by name (math500, minervaMath, olympiadBench, amc23, aime24, theoremQa, gpqaDiamond, mmluPro), each with its file.'),
  greedy: z.boolean().default(true).describe('One greedy answer a problem: pass@1.'),
  samples: z.number().int().min(0).default(0).describe('Sampled answers a problem besides: avg@k, pass@k and maj@k; 0 for none.'),
  temperature: z.number().positive().default(1).describe('Of the sampled answers.'),
  maxTokens: count.nullable().default(null).describe('Longest answer; null takes the run’s sampling.maxTokens.'),
  limit: count.nullable().default(null).describe('At most so many problems of each set, drawn with "seed"; null takes all.'),
  seed: z.number().int().min(0).default(0).describe('Of sampled answers, of the order of choices, and of "limit".'),
});
export type BenchmarkSettings = z.infer<typeof benchmarkSettingsSchema>;

export const rescueSettingsSchema = z.strictObject({
  critics: z
    .array(z.string())
    .default([])
    .describe('Critics to compare after training on the problems that still fail every time; none leaves it out.'),
  attempts: count.default(4).describe('Answers a problem; it fails persistently when all are wrong.'),
  limit: count.nullable().default(null).describe('At most so many training problems, drawn with the seed of the run; null takes all.'),
});
export type RescueSettings = z.infer<typeof rescueSettingsSchema>;

export const experimentFileSchema = z.strictObject({
  $schema: z.string().optional(),
  name: z
    .string()
    .regex(/^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/, 'use letters, digits, dots, underscores and hyphens')
    .describe('Names the experiment, its folder and its runs.'),
  base: z
    .strictObject({
      preset: z.string().optional().describe('What every run starts from.'),
      file: z.string().optional().describe('A run file over the preset; its path is from the folder of this file.'),
      set: z.record(settingPath, z.json()).default({}).describe('Single settings over both, e.g. {"training.steps": 80}.'),
    })
    .describe('What all runs have in common.'),
  variants: z
    .array(
      z.strictObject({
        label: z.string().min(1).max(80),
        set: z.record(settingPath, z.json()).describe('Settings that belong together, e.g. {"switches.nRollouts": 6, "switches.kRefinements": 2}.'),
      }),
    )
    .default([])
    .describe('Named variants, an axis of their own in the grid.'),
  axes: z
    .record(settingPath, z.array(z.json()).min(1))
    .default({})
    .describe('Settings to vary and their values, e.g. {"switches.shapingGamma": [0.05, 0.1, null]}. The grid has every combination.'),
  seeds: z
    .array(z.number().int().min(0))
    .min(1)
    .refine((seeds) => new Set(seeds).size === seeds.length, 'a seed stands here twice')
    .default([0, 1, 2])
    .describe('Every cell of the grid is trained once with each.'),
  benchmarks: benchmarkSettingsSchema.prefault({}).describe('What every finished run is scored on.'),
  rescue: rescueSettingsSchema.prefault({}).describe('What critiques of each kind make of the problems that training left unsolved.'),
});
/** As written. */
export type ExperimentFileInput = z.input<typeof experimentFileSchema>;
/** With every default filled in. */
export type ExperimentFile = z.infer<typeof experimentFileSchema>;
