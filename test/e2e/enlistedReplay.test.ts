/** "Train on this" and `kill -9` on the real engine: what a person's critique taught is taught again, at the same step, to the same weights. */
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import type { RunConfigInput } from '../../backend/protocol/runConfig.ts';
import type { Enlistment } from '../../backend/protocol/views.ts';
import { openStore } from '../../backend/store/openStore.ts';
import { writeProblems } from '../support/scriptedRun.ts';
import { temporaryFolder, temporaryFolderOfFile } from '../support/temporaryFolder.ts';
import { makeTinyModel, tinyProblems } from '../support/tinyModel.ts';
import { buildTrainingProgram, runUntilKilled } from './killedTraining.ts';
import { runId, tinyConfig, traceOf, trainTiny } from './tinyRun.ts';

const folder = temporaryFolderOfFile();
const humanCritique = { afterStep: 2, text: 'Count the beads once more: two and three make five.' };
let program = '';
let model = '';
let unbroken: ReturnType<typeof traceOf> | undefined;
let enlisted: Enlistment | undefined;

beforeAll(async () => {
  program = await buildTrainingProgram(folder);
  model = await makeTinyModel(folder);
  const workspace = join(folder, 'unbroken');
  mkdirSync(workspace);
  await trainTiny({ workspace, config: configIn(workspace), humanCritique });
  unbroken = traceOf(workspace);
  enlisted = enlistmentIn(workspace);
});

/** The critique is enlisted half-way to the first checkpoint. */
function configIn(workspace: string): RunConfigInput {
  const path = writeProblems(join(workspace, 'problems.jsonl'), tinyProblems);
  return {
    ...tinyConfig(model, path),
    training: { steps: 6, problemsPerStep: 2 },
    evaluation: { every: 0, finalSamples: 1, failureAttempts: 1 },
    checkpoint: { every: 4, keep: 2 },
  };
}

function enlistmentIn(workspace: string): Enlistment | undefined {
  const store = openStore(workspace, { readOnly: true });
  try {
    return store.activeEnlistments(runId, Number.MAX_SAFE_INTEGER)[0];
  } finally {
    store.close();
  }
}

/** Steps whose group has the human critique among its members. */
function stepsWithHuman(workspace: string): readonly number[] {
  const store = openStore(workspace, { readOnly: true });
  try {
    const { problemId, critiqueId } = enlistmentIn(workspace) ?? { problemId: '', critiqueId: '' };
    const visits = store.problemHistory(runId, problemId)?.visits ?? [];
    return visits.flatMap(({ step, groupId }) => {
      const guest = store.group(runId, groupId)?.guests.find(({ critique }) => critique.id === critiqueId);
      if (guest === undefined) return [];
      expect(guest.critique).toMatchObject({ kind: 'human', author: 'ann', text: humanCritique.text });
      return [step];
    });
  } finally {
    store.close();
  }
}

describe('a run that trains on a human critique', () => {
  it('has the refinement of it in the group of its problem, from the next step on', () => {
    expect(enlisted).toMatchObject({ fromStep: humanCritique.afterStep + 1 });
    const steps = stepsWithHuman(join(folder, 'unbroken'));
    expect(steps.length).toBeGreaterThan(0);
    expect(steps.every((step) => step > humanCritique.afterStep)).toBe(true);
  });

  // Before the first checkpoint: everything is made again, the enlistment's own step too. After it: what was recorded since.
  it.each(['3 critique', '4 sample', '6 sample'])('comes to the same end when it is killed at step and phase %s and resumed', async (moment) => {
    const workspace = temporaryFolder();
    const options = { workspace, config: configIn(workspace), humanCritique };
    const life = await runUntilKilled(program, options, { isDue: (said) => 'phase' in said && said.phase === moment, delayMs: 0 });
    expect(life.isFinished).toBe(false);
    expect(enlistmentIn(workspace)).toMatchObject({ critiqueId: enlisted?.critiqueId, fromStep: enlisted?.fromStep });
    const next = await runUntilKilled(program, options, { isDue: () => false, delayMs: 0 });
    expect(next.isFinished).toBe(true);
    expect(traceOf(workspace)).toEqual(unbroken);
    expect(stepsWithHuman(workspace)).toEqual(stepsWithHuman(join(folder, 'unbroken')));
  });

  it('comes to another end without it', async () => {
    const workspace = temporaryFolder();
    await trainTiny({ workspace, config: configIn(workspace) });
    expect(traceOf(workspace).weights).not.toEqual(unbroken?.weights);
  });
});
