/**
 * The run file (`*.cgrpo.json`): every switch of a run, with its default. The JSON Schema of the editor is generated from here.
 * Unknown keys are refused at every level: a misspelled setting must not train with the default in silence.
 */
import { z } from 'zod';
import { criticOptionsSchema } from './criticConfig.ts';
import { dataSchema } from './dataConfig.ts';
import { tinkerSchema } from './tinkerConfig.ts';
import { verifierOptionsSchema } from './verifierConfig.ts';

const positive = z.number().positive();
const count = z.number().int().positive();

/**
 * Switches on which the versions of the paper and its released code disagree, and those of the baselines.
 * Each algorithm has its own defaults for them (`backend/algorithms`); a run file overrides single ones.
 */
export const switchesSchema = z.strictObject({
  nRollouts: count.describe('Rollouts sampled for each problem (n). True count: refinements never replace a rollout.'),
  kRefinements: z.number().int().min(0).describe('Refinements that join each group (k).'),
  critiquesPerProblem: z
    .number()
    .int()
    .min(0)
    .describe('How many failed rollouts of a problem are critiqued and refined before k refinements are chosen.'),
  trigger: z
    .enum(['allWrong', 'anyWrong', 'always'])
    .describe('Which problems get critiques: those with no right rollout, those with a wrong one, or all.'),
  refinementSelection: z.enum(['rightFirst', 'rightOnly', 'random']).describe('Which refinements join the group.'),
  clipLow: z.number().min(0).max(1).nullable().describe('Lower clip ε of the ratio (1 − ε); null for no clip.'),
  clipHigh: z.number().min(0).nullable().describe('Upper clip ε of the ratio (1 + ε); null for no clip.'),
  clipRefinements: z.boolean().describe('Clip the shaped probability of refinement tokens too (newest paper, eq. 4).'),
  advantageStd: z.boolean().describe('Divide advantages by the group standard deviation (GRPO); Dr.GRPO and Critique-GRPO do not.'),
  refinementWeighting: z
    .enum(['paper', 'uniform'])
    .describe('paper: 1/n over rollouts plus 1/k over refinements. uniform: every sequence alike (released code).'),
  shapingGamma: positive.nullable().describe('γ of the policy shaping p/(p + γ) on refinement tokens; null uses the plain ratio.'),
  klCoefficient: z.number().min(0).describe('β of the k3 estimate of KL(policy ‖ reference); 0 keeps no reference.'),
  entropyCoefficient: z.number().describe('Coefficient of the mean token entropy bonus.'),
  aggregation: z
    .enum(['constant', 'sequenceMean', 'tokenMean'])
    .describe(
      'How token losses become one number: Σ / maxTokens (Dr.GRPO), mean within each sequence (GRPO paper), or mean over all tokens (verl, DAPO).',
    ),
  refinementContext: z
    .enum(['problem', 'critique'])
    .describe('What refinements are trained conditional on: the problem alone, or problem, failed answer and critique (CITL-FT).'),
  dynamicSampling: z
    .number()
    .int()
    .min(0)
    .describe('How often a step may draw further problems in place of groups without a signal (DAPO); 0 trains on what was drawn first.'),
  overlongBuffer: z
    .number()
    .min(0)
    .max(1)
    .describe(
      'Last share of sampling.maxTokens over which the reward of an answer falls by up to 1 (DAPO: 0.2); 0 leaves rewards alone. Verdicts stay as they are.',
    ),
  demonstrationCoefficient: z.number().min(0).describe('λ of the likelihood of demonstrations next to a policy gradient (RL + SFT loss).'),
  distillationWeight: z
    .number()
    .min(0)
    .max(1)
    .describe('Share of the self-teacher in the advantage of a criticized rollout (SDPO); the rest is the group-relative advantage.'),
  firstPhase: z.number().min(0).max(1).describe('Share of the steps that belong to the first phase, for algorithms of two phases.'),
});
export type Switches = z.infer<typeof switchesSchema>;

export const samplingSchema = z.strictObject({
  temperature: z.number().min(0).default(1).describe('0 is greedy.'),
  topK: z.number().int().min(0).default(0).describe('0 keeps all tokens.'),
  topP: z.number().gt(0).max(1).default(1),
  maxTokens: count.default(1024).describe('Longest completion, in tokens.'),
});
export type Sampling = z.infer<typeof samplingSchema>;

export const optimizerSchema = z.strictObject({
  learningRate: positive.default(1e-6),
  schedule: z.enum(['constant', 'linear', 'cosine']).default('constant'),
  warmupSteps: z.number().int().min(0).default(0),
  beta1: z.number().min(0).lt(1).default(0.9),
  beta2: z.number().min(0).lt(1).default(0.999),
  epsilon: positive.default(1e-8),
  weightDecay: z.number().min(0).default(0),
  gradientClip: positive.nullable().default(1).describe('Largest global norm of the gradient; null does not clip.'),
});
export type OptimizerConfig = z.infer<typeof optimizerSchema>;

