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

/** Critique-GRPO as in `paper`, by who writes the critiques. */
const critiqueGrpoWith = {
  'critique-grpo-verdict': withCritic('verdict', 'the verdict alone'),
  'critique-grpo-verdict-answer': withCritic('verdict-answer', 'the verdict and the gold answer'),
  'critique-grpo-chain-of-thought': withCritic('chain-of-thought', 'step-by-step critiques of a model behind an endpoint'),
  'critique-grpo-self': withCritic('self', 'critiques that the policy writes itself'),
  'critique-grpo-self-evaluation': withCritic('self-evaluation', 'critiques and verdicts that the policy writes itself'),
  'critique-grpo-weak-to-strong': withCritic('weak-to-strong', 'critiques of another local model, typically a weaker one'),
  'critique-grpo-step-level': withCritic('step-level', 'the first step that differs from a reference solution'),
} as const;

function withCritic(critic: string, source: string): Preset {
  return { summary: `Critique-GRPO with ${source}.`, config: { ...paperScale, algorithm: 'critique-grpo', critic } };
}

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
  ...critiqueGrpoWith,
  grpo: {
    summary: 'GRPO: 8 rollouts, advantages divided by their standard deviation, clip 0.2, no KL.',
    config: { ...paperScale, algorithm: 'grpo' },
  },
  'r1-grpo': {
    summary: 'R1-GRPO, the baseline of the paper: GRPO with KL to the base model (β is not stated; 0.001 is usual).',
    config: { ...paperScale, algorithm: 'grpo', switches: { klCoefficient: 0.001 } },
  },
  'dr-grpo': { summary: 'R1-Dr.GRPO: no standard deviation, no length normalization, no KL.', config: { ...paperScale, algorithm: 'dr-grpo' } },
  dapo: {
    summary: 'DAPO: clip 0.2 to 0.28, further problems for groups without signal, mean over tokens, soft limit of length.',
    config: { ...paperScale, algorithm: 'dapo' },
  },
  luffy: { summary: 'LUFFY: 7 rollouts and the demonstration of each problem in one group, γ = 0.1.', config: { ...paperScale, algorithm: 'luffy' } },
  'rl-with-sft': {
    summary: 'RL + SFT loss: GRPO on 7 rollouts plus 0.1 times the likelihood of the demonstrations.',
    config: { ...paperScale, algorithm: 'rl-with-sft' },
  },
  sdpo: {
    summary: 'Self-distillation from feedback: the policy that has read the critique teaches the one that has not.',
    config: { ...paperScale, algorithm: 'sdpo' },
  },
  sft: { summary: 'Supervised fine-tuning on the demonstrations.', config: { ...paperScale, algorithm: 'sft' } },
  raft: { summary: 'Rejection-sampling fine-tuning on the rollouts that are right.', config: { ...paperScale, algorithm: 'raft' } },
  'refinement-ft': {
    summary: 'Fine-tuning on the refinements that are right, given the problem.',
    config: { ...paperScale, algorithm: 'refinement-ft' },
  },
  'critique-ft': { summary: 'Fine-tuning on critiques, given problem and failed answer.', config: { ...paperScale, algorithm: 'critique-ft' } },
  'citl-ft': {
    summary: 'Critique-in-the-loop fine-tuning on right rollouts, and on right refinements given answer and critique.',
    config: { ...paperScale, algorithm: 'citl-ft' },
  },
  'grpo-then-sft': {
    summary: 'GRPO for 70 % of the steps, then fine-tuning on right refinements of what still fails.',
    config: { ...paperScale, algorithm: 'grpo-then-sft' },
  },
} as const satisfies Record<string, Preset>;

export type PresetName = keyof typeof presets;
