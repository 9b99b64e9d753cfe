/** What the comparison of critics shows, and how each thing that happens changes it. Pure: requests are made by `controller.ts`. */
import type { ConnectionView } from '../../extension/contract.ts';
import type { ErrorData } from '../../backend/protocol/methods.ts';
import type { Problem } from '../../backend/protocol/records.ts';
import type { Attempt, CounterfactualEntry, Progress } from '../../backend/protocol/views.ts';
import { failed, idle, loading, ready, type Loadable } from '../ui/loadable.ts';
import { critics, type CriticName, type SampleChoice } from './critics.ts';

/** The failed answer that all critics speak of. */
export interface Subject {
  readonly attempt: Attempt;
  readonly problem: Problem;
}

export interface Trials {
  readonly entry: CounterfactualEntry;
  readonly samples: number;
}

export interface LabState {
  /** Null until the host says what to show. */
  readonly place: { readonly runId: string; readonly rolloutId: string } | null;
  readonly connection: ConnectionView;
  readonly subject: Loadable<Subject>;
  readonly chosen: ReadonlySet<CriticName>;
  readonly samples: SampleChoice;
  readonly humanText: string;
  /** What is being tried right now; null when nothing is. */
  readonly running: { readonly critics: readonly CriticName[]; readonly progress: Progress | null } | null;
  readonly error: ErrorData | null;
  /** The newest outcome of each critic. */
  readonly results: ReadonlyMap<string, Trials>;
  /** Critics whose refinements are unfolded. */
  readonly unfolded: ReadonlySet<string>;
  /** The critic whose text was handed to the training last. */
  readonly trainedOn: string | null;
  readonly switches: ReadonlySet<string>;
}

export type LabMessage =
  | { readonly type: 'shown'; readonly runId: string; readonly rolloutId: string; readonly connection: ConnectionView; readonly humanText: string }
  | { readonly type: 'connectionChanged'; readonly connection: ConnectionView }
  | { readonly type: 'subjectAsked' }
  | { readonly type: 'subjectArrived'; readonly subject: Subject }
  | { readonly type: 'subjectFailed'; readonly error: ErrorData }
  | { readonly type: 'chosen'; readonly critic: CriticName; readonly isChosen: boolean }
  | { readonly type: 'samplesChosen'; readonly samples: SampleChoice }
  | { readonly type: 'humanTextTyped'; readonly text: string }
  | { readonly type: 'started'; readonly critics: readonly CriticName[] }
  | { readonly type: 'progressed'; readonly progress: Progress }
  | { readonly type: 'finished'; readonly entries: readonly CounterfactualEntry[]; readonly samples: number }
  | { readonly type: 'cancelled' }
  | { readonly type: 'runFailed'; readonly error: ErrorData }
  | { readonly type: 'unfolded'; readonly critic: string }
  | { readonly type: 'trainedOn'; readonly critic: string }
  | { readonly type: 'switched'; readonly name: string };

export const initialLab: LabState = {
  place: null,
  connection: { state: 'connecting', detail: '' },
  subject: idle,
  // One's own words join when there are any.
  chosen: new Set(critics.filter((critic) => critic.name !== 'human' && !('isExtra' in critic)).map(({ name }) => name)),
  samples: 8,
  humanText: '',
  running: null,
  error: null,
  results: new Map(),
  unfolded: new Set(),
  trainedOn: null,
  switches: new Set(),
};

export function updateLab(state: LabState, message: LabMessage): LabState {
  switch (message.type) {
    case 'shown': {
      const { runId, rolloutId, connection, humanText } = message;
      const isSame = state.place?.runId === runId && state.place.rolloutId === rolloutId;
      return isSame ? { ...state, connection } : withHumanText({ ...initialLab, place: { runId, rolloutId }, connection }, humanText);
    }
    case 'connectionChanged':
      return { ...state, connection: message.connection };
    case 'subjectAsked':
      return { ...state, subject: loading(state.subject) };
    case 'subjectArrived':
      return { ...state, subject: ready(message.subject) };
    case 'subjectFailed':
      return { ...state, subject: failed(state.subject, message.error) };
    case 'chosen':
      return { ...state, chosen: message.isChosen ? new Set([...state.chosen, message.critic]) : without(state.chosen, message.critic) };
    case 'samplesChosen':
      return { ...state, samples: message.samples };
    case 'humanTextTyped':
      return withHumanText(state, message.text);
    case 'started':
      return { ...state, running: { critics: message.critics, progress: null }, error: null };
    case 'progressed':
      return state.running === null || message.progress.runId !== state.place?.runId
        ? state
        : { ...state, running: { ...state.running, progress: message.progress } };
    case 'finished': {
      const added = message.entries.map((entry) => [entry.critic, { entry, samples: message.samples }] as const);
      return { ...state, running: null, results: new Map([...state.results, ...added]) };
    }
    case 'cancelled':
      return { ...state, running: null };
    case 'runFailed':
      return { ...state, running: null, error: message.error };
    case 'unfolded':
      return { ...state, unfolded: toggled(state.unfolded, message.critic) };
    case 'trainedOn':
      return { ...state, trainedOn: message.critic };
    case 'switched':
      return { ...state, switches: toggled(state.switches, message.name) };
  }
}

/** The critics to try, in their order; one's own words only when there are any. */
export function criticsToRun({ chosen, humanText }: LabState): readonly CriticName[] {
  return critics.map(({ name }) => name).filter((name) => chosen.has(name) && (name !== 'human' || humanText.trim() !== ''));
}

/** Why nothing can be tried now; null when it can. */
export function whyNotRunnable(state: LabState): string | null {
  if (state.connection.state !== 'connected') return 'The backend is not connected.';
  if (state.subject.state === 'failed') return 'The answer could not be read.';
  if (state.subject.state !== 'ready') return 'The answer is still being read.';
  if (criticsToRun(state).length > 0) return null;
  return state.chosen.has('human') ? 'Write what you would tell the model, or choose a critic.' : 'Choose at least one critic.';
}

/** The first words typed choose the human critic; from then on the check mark is the person's. */
function withHumanText(state: LabState, text: string): LabState {
  const begins = state.humanText.trim() === '' && text.trim() !== '';
  return { ...state, humanText: text, chosen: begins ? new Set([...state.chosen, 'human' as const]) : state.chosen };
}

function without<T>(set: ReadonlySet<T>, item: T): ReadonlySet<T> {
  return new Set([...set].filter((other) => other !== item));
}

function toggled(set: ReadonlySet<string>, item: string): ReadonlySet<string> {
  return set.has(item) ? without(set, item) : new Set([...set, item]);
}
