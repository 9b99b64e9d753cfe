/** Scores of graded answers: pass@1 of greedy ones; of sampled ones avg@k, unbiased pass@k and maj@k, each with an interval. */
import { bootstrapInterval } from '../core/bootstrap.ts';
import { mean, passAtK, sum, wilsonInterval } from '../core/stats.ts';
import type { Verdict } from '../protocol/records.ts';
import type { SampledScores, Score } from '../protocol/experimentViews.ts';

export type JudgedAnswer = Pick<Verdict, 'status' | 'extracted'>;

/** pass@1 of one answer a problem, with its Wilson interval. Those without a verdict are left out; without any the score is 0 in [0, 1]. */
export function greedyScore(answers: readonly JudgedAnswer[]): Score {
  const graded = answers.filter(({ status }) => status !== 'failed');
  const right = graded.filter(({ status }) => status === 'right').length;
  return { value: graded.length === 0 ? 0 : right / graded.length, interval: wilsonInterval(right, graded.length) };
}

/**
 * Of several answers a problem, in the order they were sampled. Every score is a mean over the problems with an answer that has a verdict; its
 * interval is from resampling those problems with the seed. k = 1, 2, 4, … up to the fewest answers a problem has.
 */
export function sampledScores(problems: readonly (readonly JudgedAnswer[])[], seed: number): SampledScores {
  const graded = problems.map((answers) => answers.filter(({ status }) => status !== 'failed')).filter((answers) => answers.length > 0);
  const fewest = graded.length === 0 ? 0 : Math.min(...graded.map((answers) => answers.length));
  const score = (valueOf: (answers: readonly JudgedAnswer[]) => number): Score => {
    const values = graded.map(valueOf);
    return { value: values.length === 0 ? 0 : mean(values), interval: bootstrapInterval(values, { seed }) };
  };
  const ks: number[] = [];
  for (let k = 1; k <= fewest; k *= 2) ks.push(k);
  return {
    samples: fewest,
    avg: score((answers) => countRight(answers) / answers.length),
    passAtK: Object.fromEntries(ks.map((k) => [k, score((answers) => passAtK(answers.length, countRight(answers), k))])),
    majAtK: Object.fromEntries(ks.map((k) => [k, score((answers) => majorityAtK(answers, k))])),
    neverSolved: graded.filter((answers) => countRight(answers) === 0).length,
  };
}

/**
 * How often the most frequent of k answers is right (self-consistency, Wang et al. 2023): the mean over the blocks of k answers in a row, a rest
 * left out. Right answers are one answer however they are written; wrong ones are told apart by what was extracted, and those with nothing
 * extracted do not vote. A tie is as much right as is its share of right ones. Throws when k is larger than the number of answers.
 */
export function majorityAtK(answers: readonly JudgedAnswer[], k: number): number {
  if (k > answers.length) throw new Error(`majorityAtK: k = ${k} needs at least k answers, got ${answers.length}`);
  const blocks = Math.floor(answers.length / k);
  return sum(Array.from({ length: blocks }, (_, b) => majority(answers.slice(b * k, (b + 1) * k)))) / blocks;
}

const rightVote = Symbol('right');

function majority(answers: readonly JudgedAnswer[]): number {
  const votes = new Map<string | typeof rightVote, number>();
  for (const { status, extracted } of answers) {
    const vote = status === 'right' ? rightVote : extracted === null ? null : extracted.replaceAll(/\s+/g, '').toLowerCase();
    if (vote !== null) votes.set(vote, (votes.get(vote) ?? 0) + 1);
  }
  const most = Math.max(0, ...votes.values());
  const leading = [...votes].filter(([, count]) => count === most);
  return leading.some(([vote]) => vote === rightVote) ? 1 / leading.length : 0;
}

function countRight(answers: readonly JudgedAnswer[]): number {
  return answers.filter(({ status }) => status === 'right').length;
}
