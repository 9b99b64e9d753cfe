/** Named starting points for a run file. `demo` is complete; the others carry a method's switches and want a model and data. */
import type { RunConfigInput } from '../protocol/runConfig.ts';

export interface Preset {
  readonly summary: string;
  /** Paths that start with `demo:` lie in the bundled demonstration. */
  readonly config: Omit<RunConfigInput, 'model' | 'data'> & Partial<Pick<RunConfigInput, 'model' | 'data'>>;
}

/** The paper's setting where its text states one (arXiv 2506.03106; research code where it does not). */
const paperScale = {
  sampling: { temperature: 1, maxTokens: 6144 },
  optimizer: { learningRate: 1e-6, weightDecay: 0.01, gradientClip: 1 },
  training: { steps: 400, problemsPerStep: 128, updatesPerStep: 2, layerCheckpointing: true },
  evaluation: { every: 50, temperature: 0 },
} as const;

export const presets = {
  demo: {
    summary: 'The bundled tiny model on word problems: minutes on a laptop, offline.',
    config: {
      model: { path: 'demo:model' },
      data: { train: 'demo:train.jsonl', heldOut: 'demo:heldOut.jsonl' },
      prompt: { refinement: 'conversation' },
      sampling: { temperature: 1, maxTokens: 72 },
      critic: 'stepLevel',
      algorithm: 'critique-grpo',
      switches: { trigger: 'anyWrong', critiquesPerProblem: 2 },
      optimizer: { learningRate: 2e-4, warmupSteps: 10, beta2: 0.98 },
      training: { steps: 160, problemsPerStep: 8, microBatchTokens: 1024 },
      evaluation: { every: 20, samples: 2, finalSamples: 4, failureAttempts: 8 },
      checkpoint: { every: 20, keep: 2 },
    },
  },
  paper: {
    summary: 'Critique-GRPO as the newest text has it: 7 rollouts + 1 refinement, T = 1, γ = 0.1, no std, no KL, no clip.',
    config: { ...paperScale, algorithm: 'critique-grpo' },
  },
  'released-code': {
    summary: 'What the released code intends: every rollout refined, every sequence weighted alike, entropy bonus 0.001.',
    config: {
      ...paperScale,
      algorithm: 'critique-grpo',
      switches: { trigger: 'always', critiquesPerProblem: 7, refinementWeighting: 'uniform', entropyCoefficient: 0.001 },
    },
  },
  grpo: { summary: 'R1-GRPO: 8 rollouts, advantages divided by their standard deviation, clip 0.2.', config: { ...paperScale, algorithm: 'grpo' } },
  'dr-grpo': { summary: 'R1-Dr.GRPO: no standard deviation, no length normalization.', config: { ...paperScale, algorithm: 'dr-grpo' } },
  sft: { summary: 'Supervised fine-tuning on the demonstrations.', config: { ...paperScale, algorithm: 'sft' } },
} as const satisfies Record<string, Preset>;

export type PresetName = keyof typeof presets;
