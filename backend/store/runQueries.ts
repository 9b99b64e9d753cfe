/** Runs, their events and their curves. */
import { WorkbenchError } from '../core/errors.ts';
import type { Event, EventBody } from '../protocol/events.ts';
import { runConfigSchema, type RunConfig } from '../protocol/runConfig.ts';
import type { RunState, RunView, SavedCheckpoint, Series } from '../protocol/views.ts';
import type { Connection } from './connection.ts';
import type { SqlValue } from './driver.ts';
import type { RunKey } from './groupQueries.ts';
import { isRunIdSql, requireRunId } from './runIds.ts';

export interface NewRun {
  /** As `requireRunId` asks: it also names the run's folder. */
  readonly id: string;
  readonly name: string;
  readonly algorithm: string;
  readonly seed: number;
  /** With every default filled in. */
  readonly config: RunConfig;
}

/** Tells whether a run that was started at event `seq` can still be going: its process must be the writer of now. */
export type IsAlive = (seq: number) => boolean;

export function insertRun(connection: Connection, run: NewRun, time: number): void {
  requireRunId(run.id);
  const inserted = connection.run(
    'INSERT INTO runs (id, name, createdAt, algorithm, seed, config) VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING',
    run.id,
    run.name,
    time,
    run.algorithm,
    run.seed,
    JSON.stringify(run.config),
  );
  if (inserted === 0) {
    throw new WorkbenchError({
      code: 'run.exists',
      message: `The workspace has a run ${run.id} already.`,
      remedy: 'Resume it, or choose another id.',
    });
  }
}

interface StoredRun extends Omit<NewRun, 'config'> {
  readonly number: number;
  readonly config: string;
  readonly createdAt: number;
  readonly lastStep: number | null;
  readonly lifecycleSeq: number | null;
  readonly lifecycle: string | null;
}

const runSql = `
SELECT r.*, (SELECT max(step) FROM updates u WHERE u.run = r.number) AS lastStep, e.seq AS lifecycleSeq, e.body AS lifecycle
FROM runs r LEFT JOIN events e ON e.seq = max(
  ifnull((SELECT max(seq) FROM events WHERE run = r.number AND type = 'runStarted'), 0),
  ifnull((SELECT max(seq) FROM events WHERE run = r.number AND type = 'runStopped'), 0))`;

/** Newest first. Those whose ids cannot name a folder are left out, here and everywhere: `unusableRunIds` has them. */
export function listRuns(connection: Connection, isAlive: IsAlive): RunView[] {
  return connection.all<StoredRun>(`${runSql} WHERE ${isRunIdSql('r.id')} ORDER BY r.number DESC`).map((row) => runOf(row, isAlive));
}

export function findRun(connection: Connection, runId: string, isAlive: IsAlive): RunView | null {
  const row = connection.get<StoredRun>(`${runSql} WHERE r.id = ? AND ${isRunIdSql('r.id')}`, runId);
  return row === undefined ? null : runOf(row, isAlive);
}

function runOf({ id, name, createdAt, algorithm, seed, config, lastStep, lifecycle, lifecycleSeq }: StoredRun, isAlive: IsAlive): RunView {
  const state = lifecycle === null || lifecycleSeq === null ? 'stopped' : stateAfter(JSON.parse(lifecycle) as EventBody, isAlive(lifecycleSeq));
  return { id, name, createdAt, algorithm, seed, config: configOf(config), state, lastStep };
}

/** A configuration stored by an older version gets the defaults of the settings that came since; one that no longer parses is shown as it was. */
function configOf(text: string): RunConfig {
  const stored: unknown = JSON.parse(text);
  return runConfigSchema.safeParse(stored).data ?? (stored as RunConfig);
}

function stateAfter(body: EventBody, isAlive: boolean): RunState {
  if (body.type === 'runStopped') {
    return body.reason === 'interrupted' ? 'stopped' : body.reason;
  }
  return isAlive ? 'running' : 'stopped';
}

/** Whether lists of news have events of the type: those that come by the hundred are none. */
const isNews: Readonly<Record<EventBody['type'], boolean>> = {
  runStarted: true,
  groupFinished: false,
  stepFinished: false,
  evaluationFinished: true,
  checkpointSaved: true,
  critiqueRevised: true,
  critiqueEnlisted: true,
  critiqueWithdrawn: true,
  trialFinished: true,
  noticeRaised: true,
  runStopped: true,
};
const newsTypes = Object.entries(isNews).flatMap(([type, is]) => (is ? [`'${type}'`] : []));

