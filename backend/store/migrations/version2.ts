/** Version 2: a person's part. */
/**
 * Version 2. A person's part: refinements tried outside of training, and the critiques that training was told to learn from. An enlistment takes
 * part in the steps from `fromStep` on; a withdrawal is a row of its own, so that nothing written is ever changed.
 */
export const version2 = `
CREATE TABLE trials (
  "key" INTEGER PRIMARY KEY, run INTEGER NOT NULL, id TEXT NOT NULL, critiqueId TEXT NOT NULL, rolloutId TEXT NOT NULL, problemId TEXT NOT NULL,
  policyVersion INTEGER NOT NULL, createdAt REAL NOT NULL, refinementIds TEXT NOT NULL,
  UNIQUE (run, id)
);
CREATE INDEX trialsByRollout ON trials (run, rolloutId);
CREATE TABLE enlistments (
  "key" INTEGER PRIMARY KEY, run INTEGER NOT NULL, id TEXT NOT NULL, critiqueId TEXT NOT NULL, rolloutId TEXT NOT NULL, problemId TEXT NOT NULL,
  author TEXT NOT NULL, createdAt REAL NOT NULL, fromStep INTEGER NOT NULL,
  UNIQUE (run, id)
);
CREATE TABLE withdrawals (
  run INTEGER NOT NULL, enlistmentId TEXT NOT NULL, createdAt REAL NOT NULL, untilStep INTEGER NOT NULL,
  PRIMARY KEY (run, enlistmentId)
) WITHOUT ROWID;
INSERT INTO sqlite_stat1 (tbl, idx, stat) VALUES
  ('trials', 'sqlite_autoindex_trials_1', '1000 500 1'),
  ('trials', 'trialsByRollout', '1000 500 3'),
  ('enlistments', 'sqlite_autoindex_enlistments_1', '1000 500 1'),
  ('withdrawals', 'withdrawals', '1000 500 1');
ANALYZE sqlite_schema;
`;
