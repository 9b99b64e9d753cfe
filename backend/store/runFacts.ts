/** What lists say of a run beyond its settings: scores, why it stopped, how long it still takes, whether a person had a part in it. */
import type { EventBody } from '../protocol/events.ts';
import type { RunFacts, RunView } from '../protocol/views.ts';
import type { Connection } from './connection.ts';

/** Steps whose mean duration is taken for that of the next ones. */
const pacedSteps = 10;

export function runFacts(connection: Connection, runNumber: number, run: RunView): RunFacts {
  return {
    ...run,
    ...heldOutScores(connection, runNumber),
    stopMessage: run.state === 'running' ? null : stopMessage(connection, runNumber),
    secondsLeft: secondsLeft(connection, runNumber, run),
    isHumanTouched: isHumanTouched(connection, runNumber, run.lastStep),
  };
}

function heldOutScores(connection: Connection, runNumber: number): Pick<RunFacts, 'bestPassAt1' | 'lastPassAt1'> {
  const scores = connection
    .all<{ score: number }>(
      `SELECT "all" ->> 'passAt1' AS score FROM evaluations WHERE run = ? AND "set" = 'heldOut' ORDER BY step, samplesPerProblem`,
      runNumber,
    )
    .map(({ score }) => score);
  return { bestPassAt1: scores.length === 0 ? null : Math.max(...scores), lastPassAt1: scores.at(-1) ?? null };
}

function stopMessage(connection: Connection, runNumber: number): string | null {
  const row = connection.get<{ body: string }>(
    `SELECT body FROM events WHERE run = ? AND type IN ('runStarted', 'runStopped') ORDER BY seq DESC LIMIT 1`,
    runNumber,
  );
  if (row === undefined) {
    return null;
  }
  const body = JSON.parse(row.body) as EventBody;
  return body.type === 'runStopped' ? body.message : 'Its process ended while it trained; resume goes on from the last checkpoint.';
}

function secondsLeft(connection: Connection, runNumber: number, { config, lastStep }: RunView): number | null {
  const remaining = config.training.steps - (lastStep ?? 0);
  if (remaining <= 0) {
    return null;
  }
  const pace = connection.get<{ seconds: number | null }>(
    `SELECT avg(total) AS seconds FROM
       (SELECT (SELECT sum(value) FROM json_each(u.seconds)) AS total FROM updates u WHERE u.run = ? ORDER BY u.step DESC LIMIT ${pacedSteps})`,
    runNumber,
  );
  const seconds = pace?.seconds ?? null;
  return seconds === null ? null : seconds * remaining;
}

/** An enlistment that was withdrawn before its first step has touched nothing. */
function isHumanTouched(connection: Connection, runNumber: number, lastStep: number | null): boolean {
  const found = connection.get(
    `SELECT 1 FROM enlistments e LEFT JOIN withdrawals w ON w.run = e.run AND w.enlistmentId = e.id
     WHERE e.run = ? AND e.fromStep <= ? AND ifnull(w.untilStep > e.fromStep, 1) LIMIT 1`,
    runNumber,
    lastStep ?? 0,
  );
  return found !== undefined;
}
