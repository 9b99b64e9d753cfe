/** Version 4: second opinions on verdicts, what a person says of them, and verdicts of another verifier on what is recorded. */
export const version4 = `
-- One row a verdict that another grader disagrees with; rescoring is '' for the verdicts of the run itself.
CREATE TABLE secondOpinions (
  run INTEGER NOT NULL, rescoring TEXT NOT NULL, rolloutId TEXT NOT NULL, grader TEXT NOT NULL, status TEXT NOT NULL, reason TEXT NOT NULL,
  PRIMARY KEY (run, rescoring, rolloutId)
) WITHOUT ROWID;
-- The newest one of a rollout or refinement counts.
CREATE TABLE settlements (
  "key" INTEGER PRIMARY KEY, run INTEGER NOT NULL, rolloutId TEXT NOT NULL, status TEXT NOT NULL, author TEXT NOT NULL, note TEXT NOT NULL,
  createdAt REAL NOT NULL
);
CREATE INDEX settlementsByRollout ON settlements (run, rolloutId);
-- Everything up to these keys of rollouts and refinements is graded again: total answers. One that has fewer revisions was given up.
CREATE TABLE rescorings (
  "key" INTEGER PRIMARY KEY, run INTEGER NOT NULL, id TEXT NOT NULL, verifier TEXT NOT NULL, createdAt REAL NOT NULL, lastRollout INTEGER NOT NULL,
  lastRefinement INTEGER NOT NULL, total INTEGER NOT NULL,
  UNIQUE (run, id)
);
CREATE TABLE verdictRevisions (
  run INTEGER NOT NULL, rescoring TEXT NOT NULL, rolloutId TEXT NOT NULL, verifier TEXT NOT NULL, status TEXT NOT NULL, reward REAL NOT NULL,
  extracted TEXT, reason TEXT NOT NULL, cause TEXT,
  PRIMARY KEY (run, rescoring, rolloutId)
) WITHOUT ROWID;
INSERT INTO sqlite_stat1 (tbl, idx, stat) VALUES
  ('secondOpinions', 'secondOpinions', '10000 5000 5000 1'),
  ('settlements', 'settlementsByRollout', '1000 500 1'),
  ('rescorings', 'sqlite_autoindex_rescorings_1', '10 5 1'),
  ('verdictRevisions', 'verdictRevisions', '1000000 500000 500000 1');
ANALYZE sqlite_schema;
`;
