/** A host that answers the explorer and the lab from fixtures, in place of the editor. */
import type { HostAction, PanelView, WebviewMethod } from '../../extension/contract.ts';
import type { Params, Result } from '../../backend/protocol/methods.ts';
import type { RolloutFilter, RolloutPageRequest } from '../../backend/protocol/views.ts';
import type { PageHost } from '../ui/pageHost.ts';
import { attemptOf, groupDetailOf, historyOf } from './explorerFixtures.ts';
import { countOf, filteredSeriesOf, pageOf, type Wording } from './explorerRows.ts';
import { tokensOf } from './explorerTokens.ts';
import { counterfactualOf } from './labFixtures.ts';

export interface FixtureOptions {
  /** Rollouts of the run. */
  readonly total: number;
  /** `never`: no request is ever answered; `failing`: each is refused. */
  readonly answers?: 'normal' | 'never' | 'failing';
  /** Requests that are never answered, the others are. */
  readonly neverFor?: readonly WebviewMethod[];
  readonly wording?: Wording;
  /** The run trains with dynamic sampling. */
  readonly filtersGroups?: boolean;
  /** Tokens of an answer on the token page. */
  readonly tokens?: number;
}

export interface FixtureHost extends PageHost {
  /** What the page asked the editor to do, in order. */
  readonly actions: HostAction[];
  readonly views: PanelView[];
  readonly requests: { readonly method: WebviewMethod; readonly params: unknown }[];
  /** Changed by a test: new rollouts. */
  total: number;
}

export function fixtureHost(options: FixtureOptions): FixtureHost {
  const { answers = 'normal', neverFor = [] } = options;
  const drafts = new Map<string, string>();
  const host: FixtureHost = {
    actions: [],
    views: [],
    requests: [],
    total: options.total,
    async request<M extends WebviewMethod>(method: M, params: Params<M>, signal?: AbortSignal): Promise<Result<M>> {
      host.requests.push({ method, params });
      if (answers === 'never' || neverFor.includes(method)) return new Promise<Result<M>>(() => undefined);
      // One turn of the event loop, as any message takes.
      await new Promise((resolve) => setTimeout(resolve, 0));
      signal?.throwIfAborted();
      if (answers === 'failing') {
        throw Object.assign(new Error('The store of this workspace could not be read: file is not a database.'), {
          code: 'store.unreadable',
          remedy: 'Move .critique-grpo/store.db away and reload the window.',
        });
      }
      return answerOf(method, params, { ...options, total: host.total }) as Result<M>;
    },
    act: (action) => void host.actions.push(action),
    viewChanged: (view) => void host.views.push(view),
    readDraft: (key) => drafts.get(key) ?? '',
    keepDraft: (key, text) => void drafts.set(key, text),
  };
  return host;
}

function answerOf(
  method: WebviewMethod,
  asked: Params<WebviewMethod>,
  { total, wording = {}, filtersGroups = false, tokens = 240 }: FixtureOptions,
): unknown {
  switch (method) {
    case 'rollout/page':
      return pageOf(total, asked as RolloutPageRequest, wording);
    case 'rollout/count':
      return countOf(total, (asked as { readonly filter: RolloutFilter }).filter, wording);
    case 'rollout/get':
      return attemptOf((asked as Params<'rollout/get'>).rolloutId, wording);
    case 'rollout/tokens':
      return tokensOf((asked as Params<'rollout/tokens'>).id, tokens, wording);
    case 'group/get':
      return groupDetailOf((asked as Params<'group/get'>).groupId, wording);
    case 'problem/history':
      return historyOf((asked as Params<'problem/history'>).problemId, wording);
    case 'run/series':
      return filteredSeriesOf(total, filtersGroups);
    case 'run/evaluations':
      return [];
    case 'critique/counterfactual': {
      const { critics, humanText, samples, rolloutId } = asked as Params<'critique/counterfactual'>;
      return counterfactualOf(critics, humanText, samples, rolloutId);
    }
    default:
      throw new Error(`The fixtures have no answer to ${method}.`);
  }
}
