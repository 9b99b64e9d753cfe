/** Answers that an evaluation set takes for right although they differ from the gold answer: numbers within the tolerance it states. */
import type { Problem, Verdict } from '../protocol/records.ts';
import { findNumber } from '../rewards/rational.ts';

/**
 * A wrong verdict becomes right where the problem's metadata name a `relativeTolerance` or `absoluteTolerance`, and every number of the answer
 * is that near to its own of the gold answer. Lists are compared in order of size.
 */
export function withTolerance<V extends Pick<Verdict, 'status' | 'reward' | 'extracted' | 'reason' | 'cause'>>(problem: Problem, verdict: V): V {
  const relative = toleranceOf(problem, 'relativeTolerance');
  const absolute = toleranceOf(problem, 'absoluteTolerance');
  if (verdict.status !== 'wrong' || verdict.cause !== 'wrongValue' || verdict.extracted === null || relative + absolute === 0) return verdict;
  const gold = numbersOf(problem.answer);
  const found = numbersOf(verdict.extracted);
  if (gold === null || found?.length !== gold.length) return verdict;
  const isNear = gold.every((value, i) => Math.abs((found[i] as number) - value) <= Math.max(absolute, relative * Math.abs(value)));
  if (!isNear) return verdict;
  return { ...verdict, status: 'right', reward: 1, reason: `${verdict.extracted} is within the tolerance of the set.`, cause: null };
}

function toleranceOf({ metadata }: Problem, name: string): number {
  const value = metadata?.[name];
  return typeof value === 'number' && value > 0 && Number.isFinite(value) ? value : 0;
}

/** Of one number, or of a list in brackets; in order of size. Null where something else is in it. */
function numbersOf(text: string): readonly number[] | null {
  const inner = /^\s*[[({](.*)[\])}]\s*$/su.exec(text)?.[1];
  const parts = inner === undefined ? [text] : inner.split(/[,;]/u);
  const numbers = parts.flatMap((part) => {
    const number = findNumber(part)?.value;
    return number === undefined ? [] : [Number(number.numerator) / Number(number.denominator)];
  });
  return numbers.length === parts.length ? numbers.sort((a, b) => a - b) : null;
}
