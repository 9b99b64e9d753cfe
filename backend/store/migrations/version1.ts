/** Version 1: what a run records. */
/**
 * Version 1. Tables of records are append-only and have the fields of `protocol/records.ts` as columns; `run` is `runs.number`.
 * `rolloutFacts` and `rolloutText` are indexes derived from them and may be rebuilt at any time.
 */
export const version1 = `
CREATE TABLE runs (
  number INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, name TEXT NOT NULL, createdAt REAL NOT NULL,
  algorithm TEXT NOT NULL, seed INTEGER NOT NULL, config TEXT NOT NULL
);
-- Who opened the store for writing, and the last event before that.
CREATE TABLE writers (number INTEGER PRIMARY KEY, pid INTEGER NOT NULL, openedAt REAL NOT NULL, afterSeq INTEGER NOT NULL);

-- Nothing is ever deleted, so seq grows by one; AUTOINCREMENT would leave a gap for each replayed event.
CREATE TABLE events (
  seq INTEGER PRIMARY KEY, run INTEGER NOT NULL, time REAL NOT NULL, type TEXT NOT NULL,
  -- What makes a replayed event the same one; null for events that are always new.
  identity TEXT,
  body TEXT NOT NULL,
  UNIQUE (run, identity)
);
CREATE INDEX eventsByType ON events (run, type);

CREATE TABLE problems (
  run INTEGER NOT NULL, id TEXT NOT NULL, level TEXT NOT NULL, prompt TEXT NOT NULL, answer TEXT NOT NULL, solution TEXT, demonstration TEXT,
  PRIMARY KEY (run, id)
);
-- Small columns first: the lists never read the blobs. Tokens are int32 and logprobs float32, little endian.
CREATE TABLE rollouts (
  "key" INTEGER PRIMARY KEY, run INTEGER NOT NULL, id TEXT NOT NULL, step INTEGER NOT NULL, problemId TEXT NOT NULL, "index" INTEGER NOT NULL,
  policyVersion INTEGER NOT NULL, seed INTEGER NOT NULL, finish TEXT NOT NULL, completion TEXT NOT NULL,
  promptTokens BLOB NOT NULL, tokens BLOB NOT NULL, behaviorLogprobs BLOB NOT NULL,
  UNIQUE (run, id)
);
CREATE TABLE verdicts (
  run INTEGER NOT NULL, rolloutId TEXT NOT NULL, verifier TEXT NOT NULL, status TEXT NOT NULL, reward REAL NOT NULL,
  extracted TEXT, reason TEXT NOT NULL, cause TEXT,
  PRIMARY KEY (run, rolloutId)
) WITHOUT ROWID;
CREATE TABLE critiques (
  "key" INTEGER PRIMARY KEY, run INTEGER NOT NULL, id TEXT NOT NULL, rolloutId TEXT NOT NULL, kind TEXT NOT NULL, author TEXT NOT NULL,
  text TEXT NOT NULL, revision INTEGER NOT NULL, supersedes TEXT, createdAt REAL NOT NULL,
  UNIQUE (run, id)
);
CREATE INDEX critiquesByRollout ON critiques (run, rolloutId);
CREATE TABLE refinements (
  "key" INTEGER PRIMARY KEY, run INTEGER NOT NULL, id TEXT NOT NULL, rolloutId TEXT NOT NULL, critiqueId TEXT NOT NULL, step INTEGER NOT NULL,
  problemId TEXT NOT NULL, "index" INTEGER NOT NULL, policyVersion INTEGER NOT NULL, seed INTEGER NOT NULL, finish TEXT NOT NULL,
  completion TEXT NOT NULL, promptTokens BLOB NOT NULL, tokens BLOB NOT NULL, behaviorLogprobs BLOB NOT NULL, problemLogprobs BLOB,
  UNIQUE (run, id)
);
CREATE INDEX refinementsByRollout ON refinements (run, rolloutId);
CREATE TABLE groups (
  run INTEGER NOT NULL, id TEXT NOT NULL, step INTEGER NOT NULL, problemId TEXT NOT NULL, kind TEXT NOT NULL, zeroSignal INTEGER NOT NULL,
  excluded INTEGER NOT NULL, members TEXT NOT NULL,
  PRIMARY KEY (run, id)
);
CREATE INDEX groupsByProblem ON groups (run, problemId, step, kind);
CREATE TABLE updates (
  run INTEGER NOT NULL, step INTEGER NOT NULL, policyVersion INTEGER NOT NULL, loss REAL NOT NULL, gradientNorm REAL NOT NULL,
  learningRate REAL NOT NULL, tokensSampled INTEGER NOT NULL, tokensTrained INTEGER NOT NULL, seconds TEXT NOT NULL, metrics TEXT NOT NULL,
  PRIMARY KEY (run, step)
) WITHOUT ROWID;
CREATE TABLE evaluations (
  run INTEGER NOT NULL, step INTEGER NOT NULL, "set" TEXT NOT NULL, samplesPerProblem INTEGER NOT NULL, temperature REAL NOT NULL,
  "all" TEXT NOT NULL, byLevel TEXT NOT NULL, tokensSampled INTEGER NOT NULL,
  PRIMARY KEY (run, step, "set", samplesPerProblem, temperature)
) WITHOUT ROWID;
CREATE TABLE persistentFailures (
  run INTEGER NOT NULL, step INTEGER NOT NULL, problemId TEXT NOT NULL, level TEXT NOT NULL, attempts INTEGER NOT NULL,
  causes TEXT NOT NULL, example TEXT NOT NULL,
  PRIMARY KEY (run, step, problemId)
) WITHOUT ROWID;

-- One narrow row a rollout with everything lists filter by, in the order they page in. critiqueKinds looks like ",self,human,".
CREATE TABLE rolloutFacts (
  run INTEGER NOT NULL, "key" INTEGER NOT NULL, step INTEGER NOT NULL, problemId TEXT NOT NULL, level TEXT, status TEXT, cause TEXT,
  groupKind TEXT, critiqueKinds TEXT,
  PRIMARY KEY (run, "key")
) WITHOUT ROWID;
CREATE INDEX factsByProblem ON rolloutFacts (run, problemId, step);
CREATE INDEX factsByStep ON rolloutFacts (run, step);
CREATE VIRTUAL TABLE rolloutText USING fts5 (completion, critiques, content = '', contentless_delete = 1);
-- Merge seldom: writing is a fifth cheaper (24 → 19 µs a text), searching no dearer.
INSERT INTO rolloutText (rolloutText, rank) VALUES ('automerge', 16);

-- Counts of a large run (rows; rows for one value of the first column, of the first two, ...), so that plans suit one and never change.
ANALYZE sqlite_schema;
INSERT INTO sqlite_stat1 (tbl, idx, stat) VALUES
  ('rolloutFacts', 'rolloutFacts', '1000000 500000 1'),
  ('rolloutFacts', 'factsByProblem', '1000000 500000 200 8 1'),
  ('rolloutFacts', 'factsByStep', '1000000 500000 500 1'),
  ('rollouts', 'sqlite_autoindex_rollouts_1', '1000000 500000 1'),
  ('verdicts', 'verdicts', '1000000 500000 1'),
  ('critiques', 'sqlite_autoindex_critiques_1', '100000 50000 1'),
  ('critiques', 'critiquesByRollout', '100000 50000 2'),
  ('refinements', 'sqlite_autoindex_refinements_1', '100000 50000 1'),
  ('refinements', 'refinementsByRollout', '100000 50000 2'),
  ('groups', 'sqlite_autoindex_groups_1', '100000 50000 1'),
  ('groups', 'groupsByProblem', '100000 50000 20 1 1'),
  ('problems', 'sqlite_autoindex_problems_1', '10000 5000 1'),
  ('events', 'sqlite_autoindex_events_1', '100000 50000 1'),
  ('events', 'eventsByType', '100000 50000 10000');
ANALYZE sqlite_schema;
`;
