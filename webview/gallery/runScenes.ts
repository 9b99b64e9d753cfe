/** Scenes of the gallery: the dashboard of a run in every state it can be in. */
import type { Event, EventBody } from '../../backend/protocol/events.ts';
import type { Progress } from '../../backend/protocol/views.ts';
import type { ConnectionView } from '../../extension/contract.ts';
import { mountDashboard } from '../run/mount.ts';
import { startTime, summaryOf, updateAt, type RunTraits } from './runFixtures.ts';
import { runHost, type RunHostOptions } from './runHost.ts';
import type { Scene } from './scenes.ts';

const connected: ConnectionView = { state: 'connected', detail: '' };
const main: RunTraits = { id: 'demo-critique-grpo-0', steps: 100, done: 64 };
const finished: RunTraits = { ...main, done: 100, summary: { state: 'finished', activity: null, secondsLeft: null, isHumanTouched: true } };
const others: readonly RunTraits[] = [
  { id: 'demo-grpo-0', steps: 100, done: 100, kind: 'grpo', summary: { state: 'finished', activity: null } },
  { id: 'demo-critique-grpo-1', steps: 100, done: 80, seed: 1, summary: { state: 'stopped', activity: null, isHumanTouched: true } },
];
const sampling: Progress = { runId: main.id, activity: 'training', step: 65, steps: 100, phase: 'sample', done: 31, total: 56 };

const news: readonly EventBody[] = [
  { type: 'runStarted', algorithm: 'critiqueGrpo', seed: 0, steps: 100, resumedFrom: null },
  {
    type: 'noticeRaised',
    code: 'verifier.timeout',
    message: 'The verifier gave up on 1 of 56 answers after 2 s; it is left out of its group.',
    step: 31,
  },
  { type: 'critiqueEnlisted', enlistmentId: 'e', critiqueId: 'c', rolloutId: 'r', problemId: 'chain-417', fromStep: 48 },
  { type: 'checkpointSaved', step: 60, path: 'checkpoints/step-60' },
];

export const runScenes: readonly Scene[] = [
  dashboard('run-training', 'Run, training', main, { progress: sampling, news }),
  dashboard('run-live', 'Run, a step every second', { ...main, done: 12 }, { isLive: true }),
  dashboard('run-compared', 'Run, finished, two others laid over it', finished, { overlays: others.map(({ id }) => id) }),
  dashboard('run-dynamic', 'Run, groups left out by dynamic sampling', { ...main, id: 'demo-dapo-0', kind: 'dapo' }),
  dashboard(
    'run-demonstrations',
    'Run, demonstrations beside rollouts, one other laid over it',
    { ...finished, id: 'demo-luffy-0', kind: 'luffy' },
    { overlays: ['demo-grpo-0'] },
  ),
  dashboard('run-distilled', 'Run, learns from itself with the critique', { ...main, id: 'demo-sdpo-0', kind: 'sdpo' }),
  dashboard('run-imitation', 'Run, imitates demonstrations', { ...main, id: 'demo-sft-0', kind: 'sft' }),
  dashboard('run-paused', 'Run, paused', { ...main, summary: { activity: 'paused' } }),
  dashboard('run-failed', 'Run, failed', {
    ...main,
    summary: {
      state: 'failed',
      activity: null,
      stopMessage: 'The engine died 3 times in a row after step 64 (out of memory). Lower training.microBatchTokens.',
    },
  }),
  dashboard('run-empty', 'Run, no step yet', { ...main, done: 0, summary: { activity: 'opening' } }),
  dashboard('run-one', 'Run, one step', { ...main, done: 1 }),
  dashboard('run-stuck', 'Run, nothing to learn from', { ...main, id: 'demo-grpo-hard-0', kind: 'stuck' }),
  dashboard('run-long', 'Run, 20,000 steps', {
    ...main,
    id: 'week-long-0',
    steps: 20_000,
    done: 20_000,
    evaluateEvery: 200,
    summary: { state: 'finished', activity: null },
  }),
  dashboard('run-100k', 'Run, 100,000 steps', {
    ...main,
    id: 'month-long-0',
    steps: 100_000,
    done: 100_000,
    evaluateEvery: 1000,
    summary: { state: 'finished', activity: null },
  }),
  dashboard('run-levels', 'Run, many levels and a very long name', {
    ...main,
    id: 'a-run-with-a-very-long-name-that-somebody-composed-of-every-setting-lr-0.0005-gamma-0.1-n-7-k-1',
    levels: ['level 1', 'level 2', 'level 3', 'level 4', 'level 5', 'olympiad', 'a level with a long name'],
  }),
  dashboard('run-rtl', 'Run, right-to-left names', { ...main, summary: { name: 'ניסוי ראשון' }, levels: ['سهل', 'متوسط', 'صعب'] }),
  dashboard('run-hostile', 'Run, hostile names', {
    ...main,
    summary: {
      name: '<img src=x onerror="document.title=\'hacked\'">',
      activity: null,
      state: 'failed',
      stopMessage: '<script>alert(1)</script> \u001b[31mred',
    },
    levels: ['<b>easy</b>', 'javascript:alert(1)'],
  }),
  dashboard('run-loading', 'Run, loading', main, { answers: 'never' }),
  dashboard('run-error', 'Run, unreadable', main, { answers: 'failing' }),
  dashboard('run-unknown', 'Run, deleted', main, { isUnknown: true }),
  dashboard('run-lost', 'Run, backend away', main, { connection: { state: 'lost', detail: 'It ended with SIGKILL; it is started again.' } }),
];

