/** Version 6: what was paid for critiques, in training and in studies; and one run read in order, however many others there are. */
/**
 * One row a paid answer of an endpoint, written when it came: what the budget of a run counts, whatever became of the critique, its step or its
 * study. Runs of before have one row a rollout that an endpoint was asked about. The indexes end in the key, so that they page by it.
 */
export const version6 = `
CREATE TABLE criticPayments (
  "key" INTEGER PRIMARY KEY, run INTEGER NOT NULL, purpose TEXT NOT NULL, model TEXT NOT NULL, promptTokens INTEGER NOT NULL,
  completionTokens INTEGER NOT NULL, cost REAL NOT NULL, createdAt REAL NOT NULL
);
CREATE INDEX criticPaymentsByRun ON criticPayments (run, purpose, promptTokens, completionTokens, cost);
INSERT INTO criticPayments (run, purpose, model, promptTokens, completionTokens, cost, createdAt)
  SELECT c.run, 'training', c.model, c.promptTokens, c.completionTokens, c.cost, r.createdAt FROM critiqueCalls c JOIN runs r ON r.number = c.run
  WHERE c.model IS NOT NULL AND c.critic <> 'weak-to-strong' AND c.promptTokens + c.completionTokens > 0 ORDER BY c."key";
CREATE INDEX eventsByRun ON events (run);
CREATE INDEX refinementsByRun ON refinements (run);
INSERT INTO sqlite_stat1 (tbl, idx, stat) VALUES
  ('criticPayments', 'criticPaymentsByRun', '100000 50000 25000 50 2 1'),
  ('events', 'eventsByRun', '100000 50000'),
  ('refinements', 'refinementsByRun', '100000 50000');
ANALYZE sqlite_schema;
`;
