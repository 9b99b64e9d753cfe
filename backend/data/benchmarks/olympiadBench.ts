/**
 * Evaluation set: OlympiadBench, its open-ended English mathematics without pictures (`OE_TO_maths_en_COMP`; He et al. 2024).
 * Layout: card of `Hothan/OlympiadBench` and the JSON files of its repository: question, context, solution and final_answer (lists of texts),
 * is_multiple_answer, unit, answer_type, error (tolerance), question_type, modality, subfield, language. Units are asked for without being
 * part of the answer, several answers are one answer with commas between; both as in the set's own prompt.
 */
import { boxedSuffix, type Benchmark } from './benchmark.ts';
import { listOf, optionalTextOf, textOf, valueOf } from './fields.ts';
import type { Row } from '../source.ts';

export const olympiadBench: Benchmark = {
  name: 'olympiadBench',
  title: 'OlympiadBench',
  size: 675,
  origin: 'hf://datasets/Hothan/OlympiadBench/OlympiadBench/OE_TO_maths_en_COMP/OE_TO_maths_en_COMP.parquet',
  suffix: boxedSuffix,
  isOwnForm: false,
  verifier: 'math',
  question(row, { number }) {
    if (isLeftOut(row)) return null;
    const answers = answersOf(row);
    const unit = optionalTextOf(row, ['unit']);
    const context = optionalTextOf(row, ['context']);
    const question = textOf(row, ['question', 'problem']);
    const isMultiple = valueOf(row, ['is_multiple_answer']) === true || optionalTextOf(row, ['is_multiple_answer'])?.toLowerCase() === 'true';
    const hints = [
      ...(unit === undefined ? [] : [`Give the answer in ${unit}, without writing the unit.`]),
      ...(isMultiple || answers.length > 1 ? ['The problem has several answers; give them all, with commas between them.'] : []),
    ];
    const tolerance = toleranceOf(row);
    const answerType = optionalTextOf(row, ['answer_type']);
    return {
      id: optionalTextOf(row, ['id', 'idx']) ?? String(number),
      text: [...(context === undefined ? [] : [context]), question, ...hints].join('\n'),
      answer: answers.map(withoutDollars).join(', '),
      level: optionalTextOf(row, ['subfield']) ?? 'all',
      metadata: {
        ...(answerType === undefined ? {} : { answerType }),
        ...(unit === undefined ? {} : { unit }),
        ...(tolerance === undefined ? {} : { absoluteTolerance: tolerance }),
        ...(isMultiple || answers.length > 1 ? { unordered: true } : {}),
      },
    };
  },
};

/** Proofs have no answer to check; pictures cannot be shown. */
function isLeftOut(row: Row): boolean {
  const modality = optionalTextOf(row, ['modality'])?.toLowerCase() ?? 'text-only';
  const type = optionalTextOf(row, ['question_type'])?.toLowerCase() ?? 'open-ended';
  return modality.includes('multimodal') || type.includes('theorem');
}

function answersOf(row: Row): readonly string[] {
  return listOf(row, ['final_answer', 'answer']) ?? [textOf(row, ['final_answer', 'answer'])];
}

/** `$\frac{1}{2}$` → `\frac{1}{2}`; `$1$, $2$` → `1, 2`. */
function withoutDollars(answer: string): string {
  return answer.replaceAll('$', '').trim();
}

/** The largest of the tolerances that a row may list (`1e-1`, `0.1,0.01`). */
function toleranceOf(row: Row): number | undefined {
  const numbers = (optionalTextOf(row, ['error']) ?? '').split(',').map((text) => (text.trim() === '' ? NaN : Number(text)));
  const known = numbers.filter((value) => Number.isFinite(value) && value > 0);
  return known.length === 0 ? undefined : Math.max(...known);
}
