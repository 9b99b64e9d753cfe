/** What a run may be called: its id names folders and files, so no other is ever written, and none is read from a store that somebody else made. */
import { WorkbenchError } from '../core/errors.ts';
import type { Connection } from './connection.ts';

/** Leaves room for endings below the 255 bytes that a name may have. */
export const longestRunId = 200;

const pattern = new RegExp(`^[A-Za-z0-9][A-Za-z0-9._-]{0,${longestRunId - 1}}$`);

/** The same of a column of texts, in SQL, where a text may hold NUL and a value be no text at all. */
export function isRunIdSql(column: string): string {
  return `(typeof(${column}) = 'text' AND length(CAST(${column} AS BLOB)) = length(${column}) AND length(${column}) <= ${longestRunId}
    AND ${column} GLOB '[A-Za-z0-9]*' AND NOT ${column} GLOB '*[^A-Za-z0-9._-]*')`;
}

/** Throws `run.badId`. */
export function requireRunId(id: string): void {
  if (pattern.test(id)) return;
  throw new WorkbenchError({
    code: 'run.badId',
    message: `${brief(id)} cannot name a run: its folder gets the same name.`,
    remedy: `Use letters, digits, dots, underscores and hyphens, beginning with a letter or digit, ${longestRunId} characters at most.`,
  });
}

/** Ids of runs that are left out of every list because they cannot name a folder, as short texts in quotes. */
export function unusableRunIds(connection: Connection): string[] {
  // As bytes, since a text with NUL in it has an end of its own in SQL.
  const rows = connection.all<{ id: Uint8Array }>(`SELECT CAST(id AS BLOB) AS id FROM runs WHERE NOT ${isRunIdSql('id')} ORDER BY number`);
  return rows.map(({ id }) => brief(Buffer.from(id).toString()));
}

function brief(id: string): string {
  return JSON.stringify(id.length > 60 ? `${id.slice(0, 60)}…` : id);
}
