/** "Train on this": tells a run to learn from a critique by a person. */
import { findAlgorithm } from '../algorithms/findAlgorithm.ts';
import { WorkbenchError } from '../core/errors.ts';
import type { Enlistment } from '../protocol/views.ts';
import type { Store } from '../store/store.ts';
import { switchesOf } from './switches.ts';

/**
 * From the next step that has not begun on, the run's policy refines the failed answer with this critique, and the refinement may join the
 * group. Throws `critique.excluded` for a run without human critiques, `critique.notUsed` for one that learns from none, `critique.noStep` for
 * one that is done, and what `Store.enlist` throws.
 */
export function enlistCritique(store: Store, runId: string, critiqueId: string, author: string): Enlistment {
  const run = store.run(runId);
  if (run === null) {
    throw new WorkbenchError({ code: 'run.missing', message: `There is no run ${runId}.`, remedy: 'Choose one of the runs in the list.' });
  }
  if (run.config.humanCritiques === 'exclude') {
    throw new WorkbenchError({
      code: 'critique.excluded',
      message: `Run ${runId} excludes critiques by people (humanCritiques is "exclude"), so that it stays comparable.`,
      remedy: 'Start a run with humanCritiques "allow".',
    });
  }
  const switches = switchesOf(run.config);
  if (!findAlgorithm(run.config.algorithm).needs.refinements || switches.kRefinements === 0) {
    throw new WorkbenchError({
      code: 'critique.notUsed',
      message: `Run ${runId} trains with ${run.config.algorithm} and ${switches.kRefinements} refinements a group: it learns from no critique.`,
      remedy: 'Start a run with the algorithm critique-grpo and switches.kRefinements of at least 1.',
    });
  }
  const { steps } = run.config.training;
  if (store.nextStep(runId) > steps) {
    throw new WorkbenchError({
      code: 'critique.noStep',
      message: `Run ${runId} has no step left: the last of its ${steps} has begun or is done.`,
      remedy: 'Start a run with more training.steps.',
    });
  }
  return store.enlist({ runId, critiqueId, author });
}
