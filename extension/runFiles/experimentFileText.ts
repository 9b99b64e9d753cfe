/** What a new experiment file says, and what the text of one comes to. */
import { parse, type ParseError } from 'jsonc-parser';
import { experimentFileSchema } from '../../backend/protocol/experiment.ts';

/** JSON with comments: a few methods on the demonstration, ready to be started. */
export function experimentFileText(name: string): string {
  return `// An experiment of Critique-GRPO Workbench: a grid of runs over seeds. Hover a setting to read what it means.
// Start it with the button in the title bar, or with "Critique-GRPO: Start Experiment". It can be paused and gone on with at any time.
{
  // Names the experiment, its folder and its runs.
  "name": ${JSON.stringify(name)},
  // What all runs have in common: a preset, a run file ("file": "./train.cgrpo.json"), single settings over both.
  "base": {
    "preset": "demo",
    "set": { "training.steps": 80 }
  },
  // Settings that belong together, under a name.
  "variants": [
    { "label": "grpo", "set": { "algorithm": "grpo" } },
    { "label": "critique-grpo, verdict", "set": { "algorithm": "critique-grpo", "critic": "verdict" } },
    { "label": "critique-grpo, step level", "set": { "algorithm": "critique-grpo", "critic": "step-level" } }
  ],
  // Settings to vary: the grid has every combination of variants and values. For example "switches.shapingGamma": [0.05, 0.1, null].
  "axes": {},
  // Every cell of the grid is trained once with each.
  "seeds": [0, 1, 2],
  // What every finished run is scored on besides its held-out problems: "sets" has the file of each, e.g. { "math500": "./math500.jsonl" }.
  "benchmarks": { "sets": {} }
}
`;
}

/** How many runs the text of an experiment file stands for; null when it is not valid, which the backend says better than we could. */
export function experimentSize(
  text: string,
): { readonly name: string; readonly cells: number; readonly seeds: number; readonly sets: number } | null {
  const errors: ParseError[] = [];
  const parsed = experimentFileSchema.safeParse(parse(text, errors, { allowTrailingComma: true }));
  if (errors.length > 0 || !parsed.success) return null;
  const { name, variants, axes, seeds, benchmarks } = parsed.data;
  const cells = Object.values(axes).reduce((product, values) => product * values.length, Math.max(1, variants.length));
  return { name, cells, seeds: seeds.length, sets: Object.keys(benchmarks.sets).length };
}
