/** What happened, in order. An event is in the store before anyone hears of it; `seq` grows by one a workspace. */
import { z } from 'zod';
import { evaluationSchema, groupKindSchema, updateSchema } from './records.ts';

export const eventBodySchema = z.discriminatedUnion('type', [
  z.object({
    type: z.literal('runStarted'),
    algorithm: z.string(),
    seed: z.number(),
    steps: z.number().int(),
    resumedFrom: z.number().int().nullable(),
  }),
  z.object({
    type: z.literal('groupFinished'),
    step: z.number().int(),
    groupId: z.string(),
    problemId: z.string(),
    kind: groupKindSchema,
    zeroSignal: z.boolean(),
  }),
  z.object({ type: z.literal('stepFinished'), update: updateSchema }),
  z.object({ type: z.literal('evaluationFinished'), evaluation: evaluationSchema }),
  z.object({ type: z.literal('checkpointSaved'), step: z.number().int(), path: z.string() }),
  z.object({ type: z.literal('critiqueRevised'), critiqueId: z.string(), rolloutId: z.string(), revision: z.number().int() }),
  /** From `fromStep` on the run learns from this critique by a person. */
  z.object({
    type: z.literal('critiqueEnlisted'),
    enlistmentId: z.string(),
    critiqueId: z.string(),
    rolloutId: z.string(),
    problemId: z.string(),
    fromStep: z.number().int(),
  }),
  /** From `untilStep` on it no longer does. */
  z.object({ type: z.literal('critiqueWithdrawn'), enlistmentId: z.string(), critiqueId: z.string(), untilStep: z.number().int() }),
  /** Of `total` refinements with a verdict, `right` were right. */
  z.object({
    type: z.literal('trialFinished'),
    trialId: z.string(),
    critiqueId: z.string(),
    rolloutId: z.string(),
    right: z.number().int(),
    total: z.number().int(),
  }),
  /** A critic, verifier or rollout failed; the run went on. */
  z.object({ type: z.literal('noticeRaised'), code: z.string(), message: z.string(), step: z.number().int() }),
  z.object({ type: z.literal('runStopped'), step: z.number().int(), reason: z.enum(['finished', 'interrupted', 'failed']), message: z.string() }),
]);
export type EventBody = z.infer<typeof eventBodySchema>;

export const eventSchema = z.object({
  seq: z.number().int(),
  runId: z.string(),
  time: z.number(),
  body: eventBodySchema,
});
export type Event = z.infer<typeof eventSchema>;
