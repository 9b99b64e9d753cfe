/**
 * Evaluation set: Minerva-Math (OCWCourses), 272 problems from undergraduate courses (Lewkowycz et al. 2022).
 * Layout: problem, solution, type (the course), idx, as `test.jsonl` of the evaluation code of Qwen2.5-Math and as `knoveleng/Minerva-Math`;
 * or question and answer, as `math-ai/minervamath`. The answer is in the last `\boxed{}` of `solution`.
 */
import { boxedSuffix, type Benchmark } from './benchmark.ts';
import { lastBoxed, optionalTextOf, textOf } from './fields.ts';

export const minervaMath: Benchmark = {
  name: 'minervaMath',
  title: 'Minerva-Math',
  size: 272,
  origin: 'hf://datasets/math-ai/minervamath/test.jsonl',
  suffix: boxedSuffix,
  isOwnForm: false,
  verifier: 'math',
  question(row, { number }) {
    const solution = optionalTextOf(row, ['solution']);
    return {
      id: optionalTextOf(row, ['idx', 'id']) ?? String(number),
      text: textOf(row, ['problem', 'question']),
      answer: solution?.includes('\\boxed') === true ? lastBoxed(solution) : textOf(row, ['answer']),
      level: optionalTextOf(row, ['type', 'course']) ?? 'all',
    };
  },
};
