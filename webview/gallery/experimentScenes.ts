/** Scenes of the gallery: the page of an experiment in every state it can be in. */
import type { ConnectionView } from '../../extension/contract.ts';
import { mountExperiment } from '../experiment/mount.ts';
import type { CellTraits, ExperimentTraits } from './experimentFixtures.ts';
import { experimentHost, type ExperimentHostOptions } from './experimentHost.ts';
import type { Scene } from './scenes.ts';

const connected: ConnectionView = { state: 'connected', detail: '' };

const methods: readonly CellTraits[] = [
  { label: 'grpo', values: { variant: 'grpo' }, gain: 0.35 },
  { label: 'critique-grpo, verdict', values: { variant: 'critique-grpo, verdict' }, gain: 0.5, kinds: ['verdict'] },
  { label: 'critique-grpo, step level', values: { variant: 'critique-grpo, step level' }, gain: 0.95, kinds: ['stepLevel'] },
  { label: 'critique-grpo, self', values: { variant: 'critique-grpo, self' }, gain: 0.6, kinds: ['self', 'verdict'] },
];

const grid: readonly CellTraits[] = ['grpo', 'dapo', 'critique-grpo'].flatMap((algorithm, a) =>
  ['0.05', '0.1', '0.2', 'none'].flatMap((gamma, g) =>
    ['64', '256', '1024', '4096', '16384'].map((limit, l) => ({
      label: `${algorithm} · γ ${gamma} · training problems ${limit}`,
      values: { algorithm, 'switches.shapingGamma': gamma, 'data.limit': limit },
      gain: 0.15 + 0.2 * a + 0.1 * l - 0.03 * Math.abs(g - 1),
      ...(a === 2 ? { kinds: ['stepLevel'] as const } : {}),
    })),
  ),
);

const base: ExperimentTraits = { id: 'methods-on-demo', cells: methods, seeds: [0, 1, 2], steps: 160, done: 7 };
const running: ExperimentTraits = { ...base, isRunning: true };
const finished: ExperimentTraits = { ...base, done: 12, sets: ['MATH-500', 'AMC23', 'Minerva-Math'] };
const many: ExperimentTraits = { id: 'shaping-and-data', cells: grid, seeds: [0, 1, 2], steps: 80, done: 180 };
const outOfMemory = 'The engine died 3 times in a row after step 64 (out of memory). Lower training.microBatchTokens.';

export const experimentScenes: readonly Scene[] = [
  scene('experiment-running', 'Experiment, running', running),
  scene('experiment-finished', 'Experiment, finished', finished),
  scene('experiment-empty', 'Experiment, not started', { ...base, done: 0 }),
  scene('experiment-first', 'Experiment, first run', { ...base, done: 0, isRunning: true }),
  scene('experiment-paused', 'Experiment, paused', base),
  scene('experiment-failed', 'Experiment, a failed run', { ...base, done: 12, failed: { 3: outOfMemory, 6: outOfMemory } }),
  scene('experiment-many', 'Experiment, 60 cells', many),
  scene('experiment-one', 'Experiment, one cell and seed', { ...base, cells: methods.slice(2, 3), seeds: [0], done: 1 }),
  scene('experiment-rtl', 'Experiment, right-to-left names', {
    ...finished,
    cells: methods.map((cell, i) => ({ ...cell, label: `שיטה ${i + 1}`, values: { variant: `שיטה ${i + 1}` } })),
    levels: ['سهل', 'متوسط', 'صعب'],
  }),
  scene('experiment-hostile', 'Experiment, hostile names', {
    ...finished,
    cells: methods.map((cell, i) => ({
      ...cell,
      label: `<img src=x onerror="document.title='hacked'"> \u202e${i}`,
      values: { '<b>axis</b>': `<i>${i}</i>` },
    })),
    levels: ['<b>easy</b>', 'javascript:alert(1)'],
    failed: { 2: '<script>alert(1)</script> \u001b[31mred' },
  }),
  scene('experiment-loading', 'Experiment, loading', base, { answers: 'never' }),
  scene('experiment-error', 'Experiment, unreadable', base, { answers: 'failing' }),
  scene('experiment-no-report', 'Experiment, results unreadable', finished, {
    refused: { 'experiment/report': 'There is no numbers.json in its folder.' },
  }),
  scene('experiment-lost', 'Experiment, backend away', running, {}, { state: 'lost', detail: 'It ended with SIGKILL; it is started again.' }),
];

function scene(id: string, title: string, experiment: ExperimentTraits, options: ExperimentHostOptions = {}, connection = connected): Scene {
  return {
    id,
    title,
    show(root) {
      const page = mountExperiment(root, experimentHost(experiment, options));
      page.receive({ type: 'show', view: { kind: 'experiment', experimentId: experiment.id }, connection: connected });
      if (connection.state !== 'connected') setTimeout(() => page.receive({ type: 'connection', connection }), 200);
    },
  };
}
