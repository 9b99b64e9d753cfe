/** Requests about critiques: reading, rewriting and trying them out, and letting a run learn from them. */
import { counterfactual } from '../../training/counterfactual.ts';
import { enlistCritique } from '../../training/enlist.ts';
import { runTrial } from '../../training/trial.ts';
import type { Handlers } from '../service.ts';

export const critiqueHandlers = {
  'critique/toReview': ({ runId, limit }, { stores }) => stores.current.critiquesToReview(runId, limit),
  'critique/history': ({ runId, rolloutId }, { stores }) => stores.current.critiqueHistory(runId, rolloutId),
  'critique/revise': (revision, { stores }) => stores.writable.reviseCritique(revision),
  'critique/write': (critique, { stores }) => stores.writable.writeCritique(critique),
  'critique/enlist': ({ runId, critiqueId, author }, { stores }) => enlistCritique(stores.writable, runId, critiqueId, author),
  'critique/withdraw': ({ runId, critiqueId }, { stores }) => stores.writable.withdraw(runId, critiqueId),

  'critique/refine': ({ runId, critiqueId, samples }, { host, signal }) =>
    host.ask(runId, 'refining', signal, (run, _step, onProgress) => runTrial(run, { critiqueId, samples, onProgress })),
  'critique/counterfactual': ({ runId, rolloutId, critics, humanText, samples }, { host, signal }) =>
    host.ask(runId, 'refining', signal, (run, _step, onProgress) =>
      counterfactual(run, { rolloutId, critics, samples, onProgress, ...(humanText === undefined ? {} : { humanText }) }),
    ),
} as const satisfies Partial<Handlers>;
