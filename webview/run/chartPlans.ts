/** Which charts the dashboard has, by section: titles, what the numbers mean, and what each line is made of. */
import { beside, metric, type SectionPlan } from './chartPlan.ts';
import { column, combined, type RunCurves } from './curves.ts';
import { policyPlans } from './policyPlans.ts';
import { rescuePlans } from './rescuePlans.ts';

/** Held-out scores and seconds by phase are not here: their lines depend on the run (`catalog.ts`). */
export const sectionPlans: readonly SectionPlan[] = [
  {
    id: 'learning',
    title: 'Learning',
    charts: [
      {
        id: 'reward',
        title: 'Reward',
        hint: 'Mean reward of the step’s rollouts. Refinements are not counted.',
        format: 'number',
        lines: [{ label: 'reward', color: 'blue', values: metric('reward') }],
      },
      {
        id: 'passRate',
        title: 'Training pass rate',
        hint: 'Share of the step’s rollouts that are right. The problems differ from step to step: trends count, not single values.',
        format: 'share',
        lines: [
          { label: 'right', color: 'blue', values: metric('passRate') },
          { label: 'cut off', color: 'red', values: metric('truncated') },
        ],
      },
      {
        id: 'overlong',
        title: 'Overlong punishment',
        hint: 'Mean reward that answers lost to their length.',
        format: 'number',
        lines: [{ label: 'reward lost', color: 'red', values: metric('overlongPunishment') }],
      },
    ],
  },
  {
    id: 'rescue',
    title: 'Groups and critiques',
    charts: rescuePlans,
  },
  {
    id: 'policy',
    title: 'Policy',
    charts: policyPlans,
  },
  {
    id: 'optimization',
    title: 'Optimization',
    charts: [
      {
        id: 'loss',
        title: 'Loss',
        hint: 'Of the step’s updates. Policy gradients have no floor: neither sign nor size says how well the policy does.',
        format: 'number',
        lines: [{ label: 'loss', color: 'blue', values: (curves) => column(curves, 'loss') }],
      },
      {
        id: 'lossParts',
        title: 'Parts of the loss',
        hint: 'The sums over what was sampled and over what is imitated, before their coefficients.',
        format: 'number',
        lines: [
          { label: 'rollouts', color: 'blue', values: beside(['refinementLoss', 'demonstrationLoss'], metric('policyLoss')) },
          { label: 'refinements', color: 'green', values: metric('refinementLoss') },
          { label: 'demonstrations', color: 'yellow', values: metric('demonstrationLoss') },
        ],
      },
      {
        id: 'likelihood',
        title: 'Negative log-likelihood',
        hint: 'Mean of −log π over the tokens that are imitated, in nats. 0: the policy would say nothing else.',
        format: 'number',
        lines: [{ label: 'nats per token', color: 'blue', values: metric('negativeLogLikelihood') }],
      },
      {
        id: 'gradientNorm',
        title: 'Gradient norm',
        hint: 'Global norm before clipping.',
        format: 'number',
        mayBeLog: true,
        lines: [{ label: 'norm', color: 'blue', values: (curves) => column(curves, 'gradientNorm') }],
      },
      {
        id: 'learningRate',
        title: 'Learning rate',
        hint: 'At the step’s last update.',
        format: 'number',
        lines: [{ label: 'rate', color: 'blue', values: (curves) => column(curves, 'learningRate') }],
      },
    ],
  },
  {
    id: 'speed',
    title: 'Speed',
    charts: [
      {
        id: 'throughput',
        title: 'Tokens per second',
        hint: 'Sampled and trained tokens over the whole time of the step.',
        format: 'count',
        lines: [{ label: 'tokens/s', color: 'blue', values: throughput }],
      },
    ],
  },
];

function throughput(curves: RunCurves): (number | null)[] {
  const seconds = Object.keys(curves.values).filter((name) => name.startsWith('seconds.'));
  const columns = seconds.map((name) => column(curves, name));
  return combined(curves, ['tokensSampled', 'tokensTrained'], (sampled, trained) => sampled + trained).map((tokens, i) => {
    const time = columns.reduce((sum, values) => sum + (values[i] ?? 0), 0);
    return tokens === null || time === 0 ? null : tokens / time;
  });
}
