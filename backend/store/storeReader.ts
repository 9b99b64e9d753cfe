/** What can be read of a store: runs, steps, failures, critiques. */
import { WorkbenchError } from '../core/errors.ts';
import type { CriticSpending } from '../protocol/criticViews.ts';
import type { Event } from '../protocol/events.ts';
import type {
  Audit,
  Critique,
  CritiqueCall,
  Evaluation,
  GroupMember,
  PersistentFailure,
  Problem,
  Rollout,
  Update,
  Verdict,
} from '../protocol/records.ts';
import type {
  Attempt,
  CritiqueRevisionView,
  CritiqueToReview,
  Enlistment,
  Funnel,
  GroupDetail,
  JudgedRefinement,
  ProblemHistory,
  RolloutFilter,
  RolloutPage,
  RolloutPageRequest,
  RunFacts,
  RunView,
  SavedCheckpoint,
  Series,
  StandingFailure,
  StepRange,
  Trial,
} from '../protocol/views.ts';
import type { DisagreementPage, Rescoring } from '../protocol/verdictViews.ts';
import type { Connection } from './connection.ts';
import { critiqueCalls, criticReply, criticSpending, type CritiqueCallFilter } from './criticQueries.ts';
import { countTrials, critiqueHistory, critiquesToReview, trial } from './critiqueQueries.ts';
import { critiqueInForce } from './critiqueRevisions.ts';
import { activeEnlistments } from './enlistments.ts';
import { problemHistory, recordedFailures, refinementFunnel, standingFailures } from './failureQueries.ts';
import { attempt, groupDetail, judged, membership, select, type RunKey } from './groupQueries.ts';
import { auditTable, critiqueTable, evaluationTable, problemTable, refinementTable, updateTable, verdictTable } from './recordTables.ts';
import { lessonPage, type Lesson } from './lessonQueries.ts';
import { countRollouts, rolloutPage } from './rolloutPages.ts';
import { runFacts } from './runFacts.ts';
import { requireRunId, unusableRunIds } from './runIds.ts';
import { eventsAfter, findRun, lastSeq, listRuns, metricNames, metricSeries, newsOf, savedCheckpoints } from './runQueries.ts';
import type { IsAlive } from './runQueries.ts';
import { RescoringReader, rescorings } from './rescorings.ts';
import { StandingVerdicts, type VerdictChoice } from './standingVerdicts.ts';
import { disagreements, type DisagreementRequest } from './verdictCourt.ts';

/** Everything that can be asked of a store. `Store` is one. */
export class StoreReader {
  protected readonly connection: Connection;
  private readonly isAlive: IsAlive;
  private readonly runNumbers = new Map<string, number>();

  constructor(connection: Connection, isAlive: IsAlive) {
    this.connection = connection;
    this.isAlive = isAlive;
  }

  run(runId: string): RunView | null {
    return findRun(this.connection, runId, this.isAlive);
  }

  /** Newest first. */
  runs(): readonly RunView[] {
    return listRuns(this.connection, this.isAlive);
  }

  /** Ids, in quotes, of runs that are in none of the lists because they cannot name a folder: somebody else's program wrote them. */
  unusableRunIds(): readonly string[] {
    return unusableRunIds(this.connection);
  }

  runSummary(runId: string): RunFacts | null {
    const run = this.run(runId);
    return run === null ? null : runFacts(this.connection, this.key(runId).number, run);
  }

  /** Newest first. */
  runSummaries(): readonly RunFacts[] {
    return this.runs().map((run) => runFacts(this.connection, this.key(run.id).number, run));
  }

  /** Those that take part in the step, in the order they were enlisted. Fixed once the step has begun. */
  activeEnlistments(runId: string, step: number): readonly Enlistment[] {
    return activeEnlistments(this.connection, this.key(runId), step);
  }

  /** For one who was away: events after `seq`, in order, at most `limit`; of one run when given. */
  eventsAfter(seq: number, limit: number, runId?: string): readonly Event[] {
    return eventsAfter(this.connection, seq, limit, runId === undefined ? undefined : this.key(runId));
  }

  /** Of the newest event; 0 before the first. */
  lastSeq(): number {
    return lastSeq(this.connection);
  }

  rolloutPage(request: RolloutPageRequest): RolloutPage {
    return rolloutPage(this.connection, this.key(request.runId).number, request);
  }

  countRollouts(runId: string, filter: RolloutFilter = {}): number {
    return countRollouts(this.connection, this.key(runId).number, filter);
  }

  attempt(runId: string, rolloutId: string): Attempt | null {
    return attempt(this.connection, this.key(runId), rolloutId);
  }

  refinement(runId: string, refinementId: string): JudgedRefinement | null {
    const run = this.key(runId);
    const [refinement] = select(this.connection, run, refinementTable, 'AND x.id = ?', refinementId);
    return refinement === undefined ? null : judged(this.connection, run, refinement);
  }

  /** What a rollout or refinement counted for in its group; null when it is in none. */
  membership(runId: string, answer: Pick<Rollout, 'id' | 'step' | 'problemId'>): GroupMember | null {
    return membership(this.connection, this.key(runId), answer);
  }

  group(runId: string, groupId: string): GroupDetail | null {
    return groupDetail(this.connection, this.key(runId), groupId);
  }

  problem(runId: string, problemId: string): Problem | null {
    return select(this.connection, this.key(runId), problemTable, 'AND x.id = ?', problemId)[0] ?? null;
  }

  /** Null for a problem that the run does not have. */
  problemHistory(runId: string, problemId: string): ProblemHistory | null {
    return problemHistory(this.connection, this.key(runId), problemId);
  }

