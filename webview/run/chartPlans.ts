/** Which charts the dashboard has, by section: titles, what the numbers mean, and what each line is made of. */
import type { ChartColor, NumberFormat } from '../charts/curve.ts';
import type { CritiqueKind } from '../../backend/protocol/records.ts';
import { critiqueKindWords } from '../ui/words.ts';
import { column, combined, type RunCurves } from './curves.ts';

export interface Line {
  readonly label: string;
  readonly color: ChartColor;
  readonly values: (curves: RunCurves) => readonly (number | null)[];
}

export interface ChartPlan {
  readonly id: string;
  readonly title: string;
  readonly hint: string;
  readonly format: NumberFormat;
  /** The first line is the one that other runs are compared by. */
  readonly lines: readonly Line[];
  readonly isStacked?: boolean;
  readonly mayBeLog?: boolean;
}

export interface SectionPlan {
  readonly id: 'learning' | 'rescue' | 'policy' | 'optimization' | 'speed';
  readonly title: string;
  readonly charts: readonly ChartPlan[];
}

const metric =
  (name: string): Line['values'] =>
  (curves) =>
    column(curves, `metrics.${name}`);
const shareOf =
  (part: string, whole: string): Line['values'] =>
  (curves) =>
    combined(curves, [`metrics.${part}`, `metrics.${whole}`], (value, all) => (all === 0 ? NaN : value / all));
const success: Line['values'] = (curves) =>
  combined(curves, ['metrics.refinementsRight', 'metrics.refinementsWrong'], (right, wrong) => (right + wrong === 0 ? NaN : right / (right + wrong)));

/** Of one kind of critique; nothing for a run with critiques of that kind only, whose success is that of all. */
const successOf =
  (kind: CritiqueKind): Line['values'] =>
  (curves) => {
    const all = combined(curves, ['metrics.refinementsRight', 'metrics.refinementsWrong'], (right, wrong) => right + wrong);
    const own = column(curves, `metrics.refinements.${kind}`);
    const isAlone = own.every((value, i) => (value ?? 0) === (all[i] ?? 0));
    return isAlone ? own.map(() => null) : shareOf(`refinementsRight.${kind}`, `refinements.${kind}`)(curves);
  };
const kindColors: Readonly<Record<CritiqueKind, ChartColor>> = {
  human: 'purple',
  stepLevel: 'blue',
  chainOfThought: 'blue',
  verdictAnswer: 'yellow',
  verdict: 'orange',
  self: 'red',
  selfEvaluation: 'red',
  weakToStrong: 'foreground',
  resample: 'foreground',
};

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
    ],
  },
  {
    id: 'rescue',
    title: 'Rescue by critiques',
    charts: [
      {
        id: 'rescued',
        title: 'Rescued problems',
        hint: 'Problems of the step with no right rollout, for which a refinement written from a critique was right.',
        format: 'count',
        lines: [{ label: 'rescued', color: 'green', values: metric('groupsRescued') }],
      },
      {
        id: 'refinements',
        title: 'Refinement success',
        hint: 'Share of the refinements that are right, by kind of critique where a run has several; the whole run is in the table below.',
        format: 'share',
        lines: [
          { label: 'all critiques', color: 'green', values: success },
          ...Object.entries(kindColors).map(([kind, color]): Line => ({
            label: critiqueKindWords[kind as CritiqueKind],
            color,
            values: successOf(kind as CritiqueKind),
          })),
        ],
      },
      {
        id: 'groups',
        title: 'Groups by kind',
        hint: 'Share of the step’s problems. From rewards, only mixed and rescued groups teach: in the others no answer stands out.',
        format: 'share',
        isStacked: true,
        lines: [
          { label: 'rescued', color: 'green', values: shareOf('groupsRescued', 'groups') },
          { label: 'mixed', color: 'blue', values: shareOf('groupsMixed', 'groups') },
          { label: 'all right', color: 'foreground', values: shareOf('groupsAllRight', 'groups') },
          { label: 'all wrong', color: 'red', values: shareOf('groupsAllWrong', 'groups') },
        ],
      },
      {
        id: 'zeroSignal',
        title: 'Groups without signal',
        hint: 'Share of groups whose every advantage is 0: time was spent on them and nothing was learned.',
        format: 'share',
        lines: [{ label: 'without signal', color: 'red', values: shareOf('groupsZeroSignal', 'groups') }],
      },
    ],
  },
  {
    id: 'policy',
    title: 'Policy',
    charts: [
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
        hint: 'Mean π / π_old of the trained tokens; for refinements after shaping, p / (p + γ).',
        format: 'number',
        lines: [
          { label: 'rollouts', color: 'blue', values: metric('rolloutRatio') },
          { label: 'refinements', color: 'green', values: metric('refinementRatio') },
          { label: 'refinement p', color: 'purple', values: metric('refinementProbability') },
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
    ],
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
