/** Keeps the derived rows that lists filter and search by: `rolloutFacts` and `rolloutText`, both made from the records alone. */
import type { Group } from '../protocol/records.ts';
import type { Connection } from './connection.ts';

/**
 * A problem drawn twice in a step has two groups there: the one that names the rollout wins. The SQLite of older Nodes finds no outer column in
 * ORDER BY, so that it is looked up one level deeper.
 */
const factsSql = `
REPLACE INTO rolloutFacts (run, "key", step, problemId, level, status, cause, groupKind, critiqueKinds)
SELECT r.run, r."key", r.step, r.problemId, p.level, v.status, v.cause,
  (SELECT kind FROM (SELECT g.kind, g.id, instr(g.members, json_quote(r.id)) > 0 AS isNamed
    FROM groups g WHERE g.run = r.run AND g.problemId = r.problemId AND g.step = r.step) ORDER BY isNamed DESC, id LIMIT 1),
  (SELECT ',' || group_concat(DISTINCT c.kind) || ',' FROM critiques c WHERE c.run = r.run AND c.rolloutId = r.id)
FROM rollouts r
LEFT JOIN problems p ON p.run = r.run AND p.id = r.problemId
LEFT JOIN verdicts v ON v.run = r.run AND v.rolloutId = r.id
WHERE r.run = ? AND r.id = ?`;

const textsSql = `
SELECT r."key", r.completion, (SELECT group_concat(c.text, char(10)) FROM critiques c WHERE c.run = r.run AND c.rolloutId = r.id) AS critiques
FROM rollouts r WHERE r.run = ? AND r.id = ?`;

/** Not an INSERT ... SELECT: that begins a savepoint, for which FTS5 flushes its buffers (measured: 60 µs a row instead of 25). */
const indexTextSql = 'REPLACE INTO rolloutText (rowid, completion, critiques) VALUES (?, ?, ?)';

interface Texts {
  readonly key: number;
  readonly completion: string;
  readonly critiques: string | null;
}

export interface Touched {
  /** Rollouts that are new or have a new verdict or critique; ids of refinements among them are passed over. */
  readonly rolloutIds: readonly string[];
  readonly groups: readonly Group[];
}

export class FactIndex {
  private readonly connection: Connection;
  private readonly runNumber: number;

  constructor(connection: Connection, runNumber: number) {
    this.connection = connection;
    this.runNumber = runNumber;
  }

  refresh({ rolloutIds, groups }: Touched): void {
    const texts = new Set(rolloutIds);
    const facts = new Set(texts);
    for (const { step, problemId } of groups) {
      const attempts = this.connection.all<{ id: string }>(
        `SELECT r.id FROM rolloutFacts f JOIN rollouts r ON r."key" = f."key" WHERE f.run = ? AND f.problemId = ? AND f.step = ?`,
        this.runNumber,
        problemId,
        step,
      );
      attempts.forEach(({ id }) => facts.add(id));
    }
    for (const id of facts) {
      this.connection.run(factsSql, this.runNumber, id);
    }
    for (const id of texts) {
      const found = this.connection.get<Texts>(textsSql, this.runNumber, id);
      if (found !== undefined) {
        this.connection.run(indexTextSql, found.key, found.completion, found.critiques);
      }
    }
  }
}
