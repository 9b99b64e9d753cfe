/** Asks the backend for the failed answer and for what the policy makes of each critique. */
import type { ToWebview } from '../../extension/contract.ts';
import type { HostAction } from '../../extension/contract.ts';
import { errorDataOf } from '../ui/errorData.ts';
import type { PageHost } from '../ui/pageHost.ts';
import type { CriticName, SampleChoice } from './critics.ts';
import { criticsToRun, initialLab, updateLab, whyNotRunnable, type LabMessage, type LabState } from './state.ts';

export class LabController {
  state: LabState = initialLab;
  private readonly host: PageHost;
  private readonly onChange: (state: LabState) => void;
  private subjectRequest = new AbortController();
  private trialRequest = new AbortController();

  constructor(host: PageHost, onChange: (state: LabState) => void) {
    this.host = host;
    this.onChange = onChange;
  }

  receive(message: ToWebview): void {
    switch (message.type) {
      case 'show': {
        if (message.view.kind !== 'lab') return;
        const { runId, rolloutId } = message.view;
        this.dispatch({
          type: 'shown',
          runId,
          rolloutId,
          connection: message.connection,
          humanText: this.host.readDraft(draftKey(runId, rolloutId)),
        });
        if (message.connection.state !== 'connecting' && this.state.subject.state !== 'ready') this.loadSubject();
        return;
      }
      case 'connection': {
        const wasConnected = this.state.connection.state === 'connected';
        this.dispatch({ type: 'connectionChanged', connection: message.connection });
        if (!wasConnected && message.connection.state === 'connected') this.loadSubject();
        return;
      }
      case 'progress':
        this.dispatch({ type: 'progressed', progress: message.progress });
        return;
      case 'events':
      case 'result':
      case 'failure':
      case 'runsChanged':
      case 'experimentsChanged':
        return;
    }
  }

  loadSubject(): void {
    const { place } = this.state;
    if (place === null) return;
    this.subjectRequest.abort();
    this.subjectRequest = new AbortController();
    const { signal } = this.subjectRequest;
    this.dispatch({ type: 'subjectAsked' });
    this.readSubject(place, signal).then(
      (subject) => signal.aborted || this.dispatch({ type: 'subjectArrived', subject }),
      (error: unknown) => signal.aborted || this.dispatch({ type: 'subjectFailed', error: errorDataOf(error) }),
    );
  }

  choose(critic: CriticName, isChosen: boolean): void {
    this.dispatch({ type: 'chosen', critic, isChosen });
  }

  chooseSamples(samples: SampleChoice): void {
    this.dispatch({ type: 'samplesChosen', samples });
  }

  type(text: string): void {
    this.dispatch({ type: 'humanTextTyped', text });
    if (this.state.place !== null) this.host.keepDraft(draftKey(this.state.place.runId, this.state.place.rolloutId), text);
  }

  /** Tries the chosen critics, or the one given, again. */
  run(only?: CriticName): void {
    const { state } = this;
    const { place, samples, humanText } = state;
    const names = only === undefined ? criticsToRun(state) : [only];
    if (place === null || state.running !== null || (only === undefined && whyNotRunnable(state) !== null)) return;
    this.trialRequest = new AbortController();
    const { signal } = this.trialRequest;
    this.dispatch({ type: 'started', critics: names });
    const params = {
      ...place,
      critics: names.filter((name) => name !== 'human'),
      ...(names.includes('human') ? { humanText } : {}),
      samples,
    };
    this.host.request('critique/counterfactual', params, signal).then(
      (entries) => signal.aborted || this.dispatch({ type: 'finished', entries, samples }),
      (error: unknown) => signal.aborted || this.dispatch({ type: 'runFailed', error: errorDataOf(error) }),
    );
  }

  cancel(): void {
    this.trialRequest.abort();
    this.dispatch({ type: 'cancelled' });
  }

  unfold(critic: string): void {
    this.dispatch({ type: 'unfolded', critic });
  }

  /** Makes the critic's text a human critique of the answer, which the run learns from. */
  trainOn(critic: string, text: string): void {
    const { place } = this.state;
    if (place === null) return;
    this.host.act({ do: 'trainOn', ...place, text });
    this.dispatch({ type: 'trainedOn', critic });
  }

  act(action: HostAction): void {
    this.host.act(action);
  }

  switch(name: string): void {
    this.dispatch({ type: 'switched', name });
  }

  private async readSubject({ runId, rolloutId }: { readonly runId: string; readonly rolloutId: string }, signal: AbortSignal) {
    const attempt = await this.host.request('rollout/get', { runId, rolloutId }, signal);
    const { problem } = await this.host.request('problem/history', { runId, problemId: attempt.rollout.problemId }, signal);
    return { attempt, problem };
  }

  private dispatch(message: LabMessage): void {
    this.state = updateLab(this.state, message);
    this.onChange(this.state);
  }
}

function draftKey(runId: string, rolloutId: string): string {
  return `lab ${runId} ${rolloutId}`;
}
