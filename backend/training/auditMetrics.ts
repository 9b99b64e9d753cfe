/** Counts of what makes refinements bad teachers: leaked answers, answers without a derivation, texts that speak of a critique nobody will see. */
import { mean } from '../core/stats.ts';
import type { Collected } from './collect.ts';

/** A refinement shorter than this part of its problem's rollouts has hardly derived its answer. */
const muchShorter = 0.5;

/** Words that refer to a context which a refinement is not trained with. English, as the built-in critics and prompts are. */
const speaksOfCritique = /\b(critique|criticism|feedback|previous (answer|attempt|solution|response)|as you (said|noted|pointed out))\b/i;

export function auditMetrics({ groups, rollouts, critiques, refined }: Collected): Record<string, number> {
  const answerOf = new Map(groups.map(({ problem }) => [problem.id, problem.answer]));
  const problemIdOf = new Map(rollouts.map(({ id, problemId }) => [id, problemId]));
  const states = (text: string, rolloutId: string): boolean => mentions(text, answerOf.get(problemIdOf.get(rolloutId) ?? '') ?? '');
  const meanLengthOf = new Map(groups.map(({ problem }) => [problem.id, meanLength(rollouts.filter(({ problemId }) => problemId === problem.id))]));
  return {
    critiquesWithAnswer: critiques.filter(({ text, rolloutId }) => states(text, rolloutId)).length,
    refinementsTruncated: refined.filter(({ refinement }) => refinement.finish === 'length').length,
    refinementsMuchShorter: refined.filter(({ problem, refinement }) => refinement.tokens.length < muchShorter * (meanLengthOf.get(problem.id) ?? 0))
      .length,
    refinementsOfCritique: refined.filter(({ refinement }) => speaksOfCritique.test(refinement.completion)).length,
  };
}

/** Whether the answer stands in the text by itself: 15 does not stand in 150, 15.5 or 0.15. */
export function mentions(text: string, answer: string): boolean {
  const wanted = answer.trim();
  if (wanted === '') return false;
  const literal = wanted.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
  return new RegExp(`(?<![\\p{L}\\p{N}]|\\p{N}[.,])${literal}(?![\\p{L}\\p{N}]|[.,]\\p{N})`, 'u').test(text);
}

function meanLength(sequences: readonly { readonly tokens: readonly number[] }[]): number {
  return sequences.length === 0 ? 0 : mean(sequences.map(({ tokens }) => tokens.length));
}
