/**
 * Trains on a real Tinker server and says how its numbers compare with ours.
 *
 *   npx tsx test/peers/trainOnSkyrl.ts model FOLDER            makes a tiny Qwen3 that guesses at answers
 *   npx tsx test/peers/trainOnSkyrl.ts train URL NAME FOLDER   the server at URL serves that folder under NAME
 *
 * README.md beside this file says how to start SkyRL. One line of JSON is printed for each part.
 */
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { lossProgram, suppliedInputs } from '../../backend/algorithms/algorithm.ts';
import { critiqueGrpo } from '../../backend/algorithms/critiqueGrpo.ts';
import { Rng } from '../../backend/core/rng.ts';
import { mean, sum } from '../../backend/core/stats.ts';
import type { Engine, ForwardSequence, TrainSequence } from '../../backend/engine/contract.ts';
import { LocalEngine } from '../../backend/engine/local/localEngine.ts';
import { TinkerEngine } from '../../backend/engine/tinker/tinkerEngine.ts';
import { copySideFiles, readModelConfig } from '../../backend/models/folder.ts';
import { loraTargets } from '../../backend/models/parameters.ts';
import type { Message, Problem } from '../../backend/protocol/records.ts';
import { optimizerSchema, runConfigSchema } from '../../backend/protocol/runConfig.ts';
import { openStore } from '../../backend/store/openStore.ts';
import { runFolder } from '../../backend/store/workspaceFolders.ts';
import { loadTokenizer } from '../../backend/text/tokenizer.ts';
import { openRun } from '../../backend/training/openRun.ts';
import { closePolicy } from '../../backend/training/policy.ts';
import { pretrain, type WeightedDocument } from '../../backend/training/pretrain.ts';
import { remoteOptions } from '../../backend/training/remoteEngine.ts';
import { train } from '../../backend/training/trainer.ts';

const demoModel = fileURLToPath(new URL('../../media/demo/model', import.meta.url));
const steps = Number(process.env['STEPS'] ?? 16);
const rank = 8;
const local = { threads: 2, maxPositions: 512, keepReference: false, microBatchTokens: 1024, layerCheckpointing: false, maxRows: 16 };
const problems: Problem[] = [0, 1, 2, 3].map((i) => ({
  id: `p${i}`,
  prompt: [{ role: 'user', content: `Ana has ${10 + i} beads. She gets 5. How many?` }],
  answer: String(15 + i),
  level: 'easy',
}));

const [command, ...rest] = process.argv.slice(2);
if (command === 'model' && rest.length === 1) await makeModel(rest[0] as string);
else if (command === 'train' && rest.length === 3) await compareAndTrain(rest[0] as string, rest[1] as string, rest[2] as string);
else throw new Error('trainOnSkyrl.ts model FOLDER | train URL NAME FOLDER');

/** It is right about one time in four, before and after a critique. */
async function makeModel(folder: string): Promise<void> {
  mkdirSync(folder, { recursive: true });
  await copySideFiles(demoModel, folder);
  const demo = JSON.parse(readFileSync(join(demoModel, 'config.json'), 'utf8')) as object;
  const shape = { hidden_size: 32, intermediate_size: 64, num_hidden_layers: 2, head_dim: 8, attention_bias: false };
  writeFileSync(
    join(folder, 'config.json'),
    JSON.stringify({ ...demo, architectures: ['Qwen3ForCausalLM'], model_type: 'qwen3', ...shape }, null, 2),
  );
  const tokenizer = await loadTokenizer(folder);
  const rng = Rng.of(1, 'guesses');
  const guess = (): WeightedDocument => {
    const answer = (): string => `Answer: ${rng.pick(problems).answer}.`;
    const asked: Message[] = [...rng.pick(problems).prompt];
    if (rng.uniform() < 0.5) asked.push({ role: 'assistant', content: answer() }, { role: 'user', content: 'The answer is wrong.' });
    const prompt = tokenizer.encodeConversation(asked, 'answer');
    const completion = [...tokenizer.encodeText(answer()), tokenizer.eosToken ?? 0];
    return { tokens: [...prompt, ...completion], weights: [...prompt.map(() => 0), ...completion.map(() => 1)] };
  };
  const engine = await LocalEngine.open({ ...local, model: folder, initialSeed: 1 });
  const optimizer = optimizerSchema.parse({ learningRate: 1e-2, warmupSteps: 5, beta2: 0.98 });
  const { loss } = await pretrain({ engine, nextDocument: guess, updates: 80, documentsPerUpdate: 8, optimizer });
  await engine.exportWeights(folder, 'merged');
  await engine.dispose();
  say({ model: folder, loss });
}

