/** A backend in this process, with real sockets and a real store; only its engine says what a script tells it to. */
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, onTestFinished } from 'vitest';
import type { CallOptions, SampleRequest, SampleResult } from '../../../backend/engine/contract.ts';
import type { RunSource } from '../../../backend/protocol/methods.ts';
import type { RunConfigInput } from '../../../backend/protocol/runConfig.ts';
import { startBackend, type BackendOptions, type RunningBackend } from '../../../backend/server/startBackend.ts';
import { ScriptedEngine, type Fault } from '../../support/scriptedEngine.ts';
import { demoFolder, problems, scriptOf, tokenizer, writeProblems } from '../../support/scriptedRun.ts';
import { temporaryFolder } from '../../support/temporaryFolder.ts';
import { RpcClient } from './rpcClient.ts';

export interface TestBackendOptions extends Partial<Omit<BackendOptions, 'openEngine'>> {
  /** How long the engine takes to sample. */
  readonly sampleMs?: number;
  readonly fault?: Fault;
}

export interface TestBackend extends RunningBackend {
  readonly workspace: string;
  readonly engines: readonly ScriptedEngine[];
  readonly logLines: readonly string[];
  connect(): Promise<RpcClient>;
}

/** Takes real time, so that others get a turn while it samples. */
class UnhurriedEngine extends ScriptedEngine {
  sampleMs = 0;

  override async sample(request: SampleRequest, options: CallOptions = {}): Promise<SampleResult> {
    await sleep(this.sampleMs, undefined, options.signal === undefined ? {} : { signal: options.signal }).catch(() =>
      options.signal?.throwIfAborted(),
    );
    return super.sample(request, options);
  }
}

export async function startTestBackend({ sampleMs = 1, fault, ...options }: TestBackendOptions = {}): Promise<TestBackend> {
  const workspace = options.workspace ?? temporaryFolder();
  const engines: ScriptedEngine[] = [];
  const logLines: string[] = [];
  const backend = await startBackend({
    isViewOnly: false,
    idleMinutes: 10,
    version: '1.2.3',
    entries: { engine: '', grader: '' },
    demoFolder,
    threads: 1,
    doctor: () => Promise.resolve([]),
    onLog: (line) => logLines.push(line),
    ...options,
    workspace,
    openEngine: () => {
      // Each problem: one wrong rollout and one right one; the refinement of the wrong one is right.
      const engine = new UnhurriedEngine(tokenizer, scriptOf(problems(4).map(() => ({ rollouts: 'WR', refinements: 'RR' }))), fault);
      engine.sampleMs = sampleMs;
      engines.push(engine);
      return Promise.resolve(engine);
    },
  });
  if (backend.kind !== 'running') throw new Error('the workspace has a backend already');
  onTestFinished(() => backend.shutDown('the test has ended'));
  const connect = async (): Promise<RpcClient> => {
    const client = await RpcClient.connect(backend);
    onTestFinished(() => client.close());
    return client;
  };
  return { ...backend, workspace, engines, logLines, connect };
}

/** A run on two problems, in words of a run file. */
export function sourceOf(workspace: string, config: Omit<RunConfigInput, 'model' | 'data'> = {}): RunSource {
  const train = writeProblems(join(workspace, 'train.jsonl'), problems(2));
  const heldOut = writeProblems(join(workspace, 'heldOut.jsonl'), problems(4).slice(2));
  const settings: RunConfigInput = {
    critic: 'verdict',
    algorithm: 'critique-grpo',
    ...config,
    model: { path: 'demo:model' },
    data: { train, heldOut },
    prompt: { refinement: 'conversation' },
    sampling: { maxTokens: 24 },
    switches: { nRollouts: 2, trigger: 'anyWrong', ...config.switches },
    training: { steps: 3, problemsPerStep: 2, ...config.training },
    evaluation: { every: 0, samples: 1, finalSamples: 1, failureAttempts: 1, ...config.evaluation },
    checkpoint: { every: 2, keep: 2, ...config.checkpoint },
  };
  return { file: { path: join(workspace, 'test.cgrpo.json'), text: `// A comment\n${JSON.stringify(settings)}` } };
}

/** A workspace with a finished run; the id of the run. */
export async function finishRun(client: RpcClient, workspace: string, config: Parameters<typeof sourceOf>[1] = {}): Promise<string> {
  const { runId } = await client.ask('run/start', { source: sourceOf(workspace, config) });
  await client.ask('events/subscribe', { afterSeq: client.events.at(-1)?.seq ?? 0 });
  await client.until(() => hasStopped(client, runId));
  expect(client.events.at(-1)?.body).toMatchObject({ type: 'runStopped', reason: 'finished' });
  return runId;
}

export function hasStopped(client: RpcClient, runId: string): boolean {
  return client.events.some((event) => event.runId === runId && event.body.type === 'runStopped');
}
