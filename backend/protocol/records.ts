/**
 * What a run produces, in the order of the data's way: Problem → Rollout → Verdict → Critique → Refinement → Group → Update.
 * Plain data with ids; the schemas here are the only definition (types, validation and JSON Schema come from them).
 */
import { z } from 'zod';

export const messageSchema = z.object({
  role: z.enum(['system', 'user', 'assistant']),
  content: z.string(),
});
export type Message = z.infer<typeof messageSchema>;

export const operatorSchema = z.enum(['+', '-', 'x', '/']);
export type Operator = z.infer<typeof operatorSchema>;

/** One step of a reference solution: apply `operator operand` to the running value; `phrase` is the words of the problem that ask for it. */
export const solutionStepSchema = z.object({
  operator: operatorSchema,
  operand: z.number(),
  phrase: z.string(),
});
export type SolutionStep = z.infer<typeof solutionStepSchema>;

/** A reference solution as a chain of operations on a running value. What a step-level critic compares an answer with. */
export const solutionSchema = z.object({ start: z.number(), steps: z.array(solutionStepSchema).min(1) });
export type Solution = z.infer<typeof solutionSchema>;

/** A task with a checkable answer. */
export const problemSchema = z.object({
  id: z.string().min(1),
  prompt: z.array(messageSchema).min(1),
  /** Gold final answer, as text. */
  answer: z.string(),
  level: z.string(),
  solution: solutionSchema.optional(),
  /** A worked answer to imitate (supervised algorithms only). */
  demonstration: z.string().optional(),
  /** Texts of the choices of a multiple choice question, in the order of their letters A, B, C, …; `answer` is then a letter. */
  choices: z.array(z.string()).min(2).max(26).optional(),
  /** What the data set says besides (source, subject, original index); shown and filtered by, never trained on. */
  metadata: z.record(z.string(), z.union([z.string(), z.number(), z.boolean(), z.null()])).optional(),
});
export type Problem = z.infer<typeof problemSchema>;

export const finishSchema = z.enum(['stop', 'length']);
export type Finish = z.infer<typeof finishSchema>;

/** One sampled answer. `tokens` includes the end token when `finish` is `stop`. */
export const rolloutSchema = z.object({
  id: z.string(),
  runId: z.string(),
  step: z.number().int(),
  problemId: z.string(),
  /** Place within the group. */
  index: z.number().int(),
  policyVersion: z.number().int(),
  seed: z.number().int(),
  /** The exact ids it was sampled from. Nothing is decoded and re-encoded. */
  promptTokens: z.array(z.number().int()),
  tokens: z.array(z.number().int()),
  /** log π_old(token | prompt, tokens before), one a token, at temperature 1. */
  behaviorLogprobs: z.array(z.number()),
  completion: z.string(),
  finish: finishSchema,
});
export type Rollout = z.infer<typeof rolloutSchema>;

/** Why an answer is no success; `verifierFailed` goes with status `failed` only. */
export const causeSchema = z.enum(['noAnswer', 'unparsable', 'wrongValue', 'truncated', 'verifierFailed']);
export type Cause = z.infer<typeof causeSchema>;

/** What the verifier said. `failed` (timeout, crash) is excluded from the group and counted, never scored as wrong. */
export const verdictSchema = z.object({
  rolloutId: z.string(),
  verifier: z.string(),
  status: z.enum(['right', 'wrong', 'failed']),
  reward: z.number(),
  extracted: z.string().nullable(),
  reason: z.string(),
  cause: causeSchema.nullable(),
  /** What another grader, asked besides, says of the same answer; its `failed` is no opinion. */
  secondOpinion: z.object({ grader: z.string(), status: z.enum(['right', 'wrong', 'failed']), reason: z.string() }).optional(),
});
export type Verdict = z.infer<typeof verdictSchema>;

/** `resample` is the control: a second attempt with no critique at all. */
export const critiqueKindSchema = z.enum([
  'verdict',
  'verdictAnswer',
  'stepLevel',
  'chainOfThought',
  'self',
  'selfEvaluation',
  'weakToStrong',
  'human',
  'resample',
]);
export type CritiqueKind = z.infer<typeof critiqueKindSchema>;

/** A text about one rollout. Revisions are new rows; a human revision wins over every other. */
export const critiqueSchema = z.object({
  id: z.string(),
  runId: z.string(),
  rolloutId: z.string(),
  kind: critiqueKindSchema,
  author: z.string(),
  text: z.string(),
  revision: z.number().int().min(1),
  supersedes: z.string().nullable(),
  createdAt: z.number(),
});
export type Critique = z.infer<typeof critiqueSchema>;

/**
 * How a critique by a model came about, or why there is none. One for each rollout that such a critic was asked about; what it said counts
 * for nothing but the text: no reward depends on it.
 */
export const critiqueCallSchema = z.object({
  runId: z.string(),
  rolloutId: z.string(),
  step: z.number().int(),
  critic: z.string(),
  /** As the endpoint calls it; null for the policy itself. */
  model: z.string().nullable(),
  /** Requests that were made, retries included; 0 for one answered from the cache alone. */
  attempts: z.number().int(),
  promptTokens: z.number().int(),
  completionTokens: z.number().int(),
  /** In the currency of the prices. */
  cost: z.number(),
  /** Every answer came from the cache. */
  isCached: z.boolean(),
  /** What the last critique concluded about the answer; null where it said nothing that can be read, and without one. */
  conclusion: z.enum(['right', 'wrong']).nullable(),
  /** Critiques thrown away because they contradicted the verifier. */
  disagreements: z.number().int(),
  /** The kind of critique that stood in; null where the model's own was used, and where there is none. */
  fallback: critiqueKindSchema.nullable(),
  /** The critique was cut off at its limit. */
  isCutOff: z.boolean(),
  /** Why there is no critique by the model; null where there is. */
  error: z.string().nullable(),
  seconds: z.number(),
});
export type CritiqueCall = z.infer<typeof critiqueCallSchema>;

