/** Problems in the layout of verl, as pyarrow wrote them, train on the real engine. */
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { openStore } from '../../../backend/store/openStore.ts';
import { resolveRunConfig } from '../../../backend/cli/runArguments.ts';
import { runSession } from '../../../backend/cli/session.ts';
import { demoFolder } from '../../support/scriptedRun.ts';
import { temporaryFolder } from '../../support/temporaryFolder.ts';

const root = fileURLToPath(new URL('../../../', import.meta.url));
const entries = { engine: join(root, 'dist/engine.js'), grader: join(root, 'dist/grader.js') };

it('a folder of Parquet shards trains for a step, a part of it held out, and the problems are kept with their metadata', async () => {
  const workspace = temporaryFolder();
  const settings = {
    'data.train': join(root, 'test/fixtures/parquet/shards'),
    'data.heldOut': null,
    'data.split.count': 4,
    'data.filter.metadata': { ability: 'math' },
    'data.limit': 12,
    critic: 'verdict',
    'sampling.maxTokens': 8,
    'training.problemsPerStep': 2,
    'training.steps': 1,
    'evaluation.finalSamples': 1,
    'evaluation.failureAttempts': 1,
  };
  const config = await resolveRunConfig(undefined, {
    preset: 'demo',
    set: Object.entries(settings).map(([key, value]) => `${key}=${JSON.stringify(value)}`),
    workspace,
    threads: '1',
  });
  const output = { write: () => undefined, isTerminal: false, hasColor: false, columns: () => 80 };
  const { runId } = await runSession({
    context: { entries, demoFolder, output, version: '0' },
    config,
    workspace,
    threads: 1,
    resume: false,
    observer: {},
    signal: new AbortController().signal,
  });
  const store = openStore(workspace);
  try {
    expect(store.updates(runId)).toHaveLength(1);
    const { config: kept } = store.runSummary(runId) ?? {};
    expect(kept?.data).toMatchObject({ split: { count: 4 }, seed: 0, limit: 12, layout: 'auto' });
    const evaluations = store.evaluations(runId);
    expect(evaluations.filter(({ set }) => set === 'heldOut').map(({ all }) => all.problems)).toEqual([4, 4]);
    expect(evaluations.find(({ set }) => set === 'train')?.all.problems).toBe(12);
    const failure = store.recordedFailures(runId)[0];
    expect(store.problem(runId, failure?.problemId ?? '')).toMatchObject({ metadata: { ability: 'math', 'extra_info.split': 'train' } });
  } finally {
    store.close();
  }
});
