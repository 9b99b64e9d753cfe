/** Layouts of published data sets, recognized by their columns: which column is the prompt, the answer, and so on. */
import { valueAt, type Columns } from './columns.ts';
import type { Row } from './source.ts';

/** What of the answer's column is the answer. */
export type AnswerIn = 'whole' | 'boxed' | 'afterHashes';

export type FieldName = 'id' | 'prompt' | 'system' | 'answer' | 'level' | 'solution' | 'demonstration' | 'choices';

export interface Layout {
  readonly name: string;
  /** Names of columns that a field may have, best first; compared without regard to case. `prompt` and `answer` must be there. */
  readonly fields: Readonly<Partial<Record<FieldName, readonly string[]>>> & Readonly<Record<'prompt' | 'answer', readonly string[]>>;
  /** Columns it is told by, besides those of prompt and answer; one of each list. */
  readonly signs?: readonly (readonly string[])[];
  readonly metadata?: readonly string[];
  /** `whole` if left out. */
  readonly answerIn?: AnswerIn;
  /** What its answers look like, in all of the first rows. */
  readonly answerPattern?: RegExp;
  /** Columns of the wrong choices, where each is a column of its own; the answer's column is then the right choice. */
  readonly wrongChoices?: readonly string[];
  /** Ids that repeat are an error; in other layouts they are made unique. */
  readonly hasUniqueIds?: boolean;
}

const ids = ['id', 'unique_id', 'uuid', 'problem_id', 'question_id', 'idx', 'index'];
const levels = ['level', 'difficulty', 'subject', 'category', 'type', 'problem_type'];
const origins = ['source', 'data_source', 'subject', 'type', 'problem_type', 'question_type', 'category', 'src'];
const boxed = /\\(?:boxed|fbox)\b/u;

const verlFields = {
  id: ['extra_info.index', 'extra_info.id', 'extra_info.problem_id', 'id'],
  prompt: ['prompt', 'source_prompt'],
  answer: ['reward_model.ground_truth'],
  level: ['level', 'extra_info.level', 'extra_info.difficulty', 'data_source'],
} as const;
const verlMetadata = ['data_source', 'ability', 'extra_info'];

/** The first that fits is taken. */
export const layouts: readonly Layout[] = [
  // Released with Critique-GRPO and LUFFY: verl's layout, and a worked answer as `target`.
  { name: 'luffy', fields: { ...verlFields, demonstration: ['target'] }, signs: [['target']], metadata: verlMetadata },
  { name: 'verl', fields: verlFields, metadata: verlMetadata },
  {
    name: 'workbench',
    fields: {
      id: ['id'],
      prompt: ['prompt'],
      answer: ['answer'],
      level: ['level'],
      solution: ['solution'],
      demonstration: ['demonstration'],
      choices: ['choices'],
    },
    metadata: ['metadata'],
    hasUniqueIds: true,
  },
  {
    name: 'gpqa',
    fields: {
      id: ['record id', ...ids],
      prompt: ['question'],
      answer: ['correct answer'],
      level: ['high-level domain'],
      demonstration: ['explanation'],
    },
    wrongChoices: ['incorrect answer 1', 'incorrect answer 2', 'incorrect answer 3'],
    metadata: ['subdomain', 'high-level domain'],
  },
  {
    name: 'multiple-choice',
    fields: {
      id: ids,
      prompt: ['question', 'prompt', 'problem'],
      answer: ['answer', 'answerkey', 'answer_letter', 'answer_index', 'label'],
      level: levels,
      choices: ['choices', 'options'],
    },
    signs: [['choices', 'options']],
    metadata: origins,
  },
  {
    name: 'gsm8k',
    fields: { id: ids, prompt: ['question'], answer: ['answer'], level: levels, demonstration: ['answer'] },
    answerIn: 'afterHashes',
    answerPattern: /####/u,
  },
  { name: 'openr1', fields: { id: ids, prompt: ['problem'], answer: ['answer'], level: levels, demonstration: ['solution'] }, metadata: origins },
  {
    name: 'math',
    fields: { id: ids, prompt: ['problem', 'question', 'prompt'], answer: ['solution'], level: levels, demonstration: ['solution'] },
    answerIn: 'boxed',
    answerPattern: boxed,
    metadata: origins,
  },
  {
    name: 'question-answer',
    fields: {
      id: ids,
      prompt: ['prompt', 'question', 'problem', 'instruction', 'query', 'input'],
      answer: ['answer', 'final_answer', 'expected_answer', 'ground_truth', 'gold', 'target', 'label', 'solution', 'output'],
      level: levels,
      choices: ['choices', 'options'],
    },
    metadata: origins,
  },
];

/** The name a column has in the file, looked for without regard to case. */
export function findColumn(columns: Columns, candidates: readonly string[]): string | undefined {
  for (const candidate of candidates) {
    if (columns.has(candidate)) return candidate;
    for (const column of columns.keys()) if (column.toLowerCase() === candidate) return column;
  }
  return undefined;
}

/** Whether rows with these columns are so laid out. */
export function fits(layout: Layout, columns: Columns, rows: readonly Row[]): boolean {
  const answer = findColumn(columns, layout.fields.answer);
  if (answer === undefined || findColumn(columns, layout.fields.prompt) === undefined) return false;
  const signs = [...(layout.signs ?? []), ...(layout.wrongChoices ?? []).map((name) => [name])];
  if (!signs.every((candidates) => findColumn(columns, candidates) !== undefined)) return false;
  const { answerPattern } = layout;
  if (answerPattern === undefined) return true;
  const answers = rows.map((row) => valueAt(row, answer)).filter((value) => typeof value === 'string');
  return answers.length > 0 && answers.filter((text) => answerPattern.test(text)).length * 2 > answers.length;
}
