/** Multiple choice questions: their choices in the order of the letters, and the letter of the right one. */
import { Rng } from '../core/rng.ts';
import type { Message } from '../protocol/records.ts';
import { answerText } from './answerText.ts';
import { BrokenRow, shown } from './brokenRow.ts';
import { valueAt } from './columns.ts';
import { textHash } from './textHash.ts';
import type { Mapping } from './mapping.ts';
import type { Row } from './source.ts';

export interface Choices {
  readonly texts: readonly string[];
  /** What the data set calls each choice, where it says so (`A`, `1`). */
  readonly labels?: readonly string[];
}

/** Undefined for a row that has none. Throws `BrokenRow`. */
export function choicesOf(row: Row, mapping: Mapping): Choices | undefined {
  if (mapping.wrongChoices.length > 0) return separateChoices(row, mapping);
  const column = mapping.fields.choices;
  if (column === undefined) return undefined;
  const found = valueAt(row, column) ?? undefined;
  if (found === undefined) return undefined;
  const value: unknown = typeof found === 'string' ? parsedList(found, column) : found;
  if (Array.isArray(value)) {
    if (value.every((choice) => typeof choice === 'object' && choice !== null)) return labeled(value, column);
    return { texts: textsOf(value, column) };
  }
  const texts = valueAt(value, 'text');
  const labels = valueAt(value, 'label');
  // {"text": [...], "label": [...]}, or {"A": "...", "B": "..."}.
  if (Array.isArray(texts)) return { texts: textsOf(texts, column), ...(Array.isArray(labels) ? { labels: labels.map(String) } : {}) };
  const entries = Object.entries(value as object).filter(([, text]) => text !== null);
  return {
    texts: textsOf(
      entries.map(([, text]) => text as unknown),
      column,
    ),
    labels: entries.map(([label]) => label),
  };
}

/** The right choice and the wrong ones are columns of their own: their order is drawn from the question, so that it is always the same. */
function separateChoices(row: Row, { fields, wrongChoices }: Mapping): Choices {
  const texts = [fields.answer, ...wrongChoices].map((column) => answerText(valueAt(row, column), column).trim());
  return { texts: Rng.of(textHash(String(valueAt(row, fields.prompt))), 'choices').shuffle(texts) };
}

/** `A`, from a letter, a label, a number counted from 0, or the text of the choice. Throws `BrokenRow`. */
export function letterOf(value: unknown, { texts, labels }: Choices, column: string): string {
  const text = answerText(value, column).trim();
  const bare = text.replace(/^\(?([A-Za-z])[).:]?$/u, '$1');
  const places = [
    typeof value === 'number' && labels === undefined ? value : -1,
    labels?.indexOf(text) ?? -1,
    texts.findIndex((choice) => choice.trim() === text),
    labels === undefined && /^[A-Z]$/u.test(bare) ? bare.charCodeAt(0) - 65 : -1,
    labels === undefined && /^\d+$/u.test(text) ? Number(text) : -1,
  ];
  const place = places.find((each) => Number.isInteger(each) && each >= 0 && each < texts.length);
  if (place === undefined)
    throw new BrokenRow(`"${column}" is ${shown(value)}, which is none of ${texts.length} choices`, 'Write the letter of the right choice.');
  return letter(place);
}

/** The question with its choices below it, unless it shows them already. */
export function withChoices(prompt: readonly Message[], texts: readonly string[]): readonly Message[] {
  const question = prompt.at(-1);
  if (question === undefined || typeof question.content !== 'string' || shows(question.content, texts)) return prompt;
  const list = texts.map((text, i) => `${letter(i)}. ${text}`).join('\n');
  return [...prompt.slice(0, -1), { ...question, content: `${question.content.trimEnd()}\n\n${list}` }];
}

/** Whether each choice stands behind its letter: `A. first`, `(A) first`, `A: first`. */
function shows(question: string, texts: readonly string[]): boolean {
  return texts.every((text, i) => {
    for (let at = question.indexOf(text); at > 0; at = question.indexOf(text, at + 1)) {
      const before = /(\p{L})[^\p{L}\p{N}]{1,5}$/u.exec(question.slice(Math.max(0, at - 7), at));
      if (before?.[1] === letter(i)) return true;
    }
    return false;
  });
}

function letter(place: number): string {
  return String.fromCharCode(65 + place);
}

/** A list that a format without lists keeps as JSON. */
function parsedList(text: string, column: string): unknown {
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value === 'object' && value !== null) return value;
  } catch {
    // Said below.
  }
  throw new BrokenRow(`"${column}" is ${shown(text)}`, 'Write the choices as a list, in a text file as JSON: ["first", "second"].');
}

function labeled(value: readonly object[], column: string): Choices {
  const texts = textsOf(
    value.map((choice) => valueAt(choice, 'text') ?? valueAt(choice, 'content')),
    column,
  );
  const labels = value.map((choice) => valueAt(choice, 'label') ?? valueAt(choice, 'key'));
  return { texts, ...(labels.every((label) => label !== undefined) ? { labels: labels.map(String) } : {}) };
}

function textsOf(values: readonly unknown[], column: string): string[] {
  if (values.length < 2 || values.length > 26) throw new BrokenRow(`"${column}" has ${values.length} choices`, 'Give between 2 and 26.');
  return values.map((value) => answerText(value, column));
}
