/**
 * Evaluation set: AIME24, the 30 problems of AIME I and II of 2024; answers are whole numbers from 0 to 999.
 * Layouts: `HuggingFaceH4/aime_2024` (id, problem, solution, answer, url, year), `Maxwell-Jia/AIME_2024` (ID, Problem, Solution, Answer),
 * `math-ai/aime24` (problem and solution with the answer in `\boxed{}`); `AI-MO/aimo-validation-aime` has 2022 to 2024, of which 2024 is taken.
 */
import { boxedSuffix, type Benchmark } from './benchmark.ts';
import { integerOf, lastBoxed, optionalTextOf, textOf } from './fields.ts';
import type { Row } from '../source.ts';

export const aime24: Benchmark = {
  name: 'aime24',
  title: 'AIME24',
  size: 30,
  origin: 'hf://datasets/HuggingFaceH4/aime_2024/data/train-00000-of-00001.parquet',
  suffix: boxedSuffix,
  isOwnForm: false,
  verifier: 'math',
  question(row, { number }) {
    const year = yearOf(row);
    if (year !== undefined && year !== '2024') return null;
    const answer = optionalTextOf(row, ['answer']) ?? lastBoxed(textOf(row, ['solution']));
    return {
      id: optionalTextOf(row, ['id', 'idx']) ?? String(number),
      text: textOf(row, ['problem', 'question']),
      answer: integerOf({ answer }, ['answer']),
      level: 'all',
    };
  },
};

function yearOf(row: Row): string | undefined {
  return (
    optionalTextOf(row, ['year']) ??
    /\b(20\d\d)_AIME/.exec(optionalTextOf(row, ['url']) ?? '')?.[1] ??
    /^(20\d\d)-/.exec(optionalTextOf(row, ['id']) ?? '')?.[1]
  );
}
