/** `kill -9`, of the whole training process or of its engine, at any moment: nothing that was announced is lost, and the run comes to the same end. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { build } from 'esbuild';
import { beforeAll, describe, expect, it } from 'vitest';
import { Rng } from '../../backend/core/rng.ts';
import type { Event } from '../../backend/protocol/events.ts';
import type { RunConfigInput } from '../../backend/protocol/runConfig.ts';
import { openStore } from '../../backend/store/openStore.ts';
import { told, writeProblems } from '../support/scriptedRun.ts';
import { repositoryRoot } from '../support/sourceTree.ts';
import { temporaryFolder, temporaryFolderOfFile } from '../support/temporaryFolder.ts';
import { makeTinyModel, tinyProblems } from '../support/tinyModel.ts';
import { allEvents, tinyConfig, traceOf, trainTiny } from './tinyRun.ts';
import type { Said } from './trainingChild.ts';

const kills = 20;
const folder = temporaryFolderOfFile();
const program = join(folder, 'trainingChild.mjs');
let model = '';
let unbroken: ReturnType<typeof traceOf> | undefined;
/** Events and phases of the unbroken run. */
let moments = 0;

beforeAll(async () => {
  await buildProgram();
  model = await makeTinyModel(folder);
  const workspace = join(folder, 'unbroken');
  mkdirSync(workspace);
  const count = { onPhase: (): void => void moments++, onEvent: (): void => void moments++ };
  await trainTiny({ workspace, config: configIn(workspace), observer: count });
  unbroken = traceOf(workspace);
});

/** One file starts in a third of the time that its sources take. */
async function buildProgram(): Promise<void> {
  symlinkSync(join(repositoryRoot, 'node_modules'), join(folder, 'node_modules'));
  await build({
    entryPoints: [join(repositoryRoot, 'test/e2e/trainingChild.ts')],
    outfile: program,
    bundle: true,
    platform: 'node',
    target: 'node20',
    format: 'esm',
    mainFields: ['module', 'main'],
    external: ['onnxruntime-node', '@photostructure/sqlite'],
    banner: { js: "import { createRequire as createRequireOfBundle } from 'node:module'; const require = createRequireOfBundle(import.meta.url);" },
  });
}

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

/** Runs the training process until it has said `moments` lines and `delayMs` have passed; then kills it. */
async function runUntilKilled(
  options: { workspace: string; config: RunConfigInput },
  lines: number,
  delayMs: number,
): Promise<{ heard: Event[]; isFinished: boolean }> {
  const child = spawn(process.execPath, [program, JSON.stringify(options)], { stdio: ['ignore', 'pipe', 'pipe'] });
  let complaints = '';
  child.stderr.on('data', (chunk: Buffer) => (complaints += chunk.toString()));
  const heard: Event[] = [];
  let said = 0;
  let isFinished = false;
  const killLater = async (): Promise<void> => {
    await sleep(delayMs);
    child.kill('SIGKILL');
  };
  if (lines === 0) void killLater();
  createInterface({ input: child.stdout }).on('line', (line) => {
    const message = JSON.parse(line) as Said;
    if ('events' in message) heard.push(...message.events);
    if ('reason' in message) isFinished = message.reason === 'finished';
    if (++said === lines) void killLater();
  });
  const [code, signal] = (await once(child, 'close')) as [number | null, string | null];
  if (code !== 0 && signal !== 'SIGKILL') throw new Error(`the training process failed: ${complaints}`);
  return { heard, isFinished };
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
        const life = await runUntilKilled(options, lines, rng.integer(0, lines === 0 ? 1500 : 30));
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