export const loraSchema = z.strictObject({
  rank: count.default(16),
  alpha: positive.default(32),
  targets: z
    .array(z.enum(['q_proj', 'k_proj', 'v_proj', 'o_proj', 'gate_proj', 'up_proj', 'down_proj']))
    .min(1)
    .default(['q_proj', 'k_proj', 'v_proj', 'o_proj', 'gate_proj', 'up_proj', 'down_proj']),
});
export type LoraConfig = z.infer<typeof loraSchema>;

export const engineProviderSchema = z
  .enum(['auto', 'cpu', 'webgpu', 'cuda', 'dml', 'coreml'])
  .describe(
    'Where the local engine computes. auto: on the GPU if there is one that computes right and is clearly faster for this model, else on the CPU. A resumed run keeps its own.',
  );

export const runConfigSchema = z.strictObject({
  $schema: z.string().optional(),
  name: z.string().optional().describe('Shown in lists; the id of the run is derived from it.'),
  seed: z.number().int().min(0).default(0).describe('Same seed, same machine: same bytes.'),
  model: z.strictObject({
    path: z
      .string()
      .describe('A Hugging Face model folder of the Qwen2, Qwen3 or Llama family, a PEFT adapter to go on with, or hf://owner/name[@revision].'),
    lora: loraSchema.nullable().default(null).describe('Train a low-rank adapter instead of all weights.'),
  }),
  data: dataSchema,
  prompt: z
    .strictObject({
      system: z.string().nullable().default(null),
      suffix: z.string().default('').describe('Appended to the question of each problem.'),
      refinement: z
        .enum(['conversation', 'instruction'])
        .default('instruction')
        .describe('conversation: question, answer and critique as turns. instruction: one user message that quotes them.'),
    })
    .prefault({}),
  sampling: samplingSchema.prefault({}),
  verifier: z
    .string()
    .default('numeric')
    .describe('Name of a verifier in backend/rewards, or the path of a reward function of your own (*.ts, *.mts, *.js, *.mjs or *.py).'),
  verifierOptions: verifierOptionsSchema.prefault({}),
  critic: z.string().default('stepLevel').describe('Name of a critic in backend/critics.'),
  criticOptions: criticOptionsSchema.prefault({}),
  humanCritiques: z
    .enum(['allow', 'exclude'])
    .default('allow')
    .describe('exclude: no critique by a person can be trained on, so that the run may be compared with others.'),
  algorithm: z.string().default('critiqueGrpo').describe('Name of an algorithm in backend/algorithms.'),
  switches: switchesSchema.partial().prefault({}).describe('Overrides of the algorithm’s defaults.'),
  optimizer: optimizerSchema.prefault({}),
  training: z
    .strictObject({
      steps: count.default(100),
      problemsPerStep: count.default(8),
      updatesPerStep: count.default(1).describe('Optimizer updates a step; more than one makes later ones off-policy.'),
      microBatchTokens: count.default(2048).describe('Largest number of padded tokens in one forward-backward run.'),
      layerCheckpointing: z.boolean().default(false).describe('Recompute layers in the backward pass: half the memory, a third more time.'),
      layerwise: z
        .boolean()
        .nullable()
        .default(null)
        .describe('Train one layer at a time, with logits in blocks: the least memory, a third more time. null: where the model is large.'),
      halfWeights: z
        .boolean()
        .default(false)
        .describe(
          'With an adapter: keep the frozen weights as a bfloat16 or float16 folder stores them, half the memory, and widen one layer at a time. Rollouts take about half as long again.',
        ),
    })
    .prefault({}),
  engine: z
    .strictObject({
      provider: engineProviderSchema.default('auto'),
      tinker: tinkerSchema.nullable().default(null).describe('Train on a Tinker-compatible server (SkyRL, verl, Tinker) in place of this machine.'),
    })
    .prefault({}),
  evaluation: z
    .strictObject({
      every: z.number().int().min(0).default(20).describe('Steps between evaluations on the held-out set; 0 only before and after.'),
      samples: count.default(1).describe('Samples a problem in the evaluations on the way.'),
      finalSamples: count.default(4).describe('Samples a problem before and after training.'),
      temperature: z.number().min(0).default(1),
      failureAttempts: count.default(8).describe('Tries on each training problem when persistent failures are counted, before and after.'),
    })
    .prefault({}),
  checkpoint: z
    .strictObject({
      every: count.default(20).describe('Steps between checkpoints.'),
      keep: count.default(2).describe('Newest checkpoints kept; the last one always is.'),
    })
    .prefault({}),
});
/** A run file as written. */
export type RunConfigInput = z.input<typeof runConfigSchema>;
/** A run file with every default filled in. */
export type RunConfig = z.infer<typeof runConfigSchema>;