  /** Problems whose every rollout was wrong in at least their last `visits` visits, longest streak first. */
  standingFailures(runId: string, visits = 2): readonly StandingFailure[] {
    return standingFailures(this.connection, this.key(runId), visits);
  }

  /** Those that an evaluation counted at `step`; by default at the newest step that has any. */
  recordedFailures(runId: string, step?: number): readonly PersistentFailure[] {
    return recordedFailures(this.connection, this.key(runId), step);
  }

  funnel(runId: string, range: StepRange = {}): Funnel {
    return refinementFunnel(this.connection, this.key(runId), range);
  }

  /** How critiques by a model came about, in order of recording. */
  critiqueCalls(runId: string, filter: CritiqueCallFilter = {}): readonly CritiqueCall[] {
    return critiqueCalls(this.connection, this.key(runId), filter);
  }

  /** What the run's critiques by a model have used so far, those of studies included. */
  criticSpending(runId: string): CriticSpending {
    return criticSpending(this.connection, this.key(runId));
  }

  /** What a critic answered to the request of that hash, as it was kept; null for one that was not asked. */
  criticReply(hash: string): string | null {
    return criticReply(this.connection, hash);
  }

  /** What was noticed about the critiques of a rollout and the refinements that answer them. */
  audits(runId: string, rolloutId: string): readonly Audit[] {
    return select(this.connection, this.key(runId), auditTable, 'AND x.rolloutId = ? ORDER BY x.id', rolloutId);
  }

  critique(runId: string, critiqueId: string): Critique | null {
    return select(this.connection, this.key(runId), critiqueTable, 'AND x.id = ?', critiqueId)[0] ?? null;
  }

  /** Every revision of a rollout's critiques with its outcome, oldest first. */
  critiqueHistory(runId: string, rolloutId: string): readonly CritiqueRevisionView[] {
    return critiqueHistory(this.connection, this.key(runId), rolloutId);
  }

  /** At most one a problem that still fails, longest streak first. */
  critiquesToReview(runId: string, limit = 100): readonly CritiqueToReview[] {
    return critiquesToReview(this.connection, this.key(runId), limit);
  }

  trial(runId: string, trialId: string): Trial | null {
    return trial(this.connection, this.key(runId), trialId);
  }

  /** How many trials a critique has had. */
  countTrials(runId: string, critiqueId: string): number {
    return countTrials(this.connection, this.key(runId), critiqueId);
  }

  /** On a rollout or refinement, as the run recorded it; null for one that it did not. */
  verdict(runId: string, rolloutId: string): Verdict | null {
    return select(this.connection, this.key(runId), verdictTable, 'AND x.rolloutId = ?', rolloutId)[0] ?? null;
  }

  /** Verdicts as they stand now, or as the run trained on. */
  standingVerdicts(runId: string, choice: VerdictChoice): StandingVerdicts {
    return new StandingVerdicts(this.connection, this.key(runId), choice);
  }

  /** Verdicts that another grader disagrees with, in order of steps. */
  disagreements(runId: string, request: DisagreementRequest = {}): DisagreementPage {
    return disagreements(this.connection, this.key(runId), request);
  }

  /** Newest first. */
  rescorings(runId: string): readonly Rescoring[] {
    return rescorings(this.connection, this.key(runId));
  }

  rescoring(runId: string, rescoringId: string): RescoringReader {
    return new RescoringReader(this.connection, this.key(runId), rescoringId);
  }

  critiqueInForce(runId: string, rolloutId: string): Critique | null {
    return critiqueInForce(this.connection, this.key(runId), rolloutId);
  }

  /** In order of steps, from the one after `afterStep` on. */
  updates(runId: string, afterStep = -1): readonly Update[] {
    return select(this.connection, this.key(runId), updateTable, 'AND x.step > ? ORDER BY x.step', afterStep);
  }

  evaluations(runId: string): readonly Evaluation[] {
    return select(this.connection, this.key(runId), evaluationTable, 'ORDER BY x.step, x."set", x.samplesPerProblem');
  }

  /** Failed answers with critiques and the refinements that answer them, in order of recording; a page of them at a time in memory. */
  *lessons(runId: string, choice: VerdictChoice): Generator<Lesson> {
    const run = this.key(runId);
    const verdicts = this.standingVerdicts(runId, choice);
    for (let after: number | null = 0; after !== null;) {
      const page: ReturnType<typeof lessonPage> = lessonPage(this.connection, run, { after, limit: 200, verdicts });
      yield* page.lessons;
      after = page.next;
    }
  }

  newsOf(runId: string, limit: number): readonly Event[] {
    return newsOf(this.connection, this.key(runId), limit);
  }

  metricNames(runId: string): readonly string[] {
    return metricNames(this.connection, this.key(runId));
  }

  series(runId: string, names: readonly string[], afterStep = -1): Series {
    return metricSeries(this.connection, this.key(runId), names, afterStep);
  }

  /** Every checkpoint that was announced, oldest first; pruned ones too. */
  checkpoints(runId: string): readonly SavedCheckpoint[] {
    return savedCheckpoints(this.connection, this.key(runId));
  }

  protected key(runId: string): RunKey {
    const known = this.runNumbers.get(runId);
    if (known !== undefined) {
      return { number: known, id: runId };
    }
    requireRunId(runId);
    const row = this.connection.get<{ number: number }>('SELECT number FROM runs WHERE id = ?', runId);
    if (row === undefined) {
      throw new WorkbenchError({
        code: 'run.missing',
        message: `The workspace of ${this.connection.path} has no run ${runId}.`,
        remedy: 'Choose one of the runs in the list.',
      });
    }
    this.runNumbers.set(runId, row.number);
    return { number: row.number, id: runId };
  }
}
