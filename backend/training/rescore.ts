/** Grades everything that a run recorded once more, beside the old verdicts, and says what would have been different. */
import { setImmediate } from 'node:timers/promises';
import type { Problem } from '../protocol/records.ts';
import type { RunConfig } from '../protocol/runConfig.ts';
import type { RescoreReport } from '../protocol/verdictViews.ts';
import { WorkbenchError } from '../core/errors.ts';
import { gradeAll } from '../rewards/grade.ts';
import type { AnswerToGrade } from '../store/rescorings.ts';
import type { Store } from '../store/store.ts';
import { findVerifier } from './findPlugin.ts';
import { openGrader } from './grading.ts';
import { regroup } from './regroup.ts';

export interface RescoreRequest {
  readonly runId: string;
  /** Name or path; the run's own when left out. */
  readonly verifier?: string;
  /** `dist/grader.js` */
  readonly graderEntry: string;
  readonly signal: AbortSignal;
  /** Answers graded, of all. */
  readonly onProgress?: (done: number, total: number) => void;
}

/** Answers graded and kept at a time: so many are told as progress at once, and lost when it is stopped. */
const pageSizes = { bounded: 200, unbounded: 40 } as const;
/** Changed answers that are listed; the counts count them all. */
const maxChanged = 1000;

/**
 * Nothing that was recorded is changed: new verdicts are kept beside the old ones, as far as it came before the signal aborts. Throws `run.missing`,
 * `verifier.unknown`, `verifier.cannotLoad`.
 */
export async function rescore(store: Store, { runId, verifier: name, graderEntry, signal, onProgress }: RescoreRequest): Promise<RescoreReport> {
  const run = store.run(runId);
  if (run === null) {
    throw new WorkbenchError({ code: 'run.missing', message: `There is no run ${runId}.`, remedy: 'Choose one of the runs in the list.' });
  }
  const config: RunConfig = { ...run.config, verifier: name ?? run.config.verifier };
  const verifier = findVerifier(config.verifier);
  const { deadlineMs } = config.verifierOptions;
  const pool = await openGrader(verifier, { entry: graderEntry, config });
  try {
    const id = store.beginRescoring(runId, verifier.name);
    const total = store.rescorings(runId)[0]?.total ?? 0;
    const problemOf = problemsBy((problemId) => store.problem(runId, problemId));
    let done = 0;
    onProgress?.(done, total);
    for (const page of store.rescoring(runId, id).pages(verifier.isBounded === true ? pageSizes.bounded : pageSizes.unbounded)) {
      const items = page.flatMap((answer) => itemOf(answer, problemOf(answer.problemId)));
      const verdicts = await gradeAll(verifier, items, {
        deadlineMs,
        signal,
        options: config.verifierOptions,
        ...(pool === undefined ? {} : { pool }),
      });
      store.addRevisions(runId, id, verdicts);
      onProgress?.((done += page.length), total);
      // A bounded verifier leaves no room for anybody else.
      await setImmediate();
      signal.throwIfAborted();
    }
    return await report(store, config, { runId, id, signal });
  } finally {
    await pool?.dispose();
  }
}

/** What a rescoring came to. */
async function report(
  store: Store,
  config: RunConfig,
  { runId, id, signal }: Pick<RescoreRequest, 'runId' | 'signal'> & { id: string },
): Promise<RescoreReport> {
  const rescoring = store.rescorings(runId).find((entry) => entry.id === id);
  if (rescoring === undefined) throw new Error(`${id} of run ${runId} vanished after it was written`);
  const reader = store.rescoring(runId, id);
  const groups = await regroup(store, config, runId, { rescoring: reader, signal });
  return { ...rescoring, changed: reader.changed(maxChanged), groups, groupsTotal: reader.countGroups() };
}

function itemOf({ id, completion, finish }: AnswerToGrade, problem: Problem | null) {
  return problem === null ? [] : [{ rolloutId: id, problem, completion, finish }];
}

/** Problems come back in every step; a few thousand are kept at hand. */
function problemsBy(read: (id: string) => Problem | null): (id: string) => Problem | null {
  const known = new Map<string, Problem | null>();
  return (id) => {
    const found = known.get(id) ?? read(id);
    if (known.size > 5000) known.clear();
    known.set(id, found);
    return found;
  };
}
