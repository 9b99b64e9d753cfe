/** The groups that a rescored run would have had. */
import { setImmediate } from 'node:timers/promises';
import { isDeepStrictEqual } from 'node:util';
import { findAlgorithm } from '../algorithms/findAlgorithm.ts';
import type { Critique, Group, Verdict } from '../protocol/records.ts';
import type { RunConfig } from '../protocol/runConfig.ts';
import type { GroupOutcome, RescoredGroup } from '../protocol/verdictViews.ts';
import type { GroupDetail, JudgedRefinement } from '../protocol/views.ts';
import type { RescoringReader } from '../store/rescorings.ts';
import type { Store } from '../store/store.ts';
import { formGroup, recordedDemonstration, type Gathered, type GroupRules } from './formGroup.ts';
import { switchesOf, trainedAt } from './switches.ts';

export interface RegroupOptions {
  readonly rescoring: RescoringReader;
  readonly signal: AbortSignal;
}

/** Those that come out otherwise, in order of steps. Between two groups others get a turn. */
export async function regroup(store: Store, config: RunConfig, runId: string, { rescoring, signal }: RegroupOptions): Promise<RescoredGroup[]> {
  const rules: GroupRules = {
    id: runId,
    config,
    algorithm: findAlgorithm(config.algorithm),
    switches: switchesOf(config),
    demonstrationOf: () => [],
  };
  const trialIds = rescoring.trialRefinements();
  const found: RescoredGroup[] = [];
  for (const groupId of rescoring.touchedGroups()) {
    await setImmediate();
    signal.throwIfAborted();
    const detail = store.group(runId, groupId);
    if (detail === null) continue;
    const old = detail.group;
    const ofStep: GroupRules = { ...rules, ...trainedAt(rules, old.step) };
    const { group } = formGroup(ofStep, old.step, gatheredAgain(detail, rescoring, trialIds, ofStep.algorithm.needs.teacher));
    const change: RescoredGroup = {
      groupId,
      step: old.step,
      problemId: old.problemId,
      before: outcomeOf(old),
      after: outcomeOf(group),
      advantageChange: largestChange(old, group),
    };
    if (change.advantageChange >= tolerance || !isDeepStrictEqual(change.before, change.after)) found.push(change);
  }
  return found;
}

/** Advantages come from the same arithmetic; they differ by a rounding only where the members come in another order. */
const tolerance = 1e-9;

/** What the step gathered, with the new verdicts. Refinements that joined, critiques and demonstration are taken as they were, but for one without a judgment. */
function gatheredAgain(
  { group, problem, attempts, guests }: GroupDetail,
  rescoring: RescoringReader,
  trialIds: ReadonlySet<string>,
  hasTeacher: boolean,
): Gathered {
  if (problem === null) throw new Error(`group ${group.id} is of no problem`);
  const newly = (verdict: Verdict | null): Verdict | null => (verdict === null ? null : (rescoring.verdict(verdict.rolloutId) ?? verdict));
  const members = new Map(group.members.map((member) => [member.id, member]));
  const isOfStep = ({ refinement: { id, step } }: JudgedRefinement): boolean => step === group.step && !trialIds.has(id);
  const ofStep = [...attempts.flatMap(({ refinements }) => refinements), ...guests].filter(isOfStep);
  const own = [...new Map(ofStep.map((entry) => [entry.refinement.id, entry])).values()];
  const targets = group.members.filter(({ origin }) => origin === 'critique');
  return {
    problem,
    promptTokens: [],
    attempts: attempts.flatMap(({ rollout, verdict: old }) => {
      const verdict = newly(old);
      return verdict === null ? [] : [{ rollout, verdict }];
    }),
    refined: own.flatMap(({ refinement, verdict: old }) => {
      const verdict = newly(old);
      const joined = members.has(refinement.id) && verdict?.status !== 'failed';
      return verdict === null ? [] : [{ refinement, refinementVerdict: verdict, joined }];
    }),
    critiqueTargets: targets.map(({ id }) => ({ critique: { id }, promptTokens: [], tokens: [] })),
    // Every rollout that the step criticized had a teacher, but for those whose context found no room.
    teacherLogprobs: new Map(
      attempts.flatMap(({ rollout, critiques }) => (hasTeacher && critiques.some(isCritics) ? [[rollout.id, new Float32Array()]] : [])),
    ),
    demonstrationVerdict: recordedDemonstration(group),
  };
}

function isCritics({ kind }: Critique): boolean {
  return kind !== 'human';
}

function outcomeOf({ kind, zeroSignal, excluded }: Group): GroupOutcome {
  return { kind, zeroSignal, excluded };
}

function largestChange(before: Group, after: Group): number {
  const old = new Map(before.members.map(({ id, advantage }) => [id, advantage]));
  const now = new Map(after.members.map(({ id, advantage }) => [id, advantage]));
  return [...new Set([...old.keys(), ...now.keys()])].reduce(
    (largest, id) => Math.max(largest, Math.abs((now.get(id) ?? 0) - (old.get(id) ?? 0))),
    0,
  );
}
