/** Where the fields of a problem are in the rows of a file: recognized from the first rows, or as the run file says. */
import { WorkbenchError } from '../core/errors.ts';
import type { ColumnsConfig } from '../protocol/dataConfig.ts';
import { columnsOf, type Columns } from './columns.ts';
import { findColumn, fits, layouts, type AnswerIn, type FieldName, type Layout } from './layouts.ts';
import type { Row } from './source.ts';

export interface Mapping {
  /** Name of the layout, or `columns` where the run file alone says where the fields are. */
  readonly layout: string;
  /** Column of each field that a row may have; optional ones need not be in the first rows. */
  readonly fields: Readonly<Partial<Record<FieldName, string>>> & Readonly<Record<'prompt' | 'answer', string>>;
  readonly answerIn: AnswerIn;
  readonly metadata: readonly string[];
  readonly wrongChoices: readonly string[];
  readonly hasUniqueIds: boolean;
  /** All columns of the first rows. */
  readonly columns: Columns;
}

export interface MappingRequest {
  readonly path: string;
  /** `auto`, or the name of a layout. */
  readonly layout: string;
  readonly written: ColumnsConfig;
  /** The first rows that could be read; at least one. */
  readonly rows: readonly Row[];
}

const fieldNames: readonly FieldName[] = ['id', 'prompt', 'system', 'answer', 'level', 'solution', 'demonstration', 'choices'];

/** Throws `dataset.unknownLayout` or `dataset.noColumn`, naming the columns there are. */
export function mappingOf({ path, layout: layoutName, written, rows }: MappingRequest): Mapping {
  const columns = columnsOf(rows);
  const layout = layoutName === 'auto' ? layouts.find((each) => fits(each, columns, rows)) : findLayout(layoutName);
  const named = (field: FieldName): string | undefined => {
    const column = written[field];
    if (column === undefined) return undefined;
    if (isThere(columns, column)) return column;
    throw noColumn(path, `data.columns.${field}`, column, columns);
  };
  const fields: Partial<Record<FieldName, string>> = {};
  for (const field of fieldNames) {
    const known = layout?.fields[field] ?? [];
    const isNeeded = field === 'prompt' || field === 'answer';
    const column = named(field) ?? findColumn(columns, known) ?? (isNeeded ? undefined : known[0]);
    if (column !== undefined) fields[field] = column;
  }
  const { prompt, answer } = fields;
  if (prompt === undefined || answer === undefined) throw unknownLayout(path, fields, columns, layoutName);
  const answerIsOfLayout = written.answer === undefined;
  return {
    layout: layout === undefined || (written.prompt !== undefined && written.answer !== undefined) ? 'columns' : layout.name,
    fields: { ...fields, prompt, answer },
    answerIn: written.answerIn ?? (answerIsOfLayout ? layout?.answerIn : undefined) ?? 'whole',
    metadata: written.metadata ?? (layout?.metadata ?? []).map((name) => findColumn(columns, [name]) ?? name),
    wrongChoices: answerIsOfLayout ? (layout?.wrongChoices ?? []).flatMap((name) => findColumn(columns, [name]) ?? []) : [],
    hasUniqueIds: written.id !== undefined || (layout?.hasUniqueIds ?? false),
    columns,
  };
}

/** `verl, prompt from prompt, answer from reward_model.ground_truth`. */
export function mappingText(mapping: Mapping): string {
  const { layout, answerIn } = mapping;
  const how = { whole: '', boxed: ' (the last \\boxed{})', afterHashes: ' (after ####)' }[answerIn];
  const places = presentFields(mapping).map(([field, column]) => `${field} from ${column}${field === 'answer' ? how : ''}`);
  return `${layout}: ${places.join(', ')}`;
}

/** The fields whose columns the first rows have, in the order of `data.columns`. */
export function presentFields({ fields, columns }: Mapping): [FieldName, string][] {
  return fieldNames.flatMap((field): [FieldName, string][] => {
    const column = fields[field];
    return column !== undefined && isThere(columns, column) ? [[field, column]] : [];
  });
}

/** Columns that a reader needs to give for this mapping. */
export function neededColumns({ fields, metadata, wrongChoices }: Mapping): string[] {
  return [...Object.values(fields), ...metadata, ...wrongChoices];
}

/** A path may enter lists, which the columns do not. */
function isThere(columns: Columns, path: string): boolean {
  if (columns.has(path)) return true;
  return path.split('.').some((_, i, parts) => i > 0 && columns.has(parts.slice(0, i).join('.')) && /^\d+$/u.test(parts[i] ?? ''));
}

function findLayout(name: string): Layout {
  const found = layouts.find((layout) => layout.name === name);
  if (found !== undefined) return found;
  throw new WorkbenchError({
    code: 'data.unknownLayout',
    message: `There is no layout named "${name}" (data.layout).`,
    remedy: `Choose one of: auto, ${layouts.map((layout) => layout.name).join(', ')}.`,
  });
}

function unknownLayout(
  path: string,
  fields: Mapping['fields'] | Partial<Record<FieldName, string>>,
  columns: Columns,
  layout: string,
): WorkbenchError {
  const lacking = (['prompt', 'answer'] as const).filter((field) => fields[field] === undefined);
  return new WorkbenchError({
    code: 'dataset.unknownLayout',
    message: `${path} has no column that is known as the ${lacking.join(' or the ')} of a problem${layout === 'auto' ? '' : ` in the layout ${layout}`}. Its columns are ${listed(columns)}.`,
    remedy: `Say which it is, e.g. "columns": {${lacking.map((field) => `"${field}": "…"`).join(', ')}} under "data".`,
  });
}

function noColumn(path: string, setting: string, column: string, columns: Columns): WorkbenchError {
  return new WorkbenchError({
    code: 'dataset.noColumn',
    message: `${setting} is "${column}", and the first rows of ${path} have no such column.`,
    remedy: `Choose one of: ${listed(columns)}.`,
  });
}

function listed(columns: Columns): string {
  const names = [...columns.keys()].slice(0, 40);
  return `${names.join(', ')}${columns.size > names.length ? ', …' : ''}`;
}
