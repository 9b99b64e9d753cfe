/** What the backend knows of a page on the right side. */
import type { PageHost } from '../ui/pageHost.ts';
import type { Detail, DetailData } from './detail.ts';

/** Rollouts that a problem's page lists; the rest is one click away, in the list. */
export const attemptsOfProblem = 200;

export async function readDetail(host: PageHost, runId: string, detail: Detail, signal: AbortSignal): Promise<DetailData | null> {
  switch (detail.page) {
    case 'none':
      return null;
    case 'attempt': {
      const { rolloutId } = detail;
      return { page: 'attempt', id: rolloutId, value: await host.request('rollout/get', { runId, rolloutId }, signal) };
    }
    case 'group': {
      const { groupId } = detail;
      return { page: 'group', id: groupId, value: await host.request('group/get', { runId, groupId }, signal) };
    }
    case 'problem': {
      const { problemId } = detail;
      const [history, attempts] = await Promise.all([
        host.request('problem/history', { runId, problemId }, signal),
        host.request('rollout/page', { runId, problemId, limit: attemptsOfProblem }, signal),
      ]);
      return { page: 'problem', id: problemId, value: { history, attempts } };
    }
    case 'tokens': {
      const { rolloutId: id, mode } = detail;
      return { page: 'tokens', id, value: await host.request('rollout/tokens', { runId, id, withEntropy: mode === 'entropy' }, signal) };
    }
  }
}
