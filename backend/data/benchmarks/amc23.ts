/**
 * Evaluation set: AMC23, the 40 problems of AMC 12 2023 A and B whose answers are whole numbers.
 * Layout: id, question (or problem), answer as text or number (`27.0`), url; card of `math-ai/amc23` and the evaluation code of Qwen2.5-Math.
 * `AI-MO/aimo-validation-amc` has the same columns for 2022 and 2023; with its `url`, only 2023 is taken.
 */
import { boxedSuffix, type Benchmark } from './benchmark.ts';
import { integerOf, optionalTextOf, textOf } from './fields.ts';

export const amc23: Benchmark = {
  name: 'amc23',
  title: 'AMC23',
  size: 40,
  origin: 'hf://datasets/math-ai/amc23/test-00000-of-00001.parquet',
  suffix: boxedSuffix,
  isOwnForm: false,
  verifier: 'math',
  question(row, { number }) {
    const year = /\b(20\d\d)_AMC/.exec(optionalTextOf(row, ['url']) ?? '')?.[1];
    if (year !== undefined && year !== '2023') return null;
    return {
      id: optionalTextOf(row, ['id', 'idx']) ?? String(number),
      text: textOf(row, ['question', 'problem']),
      answer: integerOf(row, ['answer']),
      level: 'all',
    };
  },
};
