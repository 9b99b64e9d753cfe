/** Charts of what critiques led to, and of which groups taught anything. */
import type { CritiqueKind } from '../../backend/protocol/records.ts';
import type { ChartColor } from '../charts/curve.ts';
import { critiqueKindWords } from '../ui/words.ts';
import { beside, metric, shareOf, unlessZero, type ChartPlan, type Line } from './chartPlan.ts';
import { column, combined } from './curves.ts';

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

const teaching: Line['values'] = (curves) =>
  combined(curves, ['metrics.groupsMixed', 'metrics.groupsRescued', 'metrics.groups'], (mixed, rescued, all) =>
    all === 0 ? NaN : (mixed + rescued) / all,
  );

export const rescuePlans: readonly ChartPlan[] = [
  {
    id: 'rescued',
    title: 'Rescued problems',
    hint: 'Problems of the step with no right rollout, for which a refinement written from a critique was right.',
    format: 'count',
    lines: [{ label: 'rescued', color: 'green', values: beside(['critiques'], metric('groupsRescued')) }],
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
    hint: 'Share of the step’s problems. From rewards, only mixed and rescued groups teach: in the others no answer stands out. Dashed: the share that teaches in another run.',
    format: 'share',
    isStacked: true,
    compared: { label: 'teaching', values: teaching },
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
  {
    id: 'filtered',
    title: 'Filtered groups',
    hint: 'Groups without a signal that dynamic sampling left out of the update, drawing further problems in their place. They are kept: see Rollouts.',
    format: 'count',
    lines: [{ label: 'left out', color: 'orange', values: unlessZero(metric('groupsFiltered')) }],
  },
  {
    id: 'criticTokens',
    title: 'Tokens of critics',
    hint: 'Tokens that models read and wrote for the critiques of the step.',
    format: 'count',
    lines: [{ label: 'tokens', color: 'purple', values: metric('criticTokens') }],
  },
  {
    id: 'criticCost',
    title: 'Cost of critics',
    hint: 'What the critiques of the step cost, in the currency of the prices in the run file.',
    format: 'number',
    lines: [{ label: 'cost', color: 'purple', values: unlessZero(metric('criticCost')) }],
  },
  {
    id: 'criticTroubles',
    title: 'Critiques gone wrong',
    hint: 'Critiques thrown away because they contradicted the verifier, answers for which another critic stood in, and answers that got none.',
    format: 'count',
    lines: [
      { label: 'contradicted the verifier', color: 'orange', values: unlessZero(metric('criticDisagreements')) },
      { label: 'another stood in', color: 'yellow', values: unlessZero(metric('criticFallbacks')) },
      { label: 'none', color: 'red', values: unlessZero(metric('criticSilent')) },
    ],
  },
];
