/** Critique-GRPO on WebGPU: recorded with the run, near what the CPU computes, and gone on with to the identical trace where it was begun. */
import { mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import type { RunConfigInput } from '../../backend/protocol/runConfig.ts';
import { openStore } from '../../backend/store/openStore.ts';
import { runFolder } from '../../backend/store/workspaceFolders.ts';
import { allEvents, runId, tinyConfig, traceOf, trainTiny } from '../e2e/tinyRun.ts';
import { writeProblems } from '../support/scriptedRun.ts';
import { temporaryFolderOfFile } from '../support/temporaryFolder.ts';
import { makeTinyModel, tinyProblems } from '../support/tinyModel.ts';
import { provideAdapter } from './adapter.ts';

const isThere = provideAdapter();
const folder = temporaryFolderOfFile();
let model = '';

beforeAll(async () => {
  model = await makeTinyModel(folder);
});

type Provider = 'cpu' | 'webgpu';

function configFor(provider: Provider, steps: number): RunConfigInput {
  const path = writeProblems(join(folder, 'problems.jsonl'), tinyProblems.slice(0, 1));
  return {
    ...tinyConfig(model, path),
    switches: { nRollouts: 3, trigger: 'anyWrong' },
    // With a signal in both steps.
    seed: 3,
    engine: { provider },
    training: { steps, problemsPerStep: 1, microBatchTokens: 256 },
    evaluation: { every: 0, finalSamples: 1, failureAttempts: 1 },
    checkpoint: { every: 1, keep: 2 },
  };
}

async function trainIn(name: string, provider: Provider, steps: number): Promise<string> {
  const workspace = join(folder, name);
  mkdirSync(workspace, { recursive: true });
  await trainTiny({ workspace, config: configFor(provider, steps) });
  return workspace;
}

function notices(workspace: string): string[] {
  const store = openStore(workspace, { readOnly: true });
  try {
    return allEvents(store).flatMap(({ body }) => (body.type === 'noticeRaised' ? [`${body.code}: ${body.message}`] : []));
  } finally {
    store.close();
  }
}

describe.skipIf(!isThere)('Critique-GRPO on WebGPU', () => {
  it('makes a step near the CPU’s, and goes on on the GPU to the same trace as in one go', async () => {
    const [here, whole, broken] = [await trainIn('cpu', 'cpu', 1), await trainIn('whole', 'webgpu', 2), await trainIn('broken', 'webgpu', 1)];
    const [expected] = traceOf(here).updates;
    const [actual] = traceOf(broken).updates;
    expect(actual?.loss).toBeCloseTo(expected?.loss ?? NaN, 4);
    expect(actual?.gradientNorm).toBeCloseTo(expected?.gradientNorm ?? NaN, 4);
    expect(actual?.gradientNorm).toBeGreaterThan(0);
    expect(actual?.tokensTrained).toBe(expected?.tokensTrained);

    expect(JSON.parse(readFileSync(join(runFolder(broken, runId), 'engine.json'), 'utf8'))).toEqual({ threads: 1, provider: 'webgpu' });
    expect(notices(broken)).toContain('engine.provider: The engine runs on webgpu, as asked.');
    expect(notices(here)).toEqual([]);

    // What a configuration says now does not count for a run that has begun: a step on the CPU would have other last digits.
    await trainIn('broken', 'cpu', 2);
    const [gone, straight] = [traceOf(broken), traceOf(whole)];
    expect(gone.updates).toEqual(straight.updates);
    expect(gone.weights).toEqual(straight.weights);
  });
});
