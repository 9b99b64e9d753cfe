/** Which of the problems read are trained on: those that pass the filter, without those held out, and at most so many. */
import { WorkbenchError } from '../core/errors.ts';
import type { DataConfig, FilterConfig } from '../protocol/dataConfig.ts';
import type { Problem } from '../protocol/records.ts';
import { questionOf, textHash } from './textHash.ts';

export interface FilterOptions {
  /** Tokens of a problem's whole prompt; needed for `maxPromptTokens` alone. */
  readonly promptTokens?: (problem: Problem) => number;
}

/** The problems that pass, in order. Throws `data.filterUnknown` for a level, id or metadata that no problem has. */
export function filterProblems(problems: readonly Problem[], filter: FilterConfig, { promptTokens }: FilterOptions): readonly Problem[] {
  requireKnown(problems, filter);
  const { levels, metadata = {}, ids, withoutIds = [], maxPromptCharacters = Infinity, maxPromptTokens, distinct } = filter;
  const kept = ids === undefined ? null : new Set(ids);
  const left = new Set(withoutIds);
  const seen = new Set<string>();
  return problems.filter((problem) => {
    if (levels !== undefined && !levels.includes(problem.level)) return false;
    if (left.has(problem.id) || kept?.has(problem.id) === false) return false;
    if (Object.entries(metadata).some(([name, value]) => (problem.metadata?.[name] ?? null) !== value)) return false;
    if (problem.prompt.reduce((sum, { content }) => sum + content.length, 0) > maxPromptCharacters) return false;
    if (distinct) {
      const question = questionOf(problem);
      if (seen.has(question)) return false;
      seen.add(question);
    }
    if (maxPromptTokens === undefined) return true;
    if (promptTokens === undefined) throw new Error('maxPromptTokens needs promptTokens');
    return promptTokens(problem) <= maxPromptTokens;
  });
}

/** A misspelled level would leave nothing, and a misspelled one among several would go unnoticed. */
function requireKnown(problems: readonly Problem[], { levels = [], ids = [], metadata = {} }: FilterConfig): void {
  const check = (setting: string, wanted: readonly string[], there: ReadonlySet<string>): void => {
    const unknown = wanted.find((name) => !there.has(name));
    if (unknown === undefined) return;
    const names = [...there].slice(0, 20);
    throw new WorkbenchError({
      code: 'data.filterUnknown',
      message: `data.filter.${setting} names "${unknown}", which no problem has.`,
      remedy: `Choose among ${names.join(', ')}${there.size > names.length ? ', …' : ''}.`,
    });
  };
  check('levels', levels, new Set(problems.map(({ level }) => level)));
  check('ids', ids, new Set(problems.map(({ id }) => id)));
  check('metadata', Object.keys(metadata), new Set(problems.flatMap((problem) => Object.keys(problem.metadata ?? {}))));
}

export interface Split {
  readonly train: readonly Problem[];
  readonly heldOut: readonly Problem[];
}

/**
 * Holds out `fraction` or `count` of the problems, from each level its share. Which ones is a function of the seed and of what they ask
 * alone: neither their order nor their names matter, and problems with the same question stay together. A `count` is exceeded or missed
 * where repeated questions leave no other way.
 */
export function splitProblems(problems: readonly Problem[], { fraction, count }: NonNullable<DataConfig['split']>, seed: number): Split {
  const byLevel = new Map<string, Problem[][]>();
  for (const same of rankedByQuestion(problems, seed)) {
    const ofLevel = byLevel.get(same[0].level);
    if (ofLevel === undefined) byLevel.set(same[0].level, [same]);
    else ofLevel.push(same);
  }
  const wanted = count ?? Math.round(problems.length * (fraction as number));
  if (wanted >= problems.length || wanted < 1) {
    throw new WorkbenchError({
      code: 'data.badSplit',
      message: `data.split holds out ${wanted} of ${problems.length} problems.`,
      remedy: 'Hold out at least one problem, and leave some to train on.',
    });
  }
  const shares = apportion(
    [...byLevel.values()].map((questions) => questions.reduce((sum, { length }) => sum + length, 0)),
    wanted,
  );
  const heldOut = new Set<Problem>();
  [...byLevel.values()].forEach((questions, i) => {
    let left = shares[i] ?? 0;
    for (const same of questions) {
      if (left <= 0) break;
      for (const problem of same) heldOut.add(problem);
      left -= same.length;
    }
  });
  return { train: problems.filter((problem) => !heldOut.has(problem)), heldOut: problems.filter((problem) => heldOut.has(problem)) };
}

/** At most `limit` problems, in order; which ones is drawn by their questions, so that a larger limit adds and replaces nothing. */
export function limitProblems(problems: readonly Problem[], limit: number, seed: number): readonly Problem[] {
  if (limit >= problems.length) return problems;
  const kept = new Set(rankedByQuestion(problems, seed).flat().slice(0, limit));
  return problems.filter((problem) => kept.has(problem));
}

/** Problems by question, in an order that looks random and depends on seed and questions alone. */
function rankedByQuestion(problems: readonly Problem[], seed: number): [Problem, ...Problem[]][] {
  const byQuestion = new Map<string, [Problem, ...Problem[]]>();
  for (const problem of problems) {
    const question = questionOf(problem);
    const same = byQuestion.get(question);
    if (same === undefined) byQuestion.set(question, [problem]);
    else same.push(problem);
  }
  const ranked = [...byQuestion].map(([question, same]) => ({ question, same, rank: textHash(`${seed} ${question}`) }));
  ranked.sort((a, b) => a.rank - b.rank || (a.question < b.question ? -1 : 1));
  return ranked.map(({ same }) => same);
}

/** Whole shares of `total` in proportion to the sizes (largest remainders; the earlier of equal ones first). */
function apportion(sizes: readonly number[], total: number): number[] {
  const all = sizes.reduce((a, b) => a + b, 0);
  const exact = sizes.map((size) => (size * total) / all);
  const shares = exact.map(Math.floor);
  let left = total - shares.reduce((a, b) => a + b, 0);
  const byRemainder = exact.map((share, i) => ({ i, remainder: share - Math.floor(share) })).sort((a, b) => b.remainder - a.remainder || a.i - b.i);
  for (const { i } of byRemainder) if (left-- > 0) shares[i] = (shares[i] ?? 0) + 1;
  return shares;
}
