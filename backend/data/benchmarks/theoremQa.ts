/**
 * Evaluation set: TheoremQA, 800 questions that apply theorems (Chen et al. 2023); those with a picture are left out.
 * Layout: Question, Answer, Answer_type (bool, integer, float, list of integer, list of float, option), Picture; card of `TIGER-Lab/TheoremQA`
 * and `theoremqa_test.json` of its repository, which adds id, theorem, subfield and field. Its evaluation lets numbers differ by 4 %.
 */
import { BrokenRow, shown } from '../brokenRow.ts';
import { boxedSuffix, type Benchmark, type BenchmarkQuestion } from './benchmark.ts';
import { optionalTextOf, textOf, valueOf } from './fields.ts';

export const theoremQa: Benchmark = {
  name: 'theoremQa',
  title: 'TheoremQA',
  size: 800,
  origin: 'hf://datasets/TIGER-Lab/TheoremQA/data/test-00000-of-00001.parquet',
  suffix: boxedSuffix,
  isOwnForm: true,
  verifier: 'math',
  question(row, { number }) {
    const picture = valueOf(row, ['Picture']);
    if (picture !== undefined && picture !== 'NONE') return null;
    const answerType = textOf(row, ['Answer_type']).toLowerCase();
    const form = forms[answerType];
    if (form === undefined) {
      throw new BrokenRow(`"Answer_type" is ${shown(answerType)}`, `Write one of: ${Object.keys(forms).join(', ')}.`);
    }
    const { ask, read, ...convention } = form;
    const answer = answerText(valueOf(row, ['Answer']));
    return {
      id: optionalTextOf(row, ['id', 'idx']) ?? String(number),
      text: `${textOf(row, ['Question'])}\n${ask}`,
      answer: read === undefined ? answer : read(answer),
      level: optionalTextOf(row, ['field', 'subfield']) ?? answerType,
      ...convention,
      metadata: { answerType, ...convention.metadata },
    };
  },
};

interface AnswerForm extends Pick<BenchmarkQuestion, 'verifier' | 'metadata'> {
  readonly ask: string;
  readonly read?: (answer: string) => string;
}

const near = { metadata: { relativeTolerance: 0.04 } } as const;

const forms: Readonly<Record<string, AnswerForm>> = {
  bool: { ask: 'The answer is True or False.', verifier: 'exact', read: (answer) => (/^(true|yes|1)$/i.test(answer) ? 'True' : 'False') },
  integer: { ask: 'The answer is an integer.' },
  float: { ask: 'The answer is a number.', ...near },
  'list of integer': { ask: 'The answer is a list of integers such as [2, 3, 4].' },
  'list of float': { ask: 'The answer is a list of numbers such as [0.5, 3, 1.25].', ...near },
  option: { ask: 'The answer is one of the options (a), (b), (c), (d).', verifier: 'choice' },
};

/** Numbers and lists stand as themselves in the JSON file, as texts in the Parquet file. */
function answerText(value: unknown): string {
  const text = typeof value === 'string' ? value.trim() : value === undefined ? '' : JSON.stringify(value);
  if (text === '') throw new BrokenRow('"Answer" is missing', 'Give the file as it is published.');
  return text;
}
