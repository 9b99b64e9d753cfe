/** A whole training run on the real engine, and everything of it that must not depend on how it got there. Free of the test runner: children use it. */
import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { EngineProcess } from '../../backend/engine/local/client.ts';
import type { Critic } from '../../backend/critics/critic.ts';
import type { Event } from '../../backend/protocol/events.ts';
import type { Critique } from '../../backend/protocol/records.ts';
import { runConfigSchema, type RunConfigInput } from '../../backend/protocol/runConfig.ts';
import { openStore } from '../../backend/store/openStore.ts';
import type { Store } from '../../backend/store/store.ts';
import { runFolder } from '../../backend/store/workspaceFolders.ts';
import { enlistCritique } from '../../backend/training/enlist.ts';
import { openRun } from '../../backend/training/openRun.ts';
import { closePolicy } from '../../backend/training/policy.ts';
import type { Phase, RunObserver, RunOutcome } from '../../backend/training/run.ts';
import { train } from '../../backend/training/trainer.ts';
import { wrongRollout } from '../support/wrongRollout.ts';

export interface TinyRunOptions {
  readonly workspace: string;
  readonly config: RunConfigInput;
  readonly observer?: RunObserver;
  readonly signal?: AbortSignal;
  /** Hears every event after its commit. */
  readonly onEvents?: (events: readonly Event[]) => void;
  /** Hears the process id of every engine that is started. */
  readonly onEngine?: (pid: number) => void;
  /** Instead of what the configuration names. */
  readonly critic?: Critic;
  /** A person rewrites the critique of a wrong rollout as soon as a step is recorded, once in the run, and has the run train on it. */
  readonly humanCritique?: HumanCritique;
}

export interface HumanCritique {
  readonly afterStep: number;
  readonly text: string;
}

export const runId = 'tiny';
/** Tests and their children run in the root of the repository. */
const programs = join(process.cwd(), 'dist');

/** What tiny runs have in common: a policy that fails often enough to be criticized, and answers that are done in a moment. */
export function tinyConfig(model: string, train: string) {
  return {
    model: { path: model },
    data: { train },
    prompt: { refinement: 'conversation' },
    sampling: { maxTokens: 12 },
    critic: 'verdict',
    algorithm: 'critique-grpo',
    switches: { nRollouts: 4, trigger: 'anyWrong' },
    optimizer: { learningRate: 2e-3 },
  } as const satisfies RunConfigInput;
}

/** Starts the workspace's run, or goes on with it. */
export async function trainTiny({
  workspace,
  config: input,
  observer = {},
  signal,
  onEvents,
  onEngine,
  critic,
  humanCritique,
}: TinyRunOptions): Promise<RunOutcome> {
  const config = runConfigSchema.parse(input);
  const store = openStore(workspace);
  try {
    if (humanCritique !== undefined) enlistDuring(store, humanCritique);
    if (onEvents !== undefined) store.onEvents(onEvents);
    if (store.run(runId) === null) store.createRun({ id: runId, name: runId, algorithm: config.algorithm, seed: config.seed, config });
    const run = await openRun({
      id: runId,
      config,
      store,
      folder: runFolder(workspace, runId),
      entries: { engine: join(programs, 'engine.js'), grader: join(programs, 'grader.js') },
      demoFolder: '',
      threads: 1,
      observer,
      signal: signal ?? new AbortController().signal,
      openEngine: async (options) => {
        const engine = await EngineProcess.open(options);
        onEngine?.(engine.pid ?? 0);
        return engine;
      },
    });
    try {
      return await train({ ...run, ...(critic === undefined ? {} : { critic }) });
    } finally {
      await closePolicy(run);
    }
  } finally {
    store.close();
  }
}

/** In the moment in which the step is announced, so that it is the same moment each time. */
function enlistDuring(store: Store, { afterStep, text }: HumanCritique): void {
  store.onEvents((events) => {
    const isDue = events.some(({ body }) => body.type === 'stepFinished' && body.update.step === afterStep);
    if (!isDue || store.activeEnlistments(runId, Number.MAX_SAFE_INTEGER).length > 0) return;
    const base = store.critiqueInForce(runId, wrongRollout(store, runId));
    if (base === null) throw new Error('no wrong rollout has a critique');
    const { id } = store.reviseCritique({ runId, baseId: base.id, text, author: 'ann' });
    enlistCritique(store, runId, id, 'ann');
  });
}

/** An observer that calls `act` when a step's phase begins. */
export function atPhase(step: number, phase: Phase, act: () => void): RunObserver {
  let isDone = false;
  return {
    onPhase(at, name) {
      if (isDone || at !== step || name !== phase) return;
      isDone = true;
      act();
    },
  };
}

/** Updates without their seconds, samples with tokens and logprobs, scores, announced facts and the bytes of the last checkpoint. */
export function traceOf(workspace: string) {
  const store = openStore(workspace, { readOnly: true });
  try {
    const events = allEvents(store);
    const groupIds = events.flatMap(({ body }) => (body.type === 'groupFinished' ? [body.groupId] : []));
    return {
      updates: store.updates(runId).map(({ seconds: _, ...update }) => update),
      evaluations: store.evaluations(runId),
      failures: store.recordedFailures(runId),
      groups: groupIds.sort().map((id) => withoutTimes(store, id)),
      checkpoints: [...new Set(store.checkpoints(runId).map(({ step }) => step))].sort((a, b) => a - b),
      weights: lastCheckpoint(workspace),
    };
  } finally {
    store.close();
  }
}

export function allEvents(store: Store): readonly Event[] {
  return store.eventsAfter(0, 1_000_000);
}

function withoutTimes(store: Store, groupId: string): unknown {
  const detail = store.group(runId, groupId);
  const timeless = ({ createdAt: _, ...critique }: Critique) => critique;
  const attempts = detail?.attempts.map((attempt) => ({ ...attempt, critiques: attempt.critiques.map(timeless) }));
  const guests = detail?.guests.map((guest) => ({ ...guest, critique: timeless(guest.critique) }));
  return { ...detail, attempts, guests };
}

/** Hash of each file of the newest checkpoint. */
export function lastCheckpoint(workspace: string): Readonly<Record<string, string>> {
  const parent = join(runFolder(workspace, runId), 'checkpoints');
  const newest = readdirSync(parent)
    .filter((name) => name.startsWith('step-'))
    .sort()
    .at(-1);
  if (newest === undefined) return {};
  const hashOf = (name: string): string =>
    createHash('sha256')
      .update(readFileSync(join(parent, newest, name)))
      .digest('hex');
  return Object.fromEntries(
    readdirSync(join(parent, newest))
      .sort()
      .map((name) => [name, hashOf(name)]),
  );
}
