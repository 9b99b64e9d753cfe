/** Counts of what makes refinements bad teachers: leaked answers, answers without a derivation, texts that speak of a critique nobody will see. */
import { mean } from '../core/stats.ts';
import type { AuditFlag } from '../protocol/records.ts';
import { auditsOf } from './audit.ts';
import type { Collected } from './collect.ts';

/** A refinement shorter than this part of its problem's rollouts has hardly derived its answer. */
const muchShorter = 0.5;

export function auditMetrics(collected: Collected): Record<string, number> {
  const { groups, rollouts, refined } = collected;
  const audits = auditsOf(collected, '');
  const count = (subject: 'critique' | 'refinement', flag: AuditFlag): number =>
    audits.filter((audit) => audit.subject === subject && audit.flags.includes(flag)).length;
  const flagged = new Set(audits.map(({ id }) => id));
  const meanLengthOf = new Map(groups.map(({ problem }) => [problem.id, meanLength(rollouts.filter(({ problemId }) => problemId === problem.id))]));
  return {
    critiquesWithAnswer: count('critique', 'statesAnswer'),
    refinementsTruncated: count('refinement', 'cutOff'),
    refinementsMuchShorter: refined.filter(({ problem, refinement }) => refinement.tokens.length < muchShorter * (meanLengthOf.get(problem.id) ?? 0))
      .length,
    refinementsOfCritique: count('refinement', 'speaksOfCritique'),
    refinementsUnchanged: count('refinement', 'unchanged'),
    refinementsAnswerOnly: count('refinement', 'answerOnly'),
    refinementsRightUnflagged: refined.filter(
      ({ refinement, critique, refinementVerdict }) =>
        refinementVerdict.status === 'right' && !flagged.has(refinement.id) && !flagged.has(critique.id),
    ).length,
  };
}

/** What critics that ask a model came to in the step; empty where none was asked. */
export function criticMetrics({ critiqueCalls }: Collected): Record<string, number> {
  if (critiqueCalls.length === 0) return {};
  const sum = (of: (call: Collected['critiqueCalls'][number]) => number): number => critiqueCalls.reduce((total, call) => total + of(call), 0);
  return {
    criticTokens: sum(({ promptTokens, completionTokens }) => promptTokens + completionTokens),
    criticCost: sum(({ cost }) => cost),
    criticDisagreements: sum(({ disagreements }) => disagreements),
    criticFallbacks: sum(({ fallback }) => (fallback === null ? 0 : 1)),
    criticSilent: sum(({ error, fallback }) => (error !== null && fallback === null ? 1 : 0)),
  };
}

function meanLength(sequences: readonly { readonly tokens: readonly number[] }[]): number {
  return sequences.length === 0 ? 0 : mean(sequences.map(({ tokens }) => tokens.length));
}
