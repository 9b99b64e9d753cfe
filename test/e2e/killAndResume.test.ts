/** `kill -9`, of the whole training process or of its engine, at any moment: nothing that was announced is lost, and the run comes to the same end. */
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { Rng } from '../../backend/core/rng.ts';
import type { Event } from '../../backend/protocol/events.ts';
import type { RunConfigInput } from '../../backend/protocol/runConfig.ts';
import { openStore } from '../../backend/store/openStore.ts';
import { told, writeProblems } from '../support/scriptedRun.ts';
import { temporaryFolder, temporaryFolderOfFile } from '../support/temporaryFolder.ts';
import { makeTinyModel, tinyProblems } from '../support/tinyModel.ts';
import { buildTrainingProgram, runUntilKilled } from './killedTraining.ts';
import { allEvents, tinyConfig, traceOf, trainTiny } from './tinyRun.ts';

const kills = 20;
const folder = temporaryFolderOfFile();
let program = '';
let model = '';
let unbroken: ReturnType<typeof traceOf> | undefined;
/** Events and phases of the unbroken run. */
let moments = 0;

beforeAll(async () => {
  program = await buildTrainingProgram(folder);
  model = await makeTinyModel(folder);
  const workspace = join(folder, 'unbroken');
  mkdirSync(workspace);
  const count = { onPhase: (): void => void moments++, onEvent: (): void => void moments++ };
  await trainTiny({ workspace, config: configIn(workspace), observer: count });
  unbroken = traceOf(workspace);
});

function configIn(workspace: string): RunConfigInput {
  const path = writeProblems(join(workspace, 'problems.jsonl'), tinyProblems);
  return {
    ...tinyConfig(model, path),
    data: { train: path, heldOut: path },
    training: { steps: 8, problemsPerStep: 2 },
    evaluation: { every: 4, finalSamples: 2, failureAttempts: 2 },
    checkpoint: { every: 2, keep: 2 },
  };
}

function storedEvents(workspace: string): readonly Event[] {
  const store = openStore(workspace, { readOnly: true });
  try {
    return allEvents(store);
  } finally {
    store.close();
  }
}

describe('a training process killed at any moment', () => {
  it(`${kills} times has lost nothing it announced, and ends as one that was left alone`, { timeout: 180_000 }, async () => {
    const rng = Rng.of(7, 'kills');
    let killed = 0;
    const reached = new Set<number>();
    while (killed < kills) {
      const workspace = temporaryFolder();
      const options = { workspace, config: configIn(workspace) };
      const heard: Event[] = [];
      for (let isFinished = false; !isFinished;) {
        // The last life of a run is left to end once enough have been killed.
        const lines = killed < kills ? rng.integer(0, Math.ceil(moments / 2)) : Infinity;
        const delayMs = rng.integer(0, lines === 0 ? 1500 : 30);
        const life = await runUntilKilled(program, options, { isDue: lines === 0 ? 'start' : (_, count) => count === lines, delayMs });
        ({ isFinished } = life);
        if (!isFinished) killed++;
        heard.push(...life.heard);
        if (heard.length === 0) continue;
        const stored = new Map(storedEvents(workspace).map((event) => [event.seq, event]));
        for (const event of heard) expect(stored.get(event.seq)).toEqual(event);
        reached.add(life.heard.length);
      }
      expect(new Set(heard.map(({ seq }) => seq)).size).toBe(heard.length);
      expect(traceOf(workspace)).toEqual(unbroken);
    }
    expect(reached.size).toBeGreaterThan(3);
  });
});

describe('an engine killed at any moment', () => {
  it('is started anew each time, and the run ends as one that was left alone', async () => {
    const workspace = temporaryFolder();
    const rng = Rng.of(8, 'engine kills');
    const planned = rng
      .shuffle([1, 2, 3, 4, 5, 6, 7])
      .slice(0, 5)
      .map((step) => `${step} ${rng.pick(['sample', 'critique'])}`);
    const waiting = new Set([...planned, '8 checkpoint']);
    let engine = 0;
    let killed = 0;
    const outcome = await trainTiny({
      workspace,
      config: configIn(workspace),
      onEngine: (pid) => (engine = pid),
      observer: {
        onPhase(step, phase) {
          if (!waiting.delete(`${step} ${phase}`)) return;
          const pid = engine;
          const kill = (): void => {
            if (pid !== engine) return;
            process.kill(pid, 'SIGKILL');
            killed++;
          };
          if (phase === 'checkpoint') kill();
          else setTimeout(kill, rng.integer(0, 10));
        },
      },
    });
    expect(outcome).toMatchObject({ reason: 'finished', step: 8 });
    const restarts = told(storedEvents(workspace)).filter((text) => text.endsWith('engine.restarted'));
    expect(killed).toBeGreaterThanOrEqual(5);
    expect(restarts).toHaveLength(killed);
    expect(traceOf(workspace)).toEqual(unbroken);
  });
});
