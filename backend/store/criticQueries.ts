/** How critiques by a model came about, what they have cost, and the answers that are kept. */
import type { CriticPayment, CriticPayments, CriticSpending } from '../protocol/criticViews.ts';
import type { CritiqueCall } from '../protocol/records.ts';
import type { Connection } from './connection.ts';
import { select, type RunKey } from './groupQueries.ts';
import { critiqueCallTable } from './recordTables.ts';

/** Everything that is given must hold. */
export interface CritiqueCallFilter {
  readonly rolloutId?: string;
  readonly fromStep?: number;
  readonly toStep?: number;
}

export function critiqueCalls(connection: Connection, run: RunKey, { rolloutId, fromStep, toStep }: CritiqueCallFilter): CritiqueCall[] {
  if (rolloutId !== undefined) return select(connection, run, critiqueCallTable, 'AND x.rolloutId = ?', rolloutId);
  const range = [fromStep ?? 0, toStep ?? Number.MAX_SAFE_INTEGER];
  return select(connection, run, critiqueCallTable, 'AND x.step BETWEEN ? AND ? ORDER BY x."key"', ...range);
}

export function insertPayment(connection: Connection, run: RunKey, payment: CriticPayment, time: number): void {
  const { purpose, model, promptTokens, completionTokens, cost } = payment;
  connection.run(
    'INSERT INTO criticPayments (run, purpose, model, promptTokens, completionTokens, cost, createdAt) VALUES (?, ?, ?, ?, ?, ?, ?)',
    ...[run.number, purpose, model, promptTokens, completionTokens, cost, time],
  );
}

export function criticSpending(connection: Connection, run: RunKey): CriticSpending {
  const sums = connection.get<Omit<CriticSpending, 'paid'> & Record<string, number>>(
    `SELECT count(*) AS asked, count(*) FILTER (WHERE error IS NULL) AS answered, ifnull(sum(attempts), 0) AS attempts,
       ifnull(sum(promptTokens), 0) AS promptTokens, ifnull(sum(completionTokens), 0) AS completionTokens, ifnull(sum(cost), 0) AS cost,
       ifnull(sum(isCached), 0) AS cached, ifnull(sum(disagreements), 0) AS disagreements, count(fallback) AS fallbacks
     FROM critiqueCalls WHERE run = ?`,
    run.number,
  );
  if (sums === undefined) throw new Error('SQLite answered no row to a sum.');
  return { ...sums, paid: { training: payments(connection, run, 'training'), studies: payments(connection, run, 'study') } };
}

function payments(connection: Connection, run: RunKey, purpose: CriticPayment['purpose']): CriticPayments {
  const sums = connection.get<CriticPayments & Record<string, number>>(
    `SELECT count(*) AS answers, ifnull(sum(promptTokens), 0) AS promptTokens, ifnull(sum(completionTokens), 0) AS completionTokens,
       ifnull(sum(cost), 0) AS cost FROM criticPayments WHERE run = ? AND purpose = ?`,
    run.number,
    purpose,
  );
  if (sums === undefined) throw new Error('SQLite answered no row to a sum.');
  return { ...sums };
}

export function criticReply(connection: Connection, hash: string): string | null {
  return connection.get<{ reply: string }>('SELECT reply FROM criticReplies WHERE hash = ?', hash)?.reply ?? null;
}
