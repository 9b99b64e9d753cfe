/** Charts of how the policy changes, and of what it is trained on. */
import { beside, metric, type ChartPlan, type Line } from './chartPlan.ts';

/** A run that trains on its rollouts alone has nothing to divide. */
const offPolicyOnly = (values: Line['values']): Line['values'] => beside(['refinementShare', 'demonstrationShare'], values);

export const policyPlans: readonly ChartPlan[] = [
  {
    id: 'entropy',
    title: 'Entropy',
    hint: 'Mean of −log π over the sampled tokens, in nats. Near 0 the policy always says the same and explores no more.',
    format: 'number',
    lines: [{ label: 'nats per token', color: 'blue', values: metric('entropy') }],
  },
  {
    id: 'length',
    title: 'Answer length',
    hint: 'Mean tokens of an answer.',
    format: 'count',
    lines: [
      { label: 'rollouts', color: 'blue', values: metric('completionTokens') },
      { label: 'refinements', color: 'green', values: metric('refinementTokens') },
    ],
  },
  {
    id: 'conditionGap',
    title: 'Condition gap',
    hint: 'log π(token | problem, answer, critique) − log π(token | problem), mean over refinement tokens. A growing gap precedes collapse.',
    format: 'number',
    lines: [{ label: 'nats per token', color: 'blue', values: metric('conditionGap') }],
  },
  {
    id: 'ratio',
    title: 'Probability ratio',
    hint: 'Mean π / π_old of the trained tokens; for refinements and demonstrations after shaping, p / (p + γ); p is their probability under the policy.',
    format: 'number',
    lines: [
      { label: 'rollouts', color: 'blue', values: metric('rolloutRatio') },
      { label: 'refinements', color: 'green', values: metric('refinementRatio') },
      { label: 'refinement p', color: 'purple', values: metric('refinementProbability') },
      { label: 'demonstrations', color: 'yellow', values: metric('demonstrationRatio') },
      { label: 'demonstration p', color: 'orange', values: metric('demonstrationProbability') },
    ],
  },
  {
    id: 'kl',
    title: 'KL to the reference',
    hint: 'k3 estimate, mean over tokens, without its coefficient β.',
    format: 'number',
    mayBeLog: true,
    lines: [{ label: 'nats per token', color: 'blue', values: metric('klToReference') }],
  },
  {
    id: 'clip',
    title: 'Clipped tokens',
    hint: 'Share of tokens that the clip takes the gradient from.',
    format: 'share',
    lines: [{ label: 'clipped', color: 'red', values: metric('clipFraction') }],
  },
  {
    id: 'distillationGap',
    title: 'Distillation gap',
    hint: 'Mean of log π(token | problem) − log π(token | problem, answer, critique): how far the policy is from itself with the critique. 0: nothing left to learn from it.',
    format: 'number',
    lines: [{ label: 'nats per token', color: 'blue', values: metric('distillationGap') }],
  },
  {
    id: 'origins',
    title: 'Trained tokens by origin',
    hint: 'Share of the update’s tokens that were sampled from the problem alone, written from a critique, or taken from the data set.',
    format: 'share',
    isStacked: true,
    compared: { label: 'rollouts', values: offPolicyOnly(metric('rolloutShare')) },
    lines: [
      { label: 'rollouts', color: 'blue', values: offPolicyOnly(metric('rolloutShare')) },
      { label: 'refinements', color: 'green', values: metric('refinementShare') },
      { label: 'demonstrations', color: 'yellow', values: metric('demonstrationShare') },
    ],
  },
];
