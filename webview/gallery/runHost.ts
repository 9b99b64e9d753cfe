/** A host that answers the dashboard from fixtures, in place of the editor. */
import type { Params, Result } from '../../backend/protocol/methods.ts';
import type { RolloutPage, RolloutRow } from '../../backend/protocol/views.ts';
import type { HostAction, PanelView, WebviewMethod } from '../../extension/contract.ts';
import type { PageHost } from '../ui/pageHost.ts';
import { evaluationsOf, funnelOf, seriesOf, summaryOf, updatesOf, type RunTraits } from './runFixtures.ts';

export interface RunHostOptions {
  /** Every run of the workspace. */
  readonly runs: readonly RunTraits[];
  /** `never`: no request is ever answered; `failing`: each is refused. */
  readonly answers?: 'normal' | 'never' | 'failing';
}

export interface RunHost extends PageHost {
  /** What the page asked the editor to do, in order. */
  readonly actions: HostAction[];
  readonly views: PanelView[];
  readonly requests: { readonly method: WebviewMethod; readonly params: unknown }[];
}

export function runHost({ runs, answers = 'normal' }: RunHostOptions): RunHost {
  const host: RunHost = {
    actions: [],
    views: [],
    requests: [],
    async request<M extends WebviewMethod>(method: M, params: Params<M>, signal?: AbortSignal): Promise<Result<M>> {
      host.requests.push({ method, params });
      if (answers === 'never') return new Promise<Result<M>>(() => undefined);
      // One turn of the event loop, as any message takes.
      await new Promise((resolve) => setTimeout(resolve, 0));
      signal?.throwIfAborted();
      if (answers === 'failing') {
        throw Object.assign(new Error('The store of this workspace could not be read: file is not a database.'), {
          code: 'store.unreadable',
          remedy: 'Move .critique-grpo/store.db away and reload the window.',
        });
      }
      return answerOf(method, params, runs) as Result<M>;
    },
    act: (action) => void host.actions.push(action),
    viewChanged: (view) => void host.views.push(view),
    readDraft: () => '',
    keepDraft: () => undefined,
  };
  return host;
}

function answerOf(method: WebviewMethod, params: Params<WebviewMethod>, runs: readonly RunTraits[]): unknown {
  if (method === 'run/list') return runs.map(summaryOf);
  const { runId } = params as { readonly runId: string };
  const run = runs.find(({ id }) => id === runId);
  if (run === undefined) {
    throw Object.assign(new Error(`There is no run ${runId} in this workspace.`), { code: 'run.unknown', remedy: 'Open a run of the list.' });
  }
  const { afterStep = 0 } = params as { readonly afterStep?: number };
  const updates = (): ReturnType<typeof updatesOf> => updatesOf(run).filter(({ step }) => step > afterStep);
  switch (method) {
    case 'run/get':
      return summaryOf(run);
    case 'run/metricNames':
      return Object.keys(seriesOf(updatesOf(run)).values);
    case 'run/series': {
      const { names } = params as Params<'run/series'>;
      const { steps, values } = seriesOf(updates());
      return { steps, values: Object.fromEntries(names.map((name) => [name, values[name] ?? steps.map(() => null)])) };
    }
    case 'run/updates':
      return updates();
    case 'run/evaluations':
      return evaluationsOf(run);
    case 'run/funnel':
      return funnelOf(run);
    case 'run/news':
      return [];
    case 'rollout/page':
      return rescuedPage(run);
    default:
      throw new Error(`The fixtures have no answer to ${method}.`);
  }
}

/** The newest rescued problem, as the dashboard asks for it. */
function rescuedPage({ done, kind = 'critiqueGrpo' }: RunTraits): RolloutPage {
  if (done === 0 || kind !== 'critiqueGrpo') return { rows: [], next: null };
  const row: RolloutRow = {
    key: 1,
    id: 'rollout-1',
    step: done,
    problemId: 'chain-417',
    groupId: 'group-1',
    index: 0,
    level: 'hard',
    status: 'wrong',
    reward: 0,
    extracted: '59',
    cause: 'wrongValue',
    groupKind: 'rescued',
    critiqueKinds: ['stepLevel'],
    finish: 'stop',
    tokenCount: 64,
    excerpt: 'Step 1: 22 + 12 = 34.',
  };
  return { rows: [row], next: null };
}
