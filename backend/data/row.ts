/** One JSON text as a problem, with a reason and a remedy for everything that can be wrong with it. */
import { parse, type ParseError } from 'jsonc-parser';
import { messageOf } from '../core/errors.ts';
import { problemSchema, type Message, type Problem } from '../protocol/records.ts';

/** A row that is no problem; caught by the reader, which knows file and line. */
export class BrokenRow extends Error {
  /** What is wrong, without a full stop. */
  readonly problem: string;
  readonly remedy: string;
  /** Place of a syntax error, counted from 1. */
  readonly column: number | undefined;

  constructor(problem: string, remedy: string, column?: number) {
    super(problem);
    this.name = 'BrokenRow';
    this.problem = problem;
    this.remedy = remedy;
    this.column = column;
  }
}

const defaultLevel = 'default';

/** `defaultId` names a row that has no id. Throws `BrokenRow`. */
export function parseRow(text: string, defaultId: string): Problem {
  const row = parseObject(text);
  const candidate = {
    id: readLabel(row, 'id') ?? defaultId,
    prompt: readPrompt(row),
    answer: readAnswer(row),
    level: readLabel(row, 'level') ?? defaultLevel,
    solution: row.solution ?? undefined,
    demonstration: row.demonstration ?? undefined,
  };
  const parsed = problemSchema.safeParse(candidate);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  throw new BrokenRow(
    `"${pathText(issue?.path ?? [])}" is wrong: ${issue?.message ?? 'unknown'}`,
    'Correct it, or leave the field out if it is optional.',
  );
}

type Row = Readonly<Record<string, unknown>>;

function parseObject(text: string): Row {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    const problem = messageOf(error).replace(/ in JSON at position \d+.*$/su, '');
    throw new BrokenRow(
      `not valid JSON: ${problem}`,
      'Correct the JSON; each line must be one complete object.',
      syntaxErrorColumn(text, messageOf(error)),
    );
  }
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Row;
  throw new BrokenRow(`the row is ${shown(value)}, not an object`, 'Write {"prompt": "...", "answer": "..."}.');
}

/** From V8's message if it tells, else from a parser that does. */
function syntaxErrorColumn(text: string, message: string): number | undefined {
  const told = /at position (\d+)/u.exec(message)?.[1];
  if (told !== undefined) return Number(told) + 1;
  if (message.startsWith('Unexpected end')) return text.length + 1;
  const errors: ParseError[] = [];
  try {
    parse(text, errors, { disallowComments: true });
  } catch {
    // It recurses, so very deep nesting can exceed its stack; the line number alone must do.
  }
  return errors[0] === undefined ? undefined : errors[0].offset + 1;
}

function readPrompt(row: Row): readonly Message[] {
  const { prompt } = row;
  if (typeof prompt === 'string') {
    if (prompt.trim() === '') throw new BrokenRow('"prompt" is empty', 'Write the question.');
    return [{ role: 'user', content: prompt }];
  }
  if (!Array.isArray(prompt)) throw missing(row, 'prompt', ['question', 'problem', 'input', 'messages'], 'a text or a list of messages');
  const last: unknown = prompt.at(-1);
  if (typeof last !== 'object' || last === null || (last as Row).role !== 'user') {
    throw new BrokenRow(
      '"prompt" does not end with a message of the user',
      'End the list of messages with {"role": "user", "content": "<the question>"}.',
    );
  }
  return prompt as Message[];
}

function readAnswer(row: Row): string {
  const { answer } = row;
  if (typeof answer === 'string') {
    if (answer.trim() === '') throw new BrokenRow('"answer" is empty', 'Write the right final answer.');
    return answer;
  }
  if (typeof answer !== 'number') throw missing(row, 'answer', ['ground_truth', 'target', 'output', 'label'], 'a text or a number');
  // JSON numbers become doubles: beyond 2^53 another number would be the gold answer.
  if (!Number.isFinite(answer) || (Number.isInteger(answer) && !Number.isSafeInteger(answer))) {
    throw new BrokenRow('"answer" has more digits than a JSON number keeps', 'Write it as a text, in quotes.');
  }
  return String(answer);
}

/** A text, or a number as text; undefined if absent. */
function readLabel(row: Row, name: 'id' | 'level'): string | undefined {
  const value = row[name];
  if (value === undefined || value === null) return undefined;
  if (typeof value === 'string' && value.trim() !== '') return value;
  if (typeof value === 'number') return String(value);
  throw new BrokenRow(`"${name}" is ${shown(value)}`, `Write "${name}" as a text that is not empty, or leave it out.`);
}

function missing(row: Row, name: string, similar: readonly string[], wanted: string): BrokenRow {
  if (row[name] !== undefined) return new BrokenRow(`"${name}" is ${shown(row[name])}`, `Write "${name}" as ${wanted}.`);
  const found = similar.find((key) => row[key] !== undefined);
  return new BrokenRow(`"${name}" is missing`, found === undefined ? `Add "${name}": ${wanted}.` : `Rename "${found}" to "${name}".`);
}

/** A value in an error; never its whole contents. */
function shown(value: unknown): string {
  if (Array.isArray(value)) return 'a list';
  if (typeof value === 'object' && value !== null) return 'an object';
  return typeof value === 'string' ? JSON.stringify(value.slice(0, 40)) : String(value);
}

function pathText(path: readonly PropertyKey[]): string {
  return path.map((key, i) => (typeof key === 'number' ? `[${key}]` : `${i === 0 ? '' : '.'}${String(key)}`)).join('');
}
