/** What a run learned from words, as data sets that TRL and verl read: one entry a format, each row a plain object. */
import type { ColumnType } from '../data/parquet/writeParquet.ts';
import type { Message, Problem } from '../protocol/records.ts';
import type { Lesson } from '../store/lessonQueries.ts';
import type { VerdictChoice } from '../store/standingVerdicts.ts';
import type { StoreReader } from '../store/storeReader.ts';

export type LessonRow = Readonly<Record<string, unknown>>;

export interface LessonFormat {
  readonly summary: string;
  /** Of every row, in this order. */
  readonly columns: Readonly<Record<string, ColumnType>>;
  rows(store: StoreReader, runId: string, options: LessonOptions): Generator<LessonRow>;
}

export interface LessonOptions {
  /** By which verdicts answers are right, wrong and failing. */
  readonly verdicts: VerdictChoice;
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
/** Of both answers: `run`, `rescored` or `settled`, and by which verifier or person. */
const originColumns = {
  failed_verdict_source: 'text',
  failed_verdict_by: 'text',
  refinement_verdict_source: 'text',
  refinement_verdict_by: 'text',
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
      ...originColumns,
      is_trial: 'boolean',
      step: 'integer',
      run: 'text',
    },
    *rows(store, runId, options) {
      for (const lesson of chosen(store, runId, options)) {
        const { problem, failed, refinement, failedVerdict, refinementVerdict } = lesson;
        yield {
          problem_id: problem.id,
          prompt: problem.prompt,
          answer: problem.answer,
          level: problem.level,
          failed: failed.completion,
          failed_extracted: failedVerdict?.verdict.extracted ?? null,
          failed_reward: failedVerdict?.verdict.reward ?? null,
          ...provenance(lesson),
          refinement: refinement.completion,
          refinement_reward: refinementVerdict?.verdict.reward ?? null,
          is_right: refinementVerdict?.verdict.status === 'right',
          ...origins(lesson),
          is_trial: lesson.isTrial,
          step: refinement.step,
          run: runId,
        };
      }
    },
  },
  preferences: {
    summary: 'pairs for DPO and reward models: the right refinement is chosen over the failed answer (TRL, conversational)',
    columns: { prompt: messages, chosen: messages, rejected: messages, problem_id: 'text', ...provenanceColumns, ...originColumns },
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
          ...origins(lesson),
        };
      }
    },
  },
  sft: {
    summary: 'right refinements to imitate, without the critique in the prompt (TRL, prompt and completion)',
    columns: { prompt: messages, completion: messages, problem_id: 'text', ...provenanceColumns, ...originColumns },
    *rows(store, runId, options) {
      for (const lesson of chosen(store, runId, options)) {
        if (!isRescue(lesson)) continue;
        const { problem, refinement } = lesson;
        const own = { prompt: problem.prompt, completion: said(refinement.completion), problem_id: problem.id };
        yield { ...own, ...provenance(lesson), ...origins(lesson) };
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
      extra_info: {
        fields: {
          ...{ index: 'text', level: 'text', run: 'text', attempts: 'integer', visits_failed: 'integer' },
          // Of the attempts, by whose verdict they failed.
          verdicts: { fields: { run: 'integer', rescored: 'integer', settled: 'integer' } },
          settled_by: { list: 'text' },
        },
      },
    },
    *rows(store, runId, options) {
      for (const { problemId, attempts, visitsFailed, verdicts, settledBy } of store.standingVerdicts(runId, options.verdicts).failures()) {
        const problem = store.problem(runId, problemId);
        if (problem !== null) yield verlRow(problem, { run: runId, attempts, visits_failed: visitsFailed, verdicts, settled_by: settledBy });
      }
    },
  },
} as const satisfies Record<string, LessonFormat>;

export type LessonFormatName = keyof typeof lessonFormats;

function* chosen(store: StoreReader, runId: string, options: LessonOptions): Generator<Lesson> {
  const { verdicts, withoutHuman, withoutTrials, withoutFlagged } = options;
  for (const lesson of store.lessons(runId, verdicts)) {
    // The trigger "always" has right answers criticized, too; nothing failed there, nor where an answer was found to be right later.
    if (lesson.failedVerdict?.verdict.status === 'right') continue;
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
  return failedVerdict?.verdict.status === 'wrong' && refinementVerdict?.verdict.status === 'right';
}

function origins({ failedVerdict, refinementVerdict }: Lesson): LessonRow {
  return {
    failed_verdict_source: failedVerdict?.source ?? null,
    failed_verdict_by: failedVerdict?.by ?? null,
    refinement_verdict_source: refinementVerdict?.source ?? null,
    refinement_verdict_by: refinementVerdict?.by ?? null,
  };
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