async function compareAndTrain(baseUrl: string, name: string, folder: string): Promise<void> {
  const workspace = mkdtempSync(join(tmpdir(), 'critique-grpo-skyrl-'));
  const data = join(workspace, 'problems.jsonl');
  writeFileSync(data, `${problems.map((problem) => JSON.stringify(problem)).join('\n')}\n`);
  const config = runConfigSchema.parse({
    model: { path: folder },
    data: { train: data, heldOut: data },
    prompt: { refinement: 'conversation' },
    sampling: { maxTokens: 12 },
    critic: 'verdict',
    algorithm: 'critique-grpo',
    switches: { nRollouts: 4, trigger: 'anyWrong', klCoefficient: 0.01 },
    optimizer: { learningRate: 1e-3, gradientClip: null },
    training: { steps, problemsPerStep: 4 },
    evaluation: { every: 0, samples: 1, finalSamples: 16, failureAttempts: 4 },
    checkpoint: { every: 4, keep: 2 },
    engine: { tinker: { baseUrl, model: name, loraRank: rank } },
  });
  try {
    await compare(config, folder, workspace);
    const half = { ...config, training: { ...config.training, steps: Math.ceil(steps / 2) } };
    await trainTo(half, workspace, 'first half');
    // The same run, gone on with by another session from the server's checkpoint.
    await trainTo(config, workspace, 'resumed');
  } finally {
    rmSync(workspace, { recursive: true, force: true });
  }
}

type Config = ReturnType<typeof runConfigSchema.parse>;

/** The server's numbers beside ours: logprobs, a sample, and the adapter after updates by the same loss. */
async function compare(config: Config, folder: string, workspace: string): Promise<void> {
  const { config: model } = await readModelConfig(folder);
  const facts = { config, model, adapter: null, keepReference: false, willTrain: true, maxPositions: 512, signal: new AbortController().signal };
  const start = performance.now();
  const options = remoteOptions(config.engine.tinker as NonNullable<Config['engine']['tinker']>, { ...facts, secretOf: (key) => process.env[key] });
  const remote = await TinkerEngine.open(options);
  const openSeconds = (performance.now() - start) / 1000;
  const adapter = join(workspace, 'adapter');
  mkdirSync(adapter);
  await remote.exportWeights(adapter, 'adapter');
  const ours = await LocalEngine.open({ ...local, model: folder, adapter, lora: { rank, alpha: 32, targets: [...loraTargets] } });
  try {
    const tokenizer = await loadTokenizer(folder);
    const prompts = problems.map(({ prompt }) => tokenizer.encodeConversation([...prompt], 'answer'));
    const seeds = prompts.map((_, p) => [4 * p + 1, 4 * p + 2]);
    const request = { prompts, seeds, maxTokens: 12, temperature: 1, topK: 0, topP: 1, stopTokens: tokenizer.stopTokens };
    const { sequences } = await remote.sample(request);
    const asked = sequences.flatMap((all, p) => all.map(({ tokens }) => continued(prompts[p] ?? [], tokens)));
    const sampled = sequences.flat().map(({ logprobs }) => logprobs);
    const before = await remote.forward(asked);
    say({ openSeconds, samplingAgainstForward: largest(sampled, before.logprobs) });
    say({ theirsAgainstOurs: largest(before.logprobs, (await ours.forward(asked)).logprobs) });
    const trained = asked.map((sequence, i): TrainSequence => ({ ...sequence, inputs: inputsOf(sequence, i, before.logprobs[i] ?? []) }));
    const losses = [await updates(remote, trained, 0.01), await updates(ours, trained, 0.01)] as const;
    const [theirs, own] = [await remote.forward(asked), await ours.forward(asked)];
    say({
      afterThreeUpdates: largest(theirs.logprobs, own.logprobs),
      moved: largest(theirs.logprobs, before.logprobs),
      losses: losses.map((all) => all.map(({ loss }) => loss)),
      gradientNorms: losses.map((all) => all.map(({ norm }) => norm)),
    });
    const state = join(workspace, 'state');
    mkdirSync(state);
    await remote.saveState(state);
    const resumed = await TinkerEngine.open({ ...options, willTrain: false, gradientScale: 'mean' });
    await resumed.loadState(state);
    const loaded = await resumed.forward(asked);
    // Without decay: that of SkyRL on JAX takes hold of every adapter it serves, and there are two now.
    const onward = [await updates(remote, trained, 0), await updates(resumed, trained, 0)];
    const ends = [await remote.forward(asked), await resumed.forward(asked)] as const;
    say({
      loadedAgainstSaved: largest(loaded.logprobs, theirs.logprobs),
      afterThreeMoreUpdates: largest(ends[0].logprobs, ends[1].logprobs),
      gradientNorms: onward.map((all) => all.map(({ norm }) => norm)),
    });
    await resumed.dispose();
  } finally {
    await remote.dispose();
    await ours.dispose();
  }
}