/** The newest events of a run but for those that come by the hundred (finished groups and steps), oldest first. */
export function newsOf(connection: Connection, run: RunKey, limit: number): Event[] {
  return connection
    .all<{ seq: number; time: number; body: string }>(
      `SELECT seq, time, body FROM events INDEXED BY eventsByType WHERE run = ? AND type IN (${newsTypes.join(', ')}) ORDER BY seq DESC LIMIT ?`,
      run.number,
      limit,
    )
    .map(({ seq, time, body }) => ({ seq, runId: run.id, time, body: JSON.parse(body) as EventBody }))
    .reverse();
}

/** Events with a larger `seq`, in order, at most `limit`; of one run when given. */
export function eventsAfter(connection: Connection, seq: number, limit: number, run?: RunKey): Event[] {
  const ofRun = run === undefined ? '' : 'AND e.run = ?';
  const values: SqlValue[] = run === undefined ? [seq, limit] : [seq, run.number, limit];
  return connection
    .all<{ seq: number; runId: string; time: number; body: string }>(
      `SELECT e.seq, r.id AS runId, e.time, e.body FROM events e JOIN runs r ON r.number = e.run 
       WHERE e.seq > ? ${ofRun} AND ${isRunIdSql('r.id')} ORDER BY e.seq LIMIT ?`,
      ...values,
    )
    .map((row) => ({ seq: row.seq, runId: row.runId, time: row.time, body: JSON.parse(row.body) as EventBody }));
}

export function lastSeq(connection: Connection): number {
  return connection.get<{ seq: number | null }>('SELECT max(seq) AS seq FROM events')?.seq ?? 0;
}

/** Every checkpoint that was announced, oldest first; pruned ones too. */
export function savedCheckpoints(connection: Connection, run: RunKey): SavedCheckpoint[] {
  return connection
    .all<SavedCheckpoint>(
      `SELECT body ->> 'step' AS step, body ->> 'path' AS path, time FROM events WHERE run = ? AND type = 'checkpointSaved' ORDER BY seq`,
      run.number,
    )
    .map((row) => ({ ...row }));
}

const updateColumns = ['policyVersion', 'loss', 'gradientNorm', 'learningRate', 'tokensSampled', 'tokensTrained'] as const;

/** Names to ask `metricSeries` for: the numbers of an update, and `metrics.<name>` and `seconds.<name>`. */
export function metricNames(connection: Connection, run: RunKey): string[] {
  const rows = connection.all<{ name: string }>(
    `SELECT DISTINCT 'metrics.' || m."key" AS name FROM updates u, json_each(u.metrics) m WHERE u.run = ?1
     UNION SELECT DISTINCT 'seconds.' || s."key" FROM updates u, json_each(u.seconds) s WHERE u.run = ?1 ORDER BY name`,
    run.number,
  );
  return [...updateColumns, ...rows.map(({ name }) => name)];
}

/** From the step after `afterStep` on. */
export function metricSeries(connection: Connection, run: RunKey, names: readonly string[], afterStep = -1): Series {
  const paths: string[] = [];
  const columns = names.map((name, at) => {
    const [, group, key] = /^(metrics|seconds)\.(.*)$/.exec(name) ?? [];
    if (group !== undefined && key !== undefined) {
      paths.push(`$.${JSON.stringify(key)}`);
      return `json_extract(${group}, ?) AS v${at}`;
    }
    if (!updateColumns.some((column) => column === name)) {
      throw new WorkbenchError({
        code: 'metric.unknown',
        message: `An update has no number named ${name}.`,
        remedy: `Use ${updateColumns.join(', ')}, metrics.<name> or seconds.<name>.`,
      });
    }
    return `"${name}" AS v${at}`;
  });
  const rows = connection.all<Record<string, number | null> & { readonly step: number }>(
    `SELECT ${['step', ...columns].join(', ')} FROM updates WHERE run = ? AND step > ? ORDER BY step`,
    ...paths,
    run.number,
    afterStep,
  );
  return {
    steps: rows.map(({ step }) => step),
    values: Object.fromEntries(names.map((name, at) => [name, rows.map((row) => row[`v${at}`] ?? null)])),
  };
}
