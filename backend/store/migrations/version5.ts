/** Version 5: how critiques came about, what was noticed about them, and answers of critics that need not be paid twice. */
export const version5 = `
CREATE TABLE critiqueCalls (
  "key" INTEGER PRIMARY KEY, run INTEGER NOT NULL, rolloutId TEXT NOT NULL, step INTEGER NOT NULL, critic TEXT NOT NULL, model TEXT,
  attempts INTEGER NOT NULL, promptTokens INTEGER NOT NULL, completionTokens INTEGER NOT NULL, cost REAL NOT NULL, isCached INTEGER NOT NULL,
  conclusion TEXT, disagreements INTEGER NOT NULL, fallback TEXT, isCutOff INTEGER NOT NULL, error TEXT, seconds REAL NOT NULL,
  UNIQUE (run, rolloutId)
);
CREATE INDEX critiqueCallsByStep ON critiqueCalls (run, step);
-- One row a critique or refinement with something to say about it.
CREATE TABLE audits (
  run INTEGER NOT NULL, id TEXT NOT NULL, subject TEXT NOT NULL, rolloutId TEXT NOT NULL, flags TEXT NOT NULL,
  PRIMARY KEY (run, id)
) WITHOUT ROWID;
CREATE INDEX auditsByRollout ON audits (run, rolloutId);
-- Of all runs; "hash" is of everything that the answer depends on.
CREATE TABLE criticReplies (hash TEXT PRIMARY KEY, reply TEXT NOT NULL, createdAt REAL NOT NULL) WITHOUT ROWID;
INSERT INTO sqlite_stat1 (tbl, idx, stat) VALUES
  ('critiqueCalls', 'sqlite_autoindex_critiqueCalls_1', '100000 50000 1'),
  ('critiqueCalls', 'critiqueCallsByStep', '100000 50000 30'),
  ('audits', 'audits', '100000 50000 1'),
  ('audits', 'auditsByRollout', '100000 50000 2'),
  ('criticReplies', 'criticReplies', '100000 1');
ANALYZE sqlite_schema;
`;