/** Credits of both signs, rollouts and refinements. */
function inputsOf({ targets }: ForwardSequence, i: number, behavior: ArrayLike<number>): TrainSequence['inputs'] {
  const values: Record<string, number> = {
    advantages: i % 2 === 0 ? 0.75 : -0.25,
    isOffPolicy: i % 4 === 3 ? 1 : 0,
    weights: 1 / 64,
    uniformWeights: 1 / 40,
  };
  return Object.fromEntries(
    suppliedInputs.map((name) => [name, Float32Array.from(targets, (_, t) => values[name] ?? (behavior[t] as number))] as const),
  );
}

async function updates(engine: Engine, sequences: readonly TrainSequence[], weightDecay: number): Promise<{ loss: number; norm: number }[]> {
  const loss = lossProgram(critiqueGrpo, critiqueGrpo.defaults);
  const made: { loss: number; norm: number }[] = [];
  for (let update = 0; update < 3; update++) {
    const result = await engine.forwardBackward(sequences, loss);
    const { gradientNorm } = await engine.optimStep({
      learningRate: 1e-3,
      beta1: 0.9,
      beta2: 0.999,
      epsilon: 1e-8,
      weightDecay,
      gradientClip: null,
    });
    made.push({ loss: result.loss, norm: gradientNorm });
  }
  return made;
}

async function trainTo(config: Config, workspace: string, what: string): Promise<void> {
  const id = 'skyrl';
  const store = openStore(workspace);
  if (store.run(id) === null) store.createRun({ id, name: id, algorithm: config.algorithm, seed: config.seed, config });
  const start = performance.now();
  const run = await openRun({
    id,
    config,
    store,
    folder: runFolder(workspace, id),
    entries: { engine: '', grader: '' },
    demoFolder: '',
    threads: 2,
    observer: {
      onEvent({ body }) {
        if (body.type !== 'stepFinished') return;
        const { step, loss, gradientNorm, seconds, metrics } = body.update;
        say({ step, loss, gradientNorm, seconds: Math.round(sum(Object.values(seconds))), ...metrics });
      },
    },
    signal: new AbortController().signal,
  });
  try {
    const { reason, before, after } = await train(run);
    const scores = [before, after].map((evaluation) => evaluation?.all.passAt1 ?? null);
    const rewards = store.updates(id).map(({ metrics }) => metrics['reward'] ?? 0);
    say({ what, reason, scores, meanReward: mean(rewards), seconds: Math.round((performance.now() - start) / 1000) });
  } finally {
    await closePolicy(run);
    store.close();
  }
}

function continued(prompt: readonly number[], completion: Int32Array): ForwardSequence {
  return { tokens: Int32Array.from([...prompt, ...completion]), targets: Int32Array.from(completion, (_, t) => prompt.length + t) };
}

function largest(a: readonly ArrayLike<number>[], b: readonly ArrayLike<number>[]): number {
  return Math.max(...a.flatMap((values, i) => Array.from(values, (value, t) => Math.abs(value - (b[i]?.[t] ?? NaN)))));
}

function say(facts: object): void {
  process.stdout.write(`${JSON.stringify(facts)}\n`);
}
