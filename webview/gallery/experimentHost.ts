/** A host that answers the page of an experiment from fixtures, in place of the editor. */
import type { Params, Result } from '../../backend/protocol/methods.ts';
import type { HostAction, WebviewMethod } from '../../extension/contract.ts';
import type { PageHost } from '../ui/pageHost.ts';
import { detailOf, reportOf, type ExperimentTraits } from './experimentFixtures.ts';

export interface ExperimentHostOptions {
  /** `never`: no request is ever answered; `failing`: each is refused. */
  readonly answers?: 'normal' | 'never' | 'failing';
  /** Requests that are refused, with what is said. */
  readonly refused?: Partial<Record<WebviewMethod, string>>;
}

export interface ExperimentHost extends PageHost {
  /** What is answered from; tests change it as a backend would. */
  experiment: ExperimentTraits;
  /** What the page asked the editor to do, in order. */
  readonly actions: HostAction[];
  readonly requests: { readonly method: WebviewMethod; readonly params: unknown }[];
}

export function experimentHost(experiment: ExperimentTraits, { answers = 'normal', refused = {} }: ExperimentHostOptions = {}): ExperimentHost {
  const host: ExperimentHost = {
    experiment,
    actions: [],
    requests: [],
    async request<M extends WebviewMethod>(method: M, params: Params<M>, signal?: AbortSignal): Promise<Result<M>> {
      host.requests.push({ method, params });
      if (answers === 'never') return new Promise<Result<M>>(() => undefined);
      // One turn of the event loop, as any message takes.
      await new Promise((resolve) => setTimeout(resolve, 0));
      signal?.throwIfAborted();
      const refusal =
        refused[method] ?? (answers === 'failing' ? 'The store of this workspace could not be read: file is not a database.' : undefined);
      if (refusal !== undefined) throw Object.assign(new Error(refusal), { code: 'test.refused', remedy: 'Look at the log, then try again.' });
      return answerOf(method, host.experiment) as Result<M>;
    },
    act: (action) => void host.actions.push(action),
    viewChanged: () => undefined,
    readDraft: () => '',
    keepDraft: () => undefined,
  };
  return host;
}

function answerOf(method: WebviewMethod, experiment: ExperimentTraits): unknown {
  switch (method) {
    case 'experiment/get':
      return detailOf(experiment);
    case 'experiment/report':
      return reportOf(experiment);
    case 'experiment/start':
      return { id: experiment.id };
    case 'experiment/pause':
      return null;
    default:
      throw new Error(`The fixtures have no answer to ${method}.`);
  }
}
