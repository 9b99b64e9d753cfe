/** Critiques of a rollout over time: which one counts, and how a person writes the next. */
import { WorkbenchError } from '../core/errors.ts';
import type { Critique } from '../protocol/records.ts';
import type { Connection } from './connection.ts';
import { select, type RunKey } from './groupQueries.ts';
import { critiqueTable, rolloutTable } from './recordTables.ts';

export interface CritiqueRevision {
  readonly runId: string;
  /** The revision that the author saw and changed. */
  readonly baseId: string;
  readonly text: string;
  readonly author: string;
}

/** A first critique by a person. */
export interface NewCritique {
  readonly runId: string;
  readonly rolloutId: string;
  readonly text: string;
  readonly author: string;
}

/** The critique that refinements should answer: the newest human revision, else the newest of all. */
export function critiqueInForce(connection: Connection, run: RunKey, rolloutId: string): Critique | null {
  const newestFirst = `AND x.rolloutId = ? ORDER BY x.kind = 'human' DESC, x.revision DESC, x."key" DESC LIMIT 1`;
  return select(connection, run, critiqueTable, newestFirst, rolloutId)[0] ?? null;
}

/** The next human revision after `baseId`, not yet recorded. Throws `critique.missing`, or `critique.conflict` when the base was revised before. */
export function nextRevision(connection: Connection, run: RunKey, { baseId, text, author }: CritiqueRevision, time: number): Critique {
  const [base] = select(connection, run, critiqueTable, 'AND x.id = ?', baseId);
  if (base === undefined) {
    throw new WorkbenchError({
      code: 'critique.missing',
      message: `Run ${run.id} has no critique ${baseId}.`,
      remedy: 'Open the rollout again and edit a critique that it shows.',
    });
  }
  const [successor] = select(
    connection,
    run,
    critiqueTable,
    'AND x.rolloutId = ? AND x.supersedes = ? ORDER BY x."key" DESC',
    base.rolloutId,
    baseId,
  );
  if (successor !== undefined) {
    throw new WorkbenchError({
      code: 'critique.conflict',
      message: `Critique ${baseId} was revised by ${successor.author} in the meantime (now ${successor.id}, revision ${successor.revision}).`,
      remedy: 'Read the newer revision and edit that one.',
    });
  }
  const revision = base.revision + 1;
  return {
    id: `${baseId.replace(/~\d+$/, '')}~${revision}`,
    runId: run.id,
    rolloutId: base.rolloutId,
    kind: 'human',
    author,
    text,
    revision,
    supersedes: baseId,
    createdAt: time,
  };
}

/** A person's critique of a rollout that has none, not yet recorded. Throws `rollout.missing`, or `critique.conflict` when there is one. */
export function firstCritique(connection: Connection, run: RunKey, { rolloutId, text, author }: NewCritique, time: number): Critique {
  const [rollout] = select(connection, run, rolloutTable, 'AND x.id = ?', rolloutId);
  if (rollout === undefined) {
    throw new WorkbenchError({
      code: 'rollout.missing',
      message: `Run ${run.id} has no rollout ${rolloutId}.`,
      remedy: 'Refresh the list and open one that it shows.',
    });
  }
  const known = critiqueInForce(connection, run, rolloutId);
  if (known !== null) {
    throw new WorkbenchError({
      code: 'critique.conflict',
      message: `Rollout ${rolloutId} has a critique by ${known.author} already (${known.id}, revision ${known.revision}).`,
      remedy: 'Read that one and edit it.',
    });
  }
  return { id: `${rolloutId}/human`, runId: run.id, rolloutId, kind: 'human', author, text, revision: 1, supersedes: null, createdAt: time };
}