interface DashboardScene {
  readonly overlays?: readonly string[];
  readonly connection?: ConnectionView;
  readonly progress?: Progress;
  readonly news?: readonly EventBody[];
  readonly answers?: NonNullable<RunHostOptions['answers']>;
  readonly isLive?: boolean;
  readonly isUnknown?: boolean;
}

function dashboard(id: string, title: string, run: RunTraits, scene: DashboardScene = {}): Scene {
  const { overlays = [], connection = connected, progress, news = [], answers = 'normal', isLive = false, isUnknown = false } = scene;
  return {
    id,
    title,
    show(root) {
      const page = mountDashboard(root, runHost({ runs: isUnknown ? others : [run, ...others], answers }));
      const show = (state: ConnectionView): void => page.receive({ type: 'show', view: { kind: 'run', runId: run.id, overlays }, connection: state });
      show(connected);
      if (connection.state !== 'connected') setTimeout(() => page.receive({ type: 'connection', connection }), 200);
      if (progress !== undefined) setTimeout(() => page.receive({ type: 'progress', progress }), 200);
      const events = news.map((body, i): Event => ({ seq: i + 1, runId: run.id, time: startTime + i * 40_000, body }));
      if (events.length > 0) setTimeout(() => page.receive({ type: 'events', events }), 200);
      if (isLive)
        live(
          run,
          (events) => page.receive({ type: 'events', events }),
          (news) => page.receive({ type: 'progress', progress: news }),
        );
    },
  };
}

/** Steps that go on finishing, as a training backend tells of them. */
function live(run: RunTraits, onEvents: (events: readonly Event[]) => void, onProgress: (progress: Progress) => void): void {
  let step = run.done;
  let seq = 0;
  const tell = (body: EventBody): void => onEvents([{ seq: ++seq, runId: run.id, time: startTime + seq * 1000, body }]);
  const timer = setInterval(() => {
    if (step >= summaryOf(run).config.training.steps) return clearInterval(timer);
    step++;
    tell({ type: 'stepFinished', update: updateAt(step, run) });
    onProgress({ runId: run.id, activity: 'training', step: step + 1, steps: run.steps, phase: 'sample', done: 0, total: 56 });
  }, 1000);
}
