/**
 * Evaluation set: MATH-500, the 500 test problems of MATH that "Let's Verify Step by Step" held out.
 * Layout: card of `HuggingFaceH4/MATH-500`, `test.jsonl` with problem, solution, answer, subject, level (1–5), unique_id.
 */
import { boxedSuffix, type Benchmark } from './benchmark.ts';
import { lastBoxed, optionalTextOf, textOf } from './fields.ts';

export const math500: Benchmark = {
  name: 'math500',
  title: 'MATH500',
  size: 500,
  origin: 'hf://datasets/HuggingFaceH4/MATH-500/test.jsonl',
  suffix: boxedSuffix,
  isOwnForm: false,
  verifier: 'math',
  question(row, { number }) {
    const level = optionalTextOf(row, ['level']);
    const subject = optionalTextOf(row, ['subject', 'type']);
    return {
      id: optionalTextOf(row, ['unique_id', 'id', 'idx']) ?? String(number),
      text: textOf(row, ['problem', 'question']),
      answer: optionalTextOf(row, ['answer']) ?? lastBoxed(textOf(row, ['solution'])),
      level: level === undefined ? 'all' : `level ${level.replace(/^Level /i, '')}`,
      ...(subject === undefined ? {} : { metadata: { subject } }),
    };
  },
};
