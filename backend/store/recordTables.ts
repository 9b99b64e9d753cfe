/** How each protocol record lies in its table: one column a field, written and read by the field's encoding. */
import type {
  Audit,
  Critique,
  CritiqueCall,
  Evaluation,
  Group,
  PersistentFailure,
  Problem,
  Refinement,
  Rollout,
  TrialRecord,
  Update,
  Verdict,
} from '../protocol/records.ts';
import type { SqlValue } from './driver.ts';

/** `optional` fields are left out when null; `int32` and `float32` are packed, little endian as every platform of Node's that we ship for. */
type Encoding = 'plain' | 'flag' | 'json' | 'int32' | 'float32' | 'optional' | 'optionalJson';

type FieldOf<R> = Exclude<keyof R, 'runId'> & string;

export type Row = Readonly<Record<string, SqlValue>>;

export interface RecordTable<R> {
  readonly name: string;
  /** With the run, what makes a record the same one. */
  readonly key: readonly FieldOf<R>[];
  readonly fields: Readonly<Record<FieldOf<R>, Encoding>>;
  /** Fields that may differ when a step is replayed. */
  readonly unstable: readonly FieldOf<R>[];
  /** Whether the record itself names its run. */
  readonly hasRunId: boolean;
}

/** Second opinions have a table of their own. */
export type StoredVerdict = Omit<Verdict, 'secondOpinion'>;

/** A second opinion as a row: on a verdict of the run itself where `rescoring` is empty. */
export interface StoredOpinion {
  readonly rescoring: string;
  readonly rolloutId: string;
  readonly grader: string;
  readonly status: Verdict['status'];
  readonly reason: string;
}

const rolloutFields = {
  id: 'plain',
  step: 'plain',
  problemId: 'plain',
  index: 'plain',
  policyVersion: 'plain',
  seed: 'plain',
  promptTokens: 'int32',
  tokens: 'int32',
  behaviorLogprobs: 'float32',
  completion: 'plain',
  finish: 'plain',
} as const;

export const problemTable: RecordTable<Problem> = {
  name: 'problems',
  key: ['id'],
  fields: {
    id: 'plain',
    prompt: 'json',
    answer: 'plain',
    level: 'plain',
    solution: 'optionalJson',
    demonstration: 'optional',
    choices: 'optionalJson',
    metadata: 'optionalJson',
  },
  unstable: [],
  hasRunId: false,
};

export const rolloutTable: RecordTable<Rollout> = { name: 'rollouts', key: ['id'], fields: rolloutFields, unstable: [], hasRunId: true };

export const verdictTable: RecordTable<StoredVerdict> = {
  name: 'verdicts',
  key: ['rolloutId'],
  fields: { rolloutId: 'plain', verifier: 'plain', status: 'plain', reward: 'plain', extracted: 'plain', reason: 'plain', cause: 'plain' },
  unstable: [],
  hasRunId: false,
};

export const verdictRevisionTable: RecordTable<StoredVerdict & { readonly rescoring: string }> = {
  ...verdictTable,
  name: 'verdictRevisions',
  key: ['rescoring', 'rolloutId'],
  fields: { rescoring: 'plain', ...verdictTable.fields },
};

/** A second grader may take too long once and not the next time: what it says is no part of a run's trace. */
export const secondOpinionTable: RecordTable<StoredOpinion> = {
  name: 'secondOpinions',
  key: ['rescoring', 'rolloutId'],
  fields: { rescoring: 'plain', rolloutId: 'plain', grader: 'plain', status: 'plain', reason: 'plain' },
  unstable: ['grader', 'status', 'reason'],
  hasRunId: false,
};

export const critiqueTable: RecordTable<Critique> = {
  name: 'critiques',
  key: ['id'],
  fields: {
    id: 'plain',
    rolloutId: 'plain',
    kind: 'plain',
    author: 'plain',
    text: 'plain',
    revision: 'plain',
    supersedes: 'plain',
    createdAt: 'plain',
  },
  unstable: ['createdAt'],
  hasRunId: true,
};

export const critiqueCallTable: RecordTable<CritiqueCall> = {
  name: 'critiqueCalls',
  key: ['rolloutId'],
  fields: {
    rolloutId: 'plain',
    step: 'plain',
    critic: 'plain',
    model: 'plain',
    attempts: 'plain',
    promptTokens: 'plain',
    completionTokens: 'plain',
    cost: 'plain',
    isCached: 'flag',
    conclusion: 'plain',
    disagreements: 'plain',
    fallback: 'plain',
    isCutOff: 'flag',
    error: 'plain',
    seconds: 'plain',
  },
  unstable: ['seconds'],
  hasRunId: true,
};

export const auditTable: RecordTable<Audit> = {
  name: 'audits',
  key: ['id'],
  fields: { id: 'plain', subject: 'plain', rolloutId: 'plain', flags: 'json' },
  unstable: [],
  hasRunId: true,
};