/**
 * What may make a critique or a refinement a bad teacher. `statesAnswer`: a critique tells the gold answer. Of refinements: `answerOnly` changes the
 * answer and keeps the failed reasoning, `unchanged` is the failed answer again, `speaksOfCritique` mentions what it is not trained with.
 * `cutOff`: either ended at its limit.
 */
export const auditFlagSchema = z.enum(['statesAnswer', 'answerOnly', 'unchanged', 'speaksOfCritique', 'cutOff']);
export type AuditFlag = z.infer<typeof auditFlagSchema>;

/** What was noticed about one critique or refinement; there is none for those without a flag. */
export const auditSchema = z.object({
  runId: z.string(),
  /** Of the critique or refinement. */
  id: z.string(),
  subject: z.enum(['critique', 'refinement']),
  /** The failed rollout it is about. */
  rolloutId: z.string(),
  flags: z.array(auditFlagSchema).min(1),
});
export type Audit = z.infer<typeof auditSchema>;

/**
 * A new attempt given a critique: a rollout plus the critique revision it answers. Trained conditional on the problem only.
 * `behaviorLogprobs` are under problem + answer + critique; `problemLogprobs` are under the problem alone. Their difference is the condition gap.
 */
export const refinementSchema = rolloutSchema.extend({
  critiqueId: z.string(),
  /** The failed rollout it repairs. */
  rolloutId: z.string(),
  /** Present only for refinements that joined their group. */
  problemLogprobs: z.array(z.number()).nullable(),
});
export type Refinement = z.infer<typeof refinementSchema>;

/** Refinements written outside of a step, to see what the policy makes of a critique. They are never trained on. */
export const trialRecordSchema = z.object({
  id: z.string(),
  runId: z.string(),
  /** Of a counterfactual critique, which is not kept, too. */
  critiqueId: z.string(),
  rolloutId: z.string(),
  problemId: z.string(),
  policyVersion: z.number().int(),
  createdAt: z.number(),
  refinementIds: z.array(z.string()),
});
export type TrialRecord = z.infer<typeof trialRecordSchema>;

export const groupMemberSchema = z.object({
  id: z.string(),
  /** `critique`: the text of a critique, to be written after problem and answer (Critique FT); `dataset`: a demonstration. */
  origin: z.enum(['policy', 'refinement', 'dataset', 'critique']),
  reward: z.number(),
  advantage: z.number(),
  /** Weight of the sequence in the loss relative to a lone member of weight 1/n. */
  weight: z.number(),
});
export type GroupMember = z.infer<typeof groupMemberSchema>;

/** `rescued`: every rollout failed and a refinement is right. */
export const groupKindSchema = z.enum(['allRight', 'mixed', 'allWrong', 'rescued']);
export type GroupKind = z.infer<typeof groupKindSchema>;

/** The rollouts and refinements of one problem at one step, with the credit each was given. */
export const groupSchema = z.object({
  id: z.string(),
  runId: z.string(),
  step: z.number().int(),
  problemId: z.string(),
  kind: groupKindSchema,
  /** True when every advantage is 0: the group was kept but taught nothing. */
  zeroSignal: z.boolean(),
  /** Rollouts left out because their verifier failed. */
  excluded: z.number().int(),
  members: z.array(groupMemberSchema),
});
export type Group = z.infer<typeof groupSchema>;

/** One step of training: its optimizer updates and what was measured on the way. */
export const updateSchema = z.object({
  runId: z.string(),
  step: z.number().int(),
  policyVersion: z.number().int(),
  loss: z.number(),
  gradientNorm: z.number(),
  learningRate: z.number(),
  tokensSampled: z.number().int(),
  tokensTrained: z.number().int(),
  /** Seconds by phase; the only field that differs between two runs of the same seed. */
  seconds: z.record(z.string(), z.number()),
  metrics: z.record(z.string(), z.number()),
});
export type Update = z.infer<typeof updateSchema>;

export const levelScoreSchema = z.object({
  problems: z.number().int(),
  samples: z.number().int(),
  passAt1: z.number(),
  /** 95 % Wilson interval of passAt1. */
  interval: z.tuple([z.number(), z.number()]),
  /** Unbiased pass@k by k. */
  passAtK: z.record(z.string(), z.number()),
  /** Problems with no right sample. */
  neverSolved: z.number().int(),
});
export type LevelScore = z.infer<typeof levelScoreSchema>;

/** A score on a fixed set of problems. */
export const evaluationSchema = z.object({
  runId: z.string(),
  step: z.number().int(),
  set: z.enum(['heldOut', 'train']),
  samplesPerProblem: z.number().int(),
  temperature: z.number(),
  all: levelScoreSchema,
  byLevel: z.record(z.string(), levelScoreSchema),
  tokensSampled: z.number().int(),
});
export type Evaluation = z.infer<typeof evaluationSchema>;

/** A problem with no right answer in `attempts` tries of one policy version. */
export const persistentFailureSchema = z.object({
  runId: z.string(),
  step: z.number().int(),
  problemId: z.string(),
  level: z.string(),
  attempts: z.number().int(),
  causes: z.partialRecord(causeSchema, z.number().int()),
  /** One of the failed answers. */
  example: z.string(),
});
export type PersistentFailure = z.infer<typeof persistentFailureSchema>;
