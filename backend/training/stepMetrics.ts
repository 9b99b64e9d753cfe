/** What is plotted of one step's data: rewards, group kinds, the refinement funnel, lengths, entropy, the condition gap. */
import { mean } from '../core/stats.ts';
import type { Verdict } from '../protocol/records.ts';
import { auditMetrics, criticMetrics } from './auditMetrics.ts';
import type { Collected } from './collect.ts';
import type { CollectedGroup } from './formGroup.ts';

/** Names are stable: curves of different runs are laid over each other by them. A mean over nothing is left out. `trained`: the groups learned from. */
export function stepMetrics(collected: Collected, trained: readonly CollectedGroup[] = collected.groups): Record<string, number> {
  const { groups, rollouts, refined } = collected;
  const verdicts = new Map(collected.verdicts.map((verdict) => [verdict.rolloutId, verdict]));
  const graded = rollouts
    .map(({ id }) => verdicts.get(id))
    .filter((verdict): verdict is Verdict => verdict !== undefined && verdict.status !== 'failed');
  const refinementsGraded = refined.filter(({ refinementVerdict }) => refinementVerdict.status !== 'failed');
  const refinementsRight = refinementsGraded.filter(({ refinementVerdict }) => refinementVerdict.status === 'right').length;
  const gaps = refined.flatMap(({ refinement: { behaviorLogprobs, problemLogprobs } }) =>
    (problemLogprobs ?? []).map((logprob, t) => (behaviorLogprobs[t] as number) - logprob),
  );
  const countKind = (kind: string): number => groups.filter(({ group }) => group.kind === kind).length;

  const metrics: Record<string, number> = {
    groups: groups.length,
    groupsAllRight: countKind('allRight'),
    groupsMixed: countKind('mixed'),
    groupsAllWrong: countKind('allWrong'),
    groupsRescued: countKind('rescued'),
    groupsZeroSignal: groups.filter(({ group }) => group.zeroSignal).length,
    groupsFiltered: groups.length - trained.length,
    verifierFailed: collected.verdicts.filter(({ status }) => status === 'failed').length,
    critiques: collected.critiques.length,
    refinementsRight,
    refinementsWrong: refinementsGraded.length - refinementsRight,
    refinementsJoined: refined.filter(({ joined }) => joined).length,
    ...auditMetrics(collected),
    ...criticMetrics(collected),
  };
  // By kind of critique: what was graded, and what of it is right.
  for (const { critique, refinementVerdict } of refinementsGraded) {
    const graded = `refinements.${critique.kind}`;
    const right = `refinementsRight.${critique.kind}`;
    metrics[graded] = (metrics[graded] ?? 0) + 1;
    metrics[right] = (metrics[right] ?? 0) + (refinementVerdict.status === 'right' ? 1 : 0);
  }
  const means: Record<string, readonly number[]> = {
    reward: graded.map(({ reward }) => reward),
    passRate: graded.map(({ status }) => (status === 'right' ? 1 : 0)),
    completionTokens: rollouts.map(({ tokens }) => tokens.length),
    truncated: rollouts.map(({ finish }) => (finish === 'length' ? 1 : 0)),
    // At temperature 1, −log π of what was sampled is an unbiased estimate of the entropy.
    entropy: rollouts.flatMap(({ behaviorLogprobs }) => behaviorLogprobs.map((logprob) => -logprob)),
    refinementTokens: refined.map(({ refinement }) => refinement.tokens.length),
    overlongPunishment: overlongPunishments(groups, verdicts),
    // log π(token | problem, answer, critique) − log π(token | problem): what makes off-policy refinements blow up.
    conditionGap: gaps,
  };
  for (const [name, values] of Object.entries(means)) if (values.length > 0) metrics[name] = mean(values);
  return metrics;
}

/** What rewards have lost to the length of their answers; nothing where no reward was changed. */
function overlongPunishments(groups: readonly CollectedGroup[], verdicts: ReadonlyMap<string, Verdict>): number[] {
  const changes = groups.flatMap(({ group }) =>
    group.members.flatMap(({ id, reward }) => {
      const verdict = verdicts.get(id);
      return verdict === undefined ? [] : [verdict.reward - reward];
    }),
  );
  return changes.some((change) => change !== 0) ? changes : [];
}