export const refinementTable: RecordTable<Refinement> = {
  name: 'refinements',
  key: ['id'],
  fields: { ...rolloutFields, rolloutId: 'plain', critiqueId: 'plain', problemLogprobs: 'float32' },
  unstable: [],
  hasRunId: true,
};

export const trialTable: RecordTable<TrialRecord> = {
  name: 'trials',
  key: ['id'],
  fields: {
    id: 'plain',
    critiqueId: 'plain',
    rolloutId: 'plain',
    problemId: 'plain',
    policyVersion: 'plain',
    createdAt: 'plain',
    refinementIds: 'json',
  },
  unstable: ['createdAt'],
  hasRunId: true,
};

export const groupTable: RecordTable<Group> = {
  name: 'groups',
  key: ['id'],
  fields: { id: 'plain', step: 'plain', problemId: 'plain', kind: 'plain', zeroSignal: 'flag', excluded: 'plain', members: 'json' },
  unstable: [],
  hasRunId: true,
};

export const updateTable: RecordTable<Update> = {
  name: 'updates',
  key: ['step'],
  fields: {
    step: 'plain',
    policyVersion: 'plain',
    loss: 'plain',
    gradientNorm: 'plain',
    learningRate: 'plain',
    tokensSampled: 'plain',
    tokensTrained: 'plain',
    seconds: 'json',
    metrics: 'json',
  },
  unstable: ['seconds'],
  hasRunId: true,
};

export const evaluationTable: RecordTable<Evaluation> = {
  name: 'evaluations',
  key: ['step', 'set', 'samplesPerProblem', 'temperature'],
  fields: { step: 'plain', set: 'plain', samplesPerProblem: 'plain', temperature: 'plain', all: 'json', byLevel: 'json', tokensSampled: 'plain' },
  unstable: [],
  hasRunId: true,
};

export const persistentFailureTable: RecordTable<PersistentFailure> = {
  name: 'persistentFailures',
  key: ['step', 'problemId'],
  fields: { step: 'plain', problemId: 'plain', level: 'plain', attempts: 'plain', causes: 'json', example: 'plain' },
  unstable: [],
  hasRunId: true,
};

export function fieldsOf<R>(table: RecordTable<R>): FieldOf<R>[] {
  return Object.keys(table.fields) as FieldOf<R>[];
}

/** Column names as SQL, each quoted (`index`, `set` and `all` are words of SQL), optionally of the table named `alias`. */
export function columnsSql(names: readonly string[], alias = ''): string {
  return names.map((name) => `${alias === '' ? '' : `${alias}.`}"${name}"`).join(', ');
}

/** The values of `fields` in their order. */
export function encode<R>(table: RecordTable<R>, record: R, fields: readonly FieldOf<R>[]): SqlValue[] {
  return fields.map((field) => encodeValue(table.fields[field], record[field]));
}

/** The record that `row` (its columns, by name) was made from. */
export function decode<R>(table: RecordTable<R>, row: Row, runId: string): R {
  const record: Record<string, unknown> = table.hasRunId ? { runId } : {};
  for (const field of fieldsOf(table)) {
    const value = decodeValue(table.fields[field], row[field] ?? null);
    if (value !== undefined) {
      record[field] = value;
    }
  }
  return record as R;
}

function encodeValue(encoding: Encoding, value: unknown): SqlValue {
  if (value === undefined || value === null) {
    return null;
  }
  switch (encoding) {
    case 'plain':
    case 'optional':
      return typeof value === 'string' ? storableText(value) : (value as SqlValue);
    case 'flag':
      return value === true ? 1 : 0;
    case 'json':
    case 'optionalJson':
      return JSON.stringify(value);
    case 'int32':
      return new Uint8Array(Int32Array.from(value as readonly number[]).buffer);
    case 'float32':
      return new Uint8Array(Float32Array.from(value as readonly number[]).buffer);
  }
}

const unstorable = /[\0\ud800-\udfff]/u;

/** SQLite's text is UTF-8 and ends at NUL, which a model may well sample: NUL becomes ␀ and half a surrogate pair becomes �. */
function storableText(text: string): string {
  return unstorable.test(text) ? Buffer.from(text).toString().replaceAll('\0', '␀') : text;
}

/** Undefined for a left-out field. */
function decodeValue(encoding: Encoding, value: SqlValue): unknown {
  if (value === null) {
    return encoding === 'optional' || encoding === 'optionalJson' ? undefined : null;
  }
  switch (encoding) {
    case 'plain':
    case 'optional':
      return value;
    case 'flag':
      return value === 1;
    case 'json':
    case 'optionalJson':
      return JSON.parse(value as string) as unknown;
    case 'int32':
      return Array.from(new Int32Array((value as Uint8Array).slice().buffer));
    case 'float32':
      return Array.from(new Float32Array((value as Uint8Array).slice().buffer));
  }
}
