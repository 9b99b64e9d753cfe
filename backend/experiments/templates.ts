/** Ready experiments: the tables and figures of the paper (arXiv 2506.03106) as grids. Each starts as it is, on the bundled demonstration. */
import type { ExperimentFileInput } from '../protocol/experiment.ts';

export interface ExperimentTemplate {
  readonly name: string;
  readonly summary: string;
  readonly file: Omit<ExperimentFileInput, 'name'>;
}

const demo: Pick<ExperimentFileInput, 'base' | 'seeds'> = { base: { preset: 'demo' }, seeds: [0, 1, 2] };

export const experimentTemplates: readonly ExperimentTemplate[] = [
  {
    name: 'methods',
    summary: 'All methods side by side (the main results table).',
    file: {
      ...demo,
      axes: {
        algorithm: [
          ...['sft', 'raft', 'refinement-ft', 'critique-ft', 'citl-ft', 'grpo-then-sft', 'grpo', 'dr-grpo'],
          ...['dapo', 'luffy', 'rl-with-sft', 'sdpo', 'critique-grpo'],
        ],
      },
    },
  },
  {
    name: 'critics',
    summary: 'One algorithm with every kind of critique, and without one (resample).',
    file: { ...demo, axes: { critic: ['resample', 'verdict', 'verdict-answer', 'step-level', 'self'] } },
  },
  {
    name: 'components',
    summary: 'From GRPO to Critique-GRPO, one change at a time (section 5.7).',
    file: {
      ...demo,
      variants: [
        { label: 'GRPO with KL', set: { algorithm: 'grpo', 'switches.klCoefficient': 0.001 } },
        { label: 'no KL, no std (Dr.GRPO)', set: { algorithm: 'dr-grpo' } },
        { label: '+ a random refinement', set: { 'switches.refinementSelection': 'random', 'switches.shapingGamma': null } },
        { label: '+ a right refinement', set: { 'switches.shapingGamma': null } },
        { label: '+ shaping (Critique-GRPO)', set: {} },
      ],
    },
  },
  {
    name: 'shaping',
    summary: 'The constant γ of the policy shaping; none is the plain ratio.',
    file: { ...demo, axes: { 'switches.shapingGamma': [0.01, 0.05, 0.1, 0.3, 1, null] } },
  },
  {
    name: 'ratio',
    summary: 'Rollouts to refinements (n:k) at eight sequences a problem.',
    file: {
      ...demo,
      variants: [7, 6, 5, 4].map((n) => ({
        label: `${n}:${8 - n}`,
        set: { 'switches.nRollouts': n, 'switches.kRefinements': 8 - n, 'switches.critiquesPerProblem': Math.max(2, 8 - n) },
      })),
    },
  },
  {
    name: 'trigger',
    summary: 'Which problems get critiques.',
    file: { ...demo, axes: { 'switches.trigger': ['allWrong', 'anyWrong', 'always'] } },
  },
  {
    name: 'clip-and-std',
    summary: 'Clipping of the ratio and of refinements, and the standard deviation in advantages.',
    file: {
      ...demo,
      variants: [
        { label: 'neither', set: {} },
        { label: 'clip', set: { 'switches.clipLow': 0.2, 'switches.clipHigh': 0.2 } },
        { label: 'clip, refinements too', set: { 'switches.clipLow': 0.2, 'switches.clipHigh': 0.2, 'switches.clipRefinements': true } },
        { label: 'std', set: { 'switches.advantageStd': true } },
        { label: 'clip and std', set: { 'switches.clipLow': 0.2, 'switches.clipHigh': 0.2, 'switches.advantageStd': true } },
      ],
    },
  },
  {
    name: 'critique-length',
    summary: 'Longest critique of a critic that is a model (appendix C).',
    file: { ...demo, base: { ...demo.base, set: { critic: 'self' } }, axes: { 'criticOptions.maxTokens': [12, 24, 48] } },
  },
  {
    name: 'plateau',
    summary: 'Does more data lift the plateau? Curves over data sizes, with rewards alone and with critiques (figure 2).',
    file: { ...demo, axes: { 'data.limit': [40, 80, 160], algorithm: ['dr-grpo', 'critique-grpo'] } },
  },
  {
    name: 'failures',
    summary: 'What training on rewards leaves unsolved (pass@4 = 0), and what each kind of critique rescues of it (appendix E).',
    file: {
      ...demo,
      base: { ...demo.base, set: { algorithm: 'dr-grpo' } },
      rescue: { critics: ['resample', 'verdict', 'verdict-answer', 'step-level', 'self'], attempts: 4 },
    },
  },
];

/** The text of an experiment file, with a word on how to make it one's own. */
export function templateText({ name, summary, file }: ExperimentTemplate): string {
  return [
    `// ${summary}`,
    '// To run it on a model and problems of your own, give "base" a run file: "base": { "file": "my.cgrpo.json" }.',
    '// To score every run on evaluation sets: "benchmarks": { "sets": { "math500": "path/to/test.jsonl" } }.',
    `${JSON.stringify({ name, ...file }, null, 2)}\n`,
  ].join('\n');
}
