/** What a run learned from words, as data sets that TRL and verl read: one entry a format, each row a plain object. */
import type { ColumnType } from '../data/parquet/writeParquet.ts';
import type { Message, Problem } from '../protocol/records.ts';
import type { Lesson } from '../store/lessonQueries.ts';
import type { StoreReader } from '../store/storeReader.ts';

export type LessonRow = Readonly<Record<string, unknown>>;

export interface LessonFormat {
  readonly summary: string;
  /** Of every row, in this order. */
  readonly columns: Readonly<Record<string, ColumnType>>;
  rows(store: StoreReader, runId: string, options: LessonOptions): Generator<LessonRow>;
}

export interface LessonOptions {
  /** Leave out what a person wrote, so that a model trained on it may be compared with others. */
  readonly withoutHuman: boolean;
  /** Leave out refinements that were only tried, not part of training. */
  readonly withoutTrials: boolean;
  /** Leave out lessons whose critique or refinement the audit flagged. */
  readonly withoutFlagged: boolean;
}

const messages: ColumnType = { list: { fields: { role: 'text', content: 'text' } } };
const provenanceColumns = {
  critique: 'text',
  critique_kind: 'text',
  critique_author: 'text',
  critique_is_human: 'boolean',
  critique_revision: 'integer',
  critique_time: 'text',
} as const;

export const lessonFormats = {
  triples: {
    summary: 'every failed answer with its critique and refinement, right or not',
    columns: {
      problem_id: 'text',
      prompt: messages,
      answer: 'text',
      level: 'text',
      failed: 'text',
      failed_extracted: 'text',
      failed_reward: 'double',
      ...provenanceColumns,
      refinement: 'text',
      refinement_reward: 'double',
      is_right: 'boolean',
      is_trial: 'boolean',
      step: 'integer',
      run: 'text',
    },
    *rows(store, runId, options) {
      for (const lesson of chosen(store, runId, options)) {
        const { problem, failed, failedVerdict, refinement, refinementVerdict } = lesson;
        yield {
          problem_id: problem.id,
          prompt: problem.prompt,
          answer: problem.answer,
          level: problem.level,
          failed: failed.completion,
          failed_extracted: failedVerdict?.extracted ?? null,
          failed_reward: failedVerdict?.reward ?? null,
          ...provenance(lesson),
          refinement: refinement.completion,
          refinement_reward: refinementVerdict?.reward ?? null,
          is_right: refinementVerdict?.status === 'right',
          is_trial: lesson.isTrial,
          step: refinement.step,
          run: runId,
        };
      }
    },
  },
  preferences: {
    summary: 'pairs for DPO and reward models: the right refinement is chosen over the failed answer (TRL, conversational)',
    columns: { prompt: messages, chosen: messages, rejected: messages, problem_id: 'text', ...provenanceColumns },
    *rows(store, runId, options) {
      for (const lesson of chosen(store, runId, options)) {
        if (!isRescue(lesson)) continue;
        const { problem, failed, refinement } = lesson;
        yield {
          prompt: problem.prompt,
          chosen: said(refinement.completion),
          rejected: said(failed.completion),
          problem_id: problem.id,
          ...provenance(lesson),
        };
      }
    },
  },
  sft: {
    summary: 'right refinements to imitate, without the critique in the prompt (TRL, prompt and completion)',
    columns: { prompt: messages, completion: messages, problem_id: 'text', ...provenanceColumns },
    *rows(store, runId, options) {
      for (const lesson of chosen(store, runId, options)) {
        if (!isRescue(lesson)) continue;
        const { problem, refinement } = lesson;
        yield { prompt: problem.prompt, completion: said(refinement.completion), problem_id: problem.id, ...provenance(lesson) };
      }
    },
  },
  'verl-failures': {
    summary: 'the problems that failed whenever they came since they were last solved, to train on elsewhere (verl)',
    columns: {
      data_source: 'text',
      prompt: messages,
      ability: 'text',
      reward_model: { fields: { style: 'text', ground_truth: 'text' } },
      extra_info: { fields: { index: 'text', level: 'text', run: 'text', attempts: 'integer', visits_failed: 'integer' } },
    },
    *rows(store, runId) {
      for (const { problemId, attempts, visitsFailed } of store.standingFailures(runId, 1)) {
        const problem = store.problem(runId, problemId);
        if (problem !== null) yield verlRow(problem, { run: runId, attempts, visits_failed: visitsFailed });
      }
    },
  },
} as const satisfies Record<string, LessonFormat>;

export type LessonFormatName = keyof typeof lessonFormats;

function* chosen(store: StoreReader, runId: string, { withoutHuman, withoutTrials, withoutFlagged }: LessonOptions): Generator<Lesson> {
  for (const lesson of store.lessons(runId)) {
    // The trigger "always" has right answers criticized, too; nothing failed there.
    if (lesson.failedVerdict?.status === 'right') continue;
    if (withoutHuman && lesson.critique.kind === 'human') continue;
    if (withoutTrials && lesson.isTrial) continue;
    if (withoutFlagged && isFlagged(store, runId, lesson)) continue;
    yield lesson;
  }
}

function isFlagged(store: StoreReader, runId: string, { failed, critique, refinement }: Lesson): boolean {
  return store.audits(runId, failed.id).some(({ id }) => id === critique.id || id === refinement.id);
}

/** Right where the answer before was wrong. */
function isRescue({ failedVerdict, refinementVerdict }: Lesson): boolean {
  return failedVerdict?.status === 'wrong' && refinementVerdict?.status === 'right';
}

/** Who wrote the critique: for a person's, the name that he or she is known by in the editor. */
function provenance({ critique: { kind, author, text, revision, createdAt } }: Lesson): LessonRow {
  const written = { critique: text, critique_kind: kind, critique_author: author, critique_is_human: kind === 'human' };
  return { ...written, critique_revision: revision, critique_time: new Date(createdAt).toISOString() };
}

function said(content: string): readonly Message[] {
  return [{ role: 'assistant', content }];
}

/** As verl's `RLHFDataset` reads it. */
function verlRow({ id, prompt, answer, level, metadata }: Problem, extra: LessonRow): LessonRow {
  return {
    // As the data set named them, so that verl's reward functions are chosen as they were.
    data_source: String(metadata?.['data_source'] ?? 'critique-grpo'),
    prompt,
    ability: String(metadata?.['ability'] ?? 'math'),
    reward_model: { style: 'rule', ground_truth: answer },
    extra_info: { index: id, level, ...extra },
  };
}
