/** Requests about what a run produced: rollouts, groups, problems and their failures. */
import { WorkbenchError } from '../../core/errors.ts';
import type { RolloutFilter, RolloutPageRequest } from '../../protocol/views.ts';
import { tokenDetail, tokenizerOf } from '../../training/tokens.ts';
import type { Handlers } from '../service.ts';

export const rolloutHandlers = {
  'rollout/page': (request, { stores }) => stores.current.rolloutPage(request as RolloutPageRequest),
  'rollout/count': ({ runId, filter }, { stores }) => stores.current.countRollouts(runId, filter as RolloutFilter),
  'rollout/get': ({ runId, rolloutId }, { stores }) => stores.current.attempt(runId, rolloutId) ?? missing(runId, 'rollout', rolloutId),
  'rollout/tokens': async (request, { stores, host, demoFolder, signal }) => {
    const store = stores.current;
    if (request.withEntropy) {
      const detail = await host.askIfOpen(request.runId, signal, (run) => tokenDetail({ store, tokenizer: run.tokenizer, run }, request));
      if (detail !== undefined) return detail;
    }
    const run = store.run(request.runId) ?? missing(request.runId, 'run', request.runId);
    return tokenDetail({ store, tokenizer: await tokenizerOf(run.config, demoFolder) }, request);
  },
  'group/get': ({ runId, groupId }, { stores }) => stores.current.group(runId, groupId) ?? missing(runId, 'group', groupId),
  'problem/get': ({ runId, problemId }, { stores }) => stores.current.problem(runId, problemId) ?? missing(runId, 'problem', problemId),
  'problem/history': ({ runId, problemId }, { stores }) => stores.current.problemHistory(runId, problemId) ?? missing(runId, 'problem', problemId),
  'failure/list': ({ runId, visits }, { stores }) => stores.current.standingFailures(runId, visits),
} as const satisfies Partial<Handlers>;

function missing(runId: string, what: 'run' | 'rollout' | 'group' | 'problem', id: string): never {
  throw new WorkbenchError({
    code: `${what}.missing`,
    message: what === 'run' ? `The workspace has no run ${id}.` : `Run ${runId} has no ${what} ${id}.`,
    remedy: 'Refresh the list and choose one that it shows.',
  });
}
