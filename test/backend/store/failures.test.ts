/** Problem histories, standing failures and the funnel, against the same counts over plain arrays. */
import { describe, expect, it } from 'vitest';
import type { Cause } from '../../../backend/protocol/records.ts';
import { filledStore, problems, stepBatch } from './stepRecords.ts';

const runId = 'run';
const stepCount = 24;
const batches = Array.from({ length: stepCount }, (_, step) => stepBatch(runId, step));
const groups = batches.flatMap((batch) => batch.groups);
const rollouts = batches.flatMap((batch) => batch.rollouts);
const verdicts = new Map(batches.flatMap((batch) => batch.verdicts).map((verdict) => [verdict.rolloutId, verdict]));
const critiques = batches.flatMap((batch) => batch.critiques);
const refinements = batches.flatMap((batch) => batch.refinements);
const audits = batches.flatMap((batch) => batch.audits);
const groupOf = (rolloutId: string): (typeof groups)[number] | undefined => {
  const rollout = rollouts.find(({ id }) => id === rolloutId);
  return groups.find(({ step, problemId }) => step === rollout?.step && problemId === rollout.problemId);
};
const isCritiqued = ({ id }: { readonly id: string }): boolean => critiques.some(({ rolloutId }) => rolloutId === id);

describe('failures', () => {
  it('have a history of visits', () => {
    const { store } = filledStore({ other: 5, [runId]: stepCount });
    for (const { id } of problems) {
      const visits = groups.filter(({ problemId }) => problemId === id);
      expect(store.problemHistory(runId, id)?.visits).toEqual(
        visits.map(({ step, id: groupId, kind }) => {
          const statuses = rollouts.filter((r) => r.step === step && r.problemId === id).map((r) => verdicts.get(r.id)?.status);
          const count = (status: string): number => statuses.filter((s) => s === status).length;
          return { step, groupId, kind, right: count('right'), wrong: count('wrong'), failed: count('failed') };
        }),
      );
    }
  });

  for (const visits of [1, 2, 4]) {
    it(`stand after ${visits} visits without a right rollout`, () => {
      const { store } = filledStore({ other: 5, [runId]: stepCount });
      const expected = problems
        .map(({ id, level, prompt }) => {
          const history = groups.filter(({ problemId }) => problemId === id);
          const lastSolved = history.findLastIndex(({ kind }) => kind === 'allRight' || kind === 'mixed');
          const streak = history.slice(lastSolved + 1);
          const from = streak[0]?.step ?? stepCount;
          const tried = rollouts.filter((r) => r.problemId === id && r.step >= from);
          const causes: Partial<Record<Cause, number>> = {};
          for (const r of tried) {
            const cause = verdicts.get(r.id)?.cause ?? null;
            if (cause !== null) causes[cause] = (causes[cause] ?? 0) + 1;
          }
          const last = streak.at(-1);
          const wrong = tried
            .filter((r) => verdicts.get(r.id)?.status === 'wrong')
            .sort((a, b) => b.step - a.step || Number(isCritiqued(b)) - Number(isCritiqued(a)));
          return {
            problemId: id,
            level,
            question: prompt[0]?.content,
            solvedStep: history[lastSolved]?.step ?? null,
            newestRolloutId: wrong[0]?.id ?? null,
            visitsFailed: streak.length,
            lastStep: last?.step ?? -1,
            causes,
            attempts: tried.length,
            rescued: last?.kind === 'rescued',
          };
        })
        .filter(({ visitsFailed }) => visitsFailed >= visits)
        .sort((a, b) => b.visitsFailed - a.visitsFailed || (a.problemId < b.problemId ? -1 : 1));
      expect(store.standingFailures(runId, visits)).toEqual(expected);
      expect(visits > 1 || expected.length > 0).toBe(true);
    });
  }

  for (const range of [{}, { fromStep: 5, toStep: 13 }]) {
    it(`go through the funnel ${JSON.stringify(range)}`, () => {
      const { store } = filledStore({ other: 5, [runId]: stepCount });
      const { fromStep = 0, toStep = stepCount } = range as { fromStep?: number; toStep?: number };
      const within = ({ rolloutId }: { readonly rolloutId: string }): boolean => {
        const step = groupOf(rolloutId)?.step ?? -1;
        return step >= fromStep && step <= toStep;
      };
      const distinct = (ids: readonly (string | undefined)[]): number => new Set(ids).size;
      // Refinements have no flags of their own here.
      const flagged = new Set(audits.map(({ id }) => id));
      const kinds = (['self', 'stepLevel'] as const).map((kind) => {
        const ofKind = critiques.filter((critique) => critique.kind === kind).filter(within);
        const answers = refinements.filter(({ critiqueId }) => ofKind.some(({ id }) => id === critiqueId));
        const right = answers.filter(({ id }) => verdicts.get(id)?.status === 'right');
        const clean = right.filter(({ critiqueId }) => !flagged.has(critiqueId));
        return {
          kind,
          critiqued: distinct(ofKind.map(({ rolloutId }) => rolloutId)),
          refined: distinct(answers.map(({ rolloutId }) => rolloutId)),
          refinedRight: distinct(right.map(({ rolloutId }) => rolloutId)),
          problems: distinct(ofKind.map(({ rolloutId }) => groupOf(rolloutId)?.problemId)),
          problemsRescued: distinct(right.map(({ rolloutId }) => groupOf(rolloutId)?.problemId)),
          flagged: distinct(ofKind.filter(({ id }) => flagged.has(id)).map(({ rolloutId }) => rolloutId)),
          refinedRightUnflagged: distinct(clean.map(({ rolloutId }) => rolloutId)),
          problemsRescuedUnflagged: distinct(clean.map(({ rolloutId }) => groupOf(rolloutId)?.problemId)),
        };
      });
      const wrong = rollouts.filter(({ id }) => verdicts.get(id)?.status === 'wrong' && within({ rolloutId: id })).length;
      expect(store.funnel(runId, range)).toEqual({ wrong, kinds });
      expect(kinds.every(({ refinedRight }) => refinedRight > 0)).toBe(true);
    });
  }
});
