/**
 * Evaluation set: MMLU-Pro, 12,032 multiple choice questions with up to ten choices (Wang et al. 2024).
 * Layout: card of `TIGER-Lab/MMLU-Pro`, `test-00000-of-00001.parquet`: question_id, question, options (list), answer (letter A–J),
 * answer_index (from 0), category, src. Choices that are "N/A" only fill the list and are left out, as in the set's own evaluation.
 */
import { BrokenRow } from '../brokenRow.ts';
import { letterSuffix, type Benchmark } from './benchmark.ts';
import { listOf, optionalTextOf, textOf } from './fields.ts';

export const mmluPro: Benchmark = {
  name: 'mmluPro',
  title: 'MMLU-Pro',
  size: 12_032,
  origin: 'hf://datasets/TIGER-Lab/MMLU-Pro/data/test-00000-of-00001.parquet',
  suffix: letterSuffix,
  isOwnForm: true,
  verifier: 'choice',
  question(row, { number }) {
    const options = listOf(row, ['options']) ?? [];
    const letter = textOf(row, ['answer']).toUpperCase();
    const index = /^[A-J]$/.test(letter) ? letter.charCodeAt(0) - 65 : NaN;
    const right = options[index];
    if (right === undefined || right === 'N/A') {
      throw new BrokenRow(`"answer" is ${JSON.stringify(letter)}, and there are ${options.length} options`, 'Give the file as it is published.');
    }
    const choices = options.filter((option) => option !== 'N/A');
    const source = optionalTextOf(row, ['src']);
    return {
      id: optionalTextOf(row, ['question_id']) ?? String(number),
      text: textOf(row, ['question']),
      choices,
      answer: String.fromCharCode(65 + options.slice(0, index).filter((option) => option !== 'N/A').length),
      level: optionalTextOf(row, ['category']) ?? 'all',
      ...(source === undefined ? {} : { metadata: { source } }),
    };
  },
};
