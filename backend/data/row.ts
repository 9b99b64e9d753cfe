/** One row of a data file as a problem, with a reason and a remedy for everything that can be wrong with it. */
import { problemSchema, type Message, type Problem, type Solution } from '../protocol/records.ts';
import { answerIn, answerText } from './answerText.ts';
import { BrokenRow, shown } from './brokenRow.ts';
import { choicesOf, letterOf, withChoices, type Choices } from './choices.ts';
import { valueAt } from './columns.ts';
import type { FieldName } from './layouts.ts';
import type { Mapping } from './mapping.ts';
import type { Row } from './source.ts';

const defaultLevel = 'default';

/** `defaultId` names a row that has no id. Throws `BrokenRow`. */
export function problemOf(row: Row, mapping: Mapping, defaultId: string): Problem {
  const read = (field: FieldName): unknown => (mapping.fields[field] === undefined ? undefined : (valueAt(row, mapping.fields[field]) ?? undefined));
  const prompt = promptOf(row, mapping, read('system'));
  const choices = choicesOf(row, mapping);
  const solution = read('solution');
  const demonstration = read('demonstration') ?? (typeof solution === 'string' ? solution : undefined);
  const metadata = metadataOf(row, mapping.metadata);
  const candidate = {
    id: labelOf(row, mapping, 'id') ?? defaultId,
    prompt: choices === undefined ? prompt : withChoices(prompt, choices.texts),
    answer: answerOf(row, mapping, choices),
    level: labelOf(row, mapping, 'level') ?? defaultLevel,
    solution: typeof solution === 'string' ? undefined : (solution as Solution | undefined),
    demonstration: demonstration === undefined ? undefined : demonstrationText(demonstration, mapping.fields.demonstration ?? 'demonstration'),
    ...(choices === undefined ? {} : { choices: choices.texts }),
    ...(metadata === undefined ? {} : { metadata }),
  };
  const parsed = problemSchema.safeParse(candidate);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  const [field, ...inner] = issue?.path ?? [];
  const column = mapping.fields[field as FieldName] ?? String(field);
  throw new BrokenRow(
    `"${pathText([column, ...inner])}" is wrong: ${issue?.message ?? 'unknown'}`,
    'Correct it, or leave the field out if it is optional.',
  );
}

function promptOf(row: Row, { fields }: Mapping, system: unknown): readonly Message[] {
  const column = fields.prompt;
  const value = valueAt(row, column);
  const before: Message[] = typeof system === 'string' && system.trim() !== '' ? [{ role: 'system', content: system }] : [];
  if (typeof value === 'string') {
    if (value.trim() === '') throw new BrokenRow(`"${column}" is empty`, 'Write the question.');
    return [...before, { role: 'user', content: value }];
  }
  if (!Array.isArray(value)) throw missing(row, column, ['question', 'problem', 'input', 'messages'], 'a text or a list of messages');
  const last: unknown = value.at(-1);
  if (typeof last !== 'object' || last === null || (last as Row)['role'] !== 'user') {
    throw new BrokenRow(
      `"${column}" does not end with a message of the user`,
      'End the list of messages with {"role": "user", "content": "<the question>"}.',
    );
  }
  return [...before, ...(value as Message[])];
}

function answerOf(row: Row, mapping: Mapping, choices: Choices | undefined): string {
  const column = mapping.fields.answer;
  const value = valueAt(row, column) ?? undefined;
  if (value === undefined) throw missing(row, column, ['ground_truth', 'target', 'output', 'label'], 'a text or a number');
  if (choices !== undefined) return letterOf(value, choices, column);
  return answerIn(answerText(value, column), mapping.answerIn, column);
}

/** A text, or a number as text; undefined if absent. */
function labelOf(row: Row, { fields }: Mapping, name: 'id' | 'level'): string | undefined {
  const column = fields[name];
  const value = column === undefined ? undefined : valueAt(row, column);
  if (value === undefined || value === null) return undefined;
  if (typeof value === 'string' && value.trim() !== '') return value;
  if (typeof value === 'number') return String(value);
  throw new BrokenRow(`"${column}" is ${shown(value)}`, `Write "${column}" as a text that is not empty, or leave it out.`);
}

/** A text, or the contents of the assistant's messages. */
function demonstrationText(value: unknown, column: string): string {
  if (typeof value === 'string') return value;
  const messages = Array.isArray(value) ? value : [value];
  const texts = messages.map((message) => valueAt(message, 'content'));
  if (texts.length > 0 && texts.every((text) => typeof text === 'string')) return texts.join('\n');
  throw new BrokenRow(`"${column}" is ${shown(value)}`, `Write "${column}" as a text or a list of messages, or leave it out.`);
}

type Metadata = NonNullable<Problem['metadata']>;

/** Longer texts in an object are no facts about a problem but copies of its parts. */
const maxMetadataText = 200;

/** Plain values by column; an object gives each of its plain values, by dotted name unless it is called `metadata`. */
function metadataOf(row: Row, columns: readonly string[]): Metadata | undefined {
  const entries = columns.flatMap((column): [string, unknown][] => {
    const value = valueAt(row, column);
    if (typeof value !== 'object' || value === null) return [[column, value]];
    if (Array.isArray(value)) return [];
    return Object.entries(value)
      .filter(([, inner]) => typeof inner !== 'string' || inner.length <= maxMetadataText)
      .map(([name, inner]) => [column === 'metadata' ? name : `${column}.${name}`, inner]);
  });
  const plain = entries.filter(
    (entry): entry is [string, Metadata[string]] => entry[1] === null || ['string', 'number', 'boolean'].includes(typeof entry[1]),
  );
  const finite = plain.filter(([name, value]) => name !== '__proto__' && (typeof value !== 'number' || Number.isFinite(value)));
  return finite.length === 0 ? undefined : Object.fromEntries(finite);
}

function missing(row: Row, column: string, similar: readonly string[], wanted: string): BrokenRow {
  const value = valueAt(row, column);
  if (value !== undefined) return new BrokenRow(`"${column}" is ${shown(value)}`, `Write "${column}" as ${wanted}.`);
  const found = similar.find((key) => key !== column && row[key] !== undefined);
  return new BrokenRow(`"${column}" is missing`, found === undefined ? `Add "${column}": ${wanted}.` : `Rename "${found}" to "${column}".`);
}

function pathText(path: readonly PropertyKey[]): string {
  return path.map((key, i) => (typeof key === 'number' ? `[${key}]` : `${i === 0 ? '' : '.'}${String(key)}`)).join('');
}
