/**
 * What the extension host and its webviews say to each other. A webview never sees the backend: it asks the host, which forwards the requests
 * that are listed here and does the actions itself.
 */
import type { Event } from '../backend/protocol/events.ts';
import type { ErrorData, Method, Params, Result } from '../backend/protocol/methods.ts';
import type { Progress, RolloutFilter } from '../backend/protocol/views.ts';

/** Requests that a webview may make of the backend: all of them only read, or are answers to a button of the page that shows them. */
export const webviewMethods = [
  'run/list',
  'run/get',
  'run/metricNames',
  'run/series',
  'run/updates',
  'run/evaluations',
  'run/funnel',
  'run/news',
  'rollout/page',
  'rollout/count',
  'rollout/get',
  'rollout/tokens',
  'group/get',
  'problem/history',
  'failure/list',
  'critique/history',
  'critique/counterfactual',
  'experiment/list',
  'experiment/get',
  'experiment/report',
  'experiment/start',
  'experiment/pause',
] as const satisfies readonly Method[];
export type WebviewMethod = (typeof webviewMethods)[number];

/** What a panel shows, kept by the editor across reloads. */
export type PanelView =
  | { readonly kind: 'run'; readonly runId: string; readonly overlays: readonly string[] }
  | { readonly kind: 'rollouts'; readonly runId: string; readonly filter: RolloutFilter; readonly open: RolloutPlace | null }
  /** Counterfactual critiques of one failed answer. */
  | { readonly kind: 'lab'; readonly runId: string; readonly rolloutId: string }
  /** The grid of an experiment with its tables and charts. */
  | { readonly kind: 'experiment'; readonly experimentId: string };
export type PanelKind = PanelView['kind'];

/** A page inside the rollout explorer. */
export type RolloutPlace =
  | { readonly page: 'group'; readonly groupId: string }
  | { readonly page: 'problem'; readonly problemId: string }
  | { readonly page: 'tokens'; readonly rolloutId: string; readonly groupId: string };

/** What a webview may ask the host to do with the editor. */
export type HostAction =
  | { readonly do: 'openFailure'; readonly runId: string; readonly rolloutId: string }
  /** The native diff of a failed answer against a refinement. */
  | { readonly do: 'openDiff'; readonly runId: string; readonly rolloutId: string; readonly refinementId: string }
  | { readonly do: 'openPanel'; readonly view: PanelView }
  /** Makes the text a human critique of the rollout (a revision where there is one) and enlists it. */
  | { readonly do: 'trainOn'; readonly runId: string; readonly rolloutId: string; readonly text: string }
  | { readonly do: 'runCommand'; readonly command: 'pause' | 'resume' | 'stop' | 'evaluate' | 'compareRuns'; readonly runId: string }
  | { readonly do: 'copyText'; readonly text: string }
  /** The report of an experiment, as it was written into its folder. */
  | { readonly do: 'openReport'; readonly experimentId: string };

/** `connected`: everything works. Otherwise what is shown is the last known, and `detail` says why and what to do. */
export interface ConnectionView {
  readonly state: 'connecting' | 'connected' | 'lost';
  readonly detail: string;
}

export type ToHost =
  /** The page is there and wants its `show`. */
  | { readonly type: 'ready' }
  | { readonly type: 'request'; readonly id: number; readonly method: WebviewMethod; readonly params: Params<WebviewMethod> }
  | { readonly type: 'cancel'; readonly id: number }
  | { readonly type: 'action'; readonly action: HostAction }
  /** The person went elsewhere in the panel; kept for the next reload. */
  | { readonly type: 'viewChanged'; readonly view: PanelView };

export type ToWebview =
  | { readonly type: 'show'; readonly view: PanelView; readonly connection: ConnectionView }
  | { readonly type: 'result'; readonly id: number; readonly result: Result<WebviewMethod> }
  | { readonly type: 'failure'; readonly id: number; readonly error: ErrorData }
  | { readonly type: 'events'; readonly events: readonly Event[] }
  | { readonly type: 'progress'; readonly progress: Progress }
  | { readonly type: 'runsChanged'; readonly runId: string }
  | { readonly type: 'experimentsChanged'; readonly id: string }
  | { readonly type: 'connection'; readonly connection: ConnectionView };
