/**
 * Models of true published shapes with random weights: one full Critique-GRPO step each through the trainer, with the memory it was
 * foretold and took, and tokens per second. `ONLY=1.5B` runs what begins so; models are made in a temporary folder, `KEEP=folder` in
 * one that stays. A step is 2 problems × 3 rollouts of 48 tokens; every second answer is right, so that there is a signal.
 * The largest models take 16 GB of disk and 20 GB of memory, run when `ONLY` names them, and have 1 problem × 4 rollouts of 8 tokens.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { copySideFiles, readModelConfig } from '../../backend/models/folder.ts';
import { parameterCount } from '../../backend/models/estimate.ts';
import type { Update } from '../../backend/protocol/records.ts';
import { runConfigSchema, type RunConfig } from '../../backend/protocol/runConfig.ts';
import type { Verifier } from '../../backend/rewards/verifier.ts';
import { openStore } from '../../backend/store/openStore.ts';
import { runFolder } from '../../backend/store/workspaceFolders.ts';
import { estimateRunMemory, sequencesAtOnce } from '../../backend/training/memory.ts';
import { openRun } from '../../backend/training/openRun.ts';
import { closePolicy } from '../../backend/training/policy.ts';
import { switchesOf } from '../../backend/training/switches.ts';
import { train } from '../../backend/training/trainer.ts';
import { repositoryRoot } from '../support/sourceTree.ts';

const qwen = {
  model_type: 'qwen2',
  vocab_size: 151_936,
  max_position_embeddings: 32_768,
  rms_norm_eps: 1e-6,
  rope_theta: 1_000_000,
  tie_word_embeddings: true,
  hidden_act: 'silu',
};
/** `config.json` of Qwen2.5-0.5B, 1.5B and 7B, and of Qwen3-8B. */
const shapes = {
  '0.5B': { ...qwen, hidden_size: 896, num_hidden_layers: 24, num_attention_heads: 14, num_key_value_heads: 2, intermediate_size: 4864 },
  '1.5B': { ...qwen, hidden_size: 1536, num_hidden_layers: 28, num_attention_heads: 12, num_key_value_heads: 2, intermediate_size: 8960 },
  '7B': {
    ...qwen,
    vocab_size: 152_064,
    max_position_embeddings: 131_072,
    tie_word_embeddings: false,
    hidden_size: 3584,
    num_hidden_layers: 28,
    num_attention_heads: 28,
    num_key_value_heads: 4,
    intermediate_size: 18_944,
  },
  '8B': {
    ...qwen,
    model_type: 'qwen3',
    max_position_embeddings: 40_960,
    tie_word_embeddings: false,
    head_dim: 128,
    hidden_size: 4096,
    num_hidden_layers: 36,
    num_attention_heads: 32,
    num_key_value_heads: 8,
    intermediate_size: 12_288,
  },
} as const;
type Shape = keyof typeof shapes;

const lora = { rank: 16, alpha: 32 };
interface Case {
  readonly shape: Shape;
  readonly title: string;
  readonly model: object;
  readonly halfWeights?: boolean;
  /** Runs when it is named only, in a step of few tokens. */
  readonly isLarge?: boolean;
}

const cases: readonly Case[] = [
  { shape: '0.5B', title: '0.5B, an adapter', model: { lora } },
  { shape: '0.5B', title: '0.5B, all weights', model: {} },
  { shape: '1.5B', title: '1.5B, an adapter', model: { lora } },
  { shape: '1.5B', title: '1.5B, an adapter, weights as stored', model: { lora }, halfWeights: true },
  { shape: '7B', title: '7B, an adapter, weights as stored', model: { lora }, halfWeights: true, isLarge: true },
  { shape: '8B', title: '8B (Qwen3), an adapter, weights as stored', model: { lora }, halfWeights: true, isLarge: true },
];

/** Of the demonstration, whose tokenizer and problems the models get. */
const tokenizerSize = 216;

let nAnswers = 0;

const everySecond: Verifier = {
  name: 'everySecond',
  summary: 'Every second answer is right.',
  isBounded: true,
  verify() {
    const isRight = nAnswers++ % 2 === 0;
    return {
      status: isRight ? 'right' : 'wrong',
      reward: isRight ? 1 : 0,
      extracted: null,
      reason: `It is number ${nAnswers}.`,
      cause: isRight ? null : 'wrongValue',
    };
  },
};

/** Writes a model folder in a process of its own, as making it takes as much memory as training it. */
function makeModel(folder: string, shape: Shape): string {
  const path = join(folder, shape);
  if (existsSync(join(path, 'tokenizer.json'))) return path;
  mkdirSync(path, { recursive: true });
  writeFileSync(join(path, 'config.json'), JSON.stringify(shapes[shape]));
  const maker = fileURLToPath(new URL('../support/makeRandomModel.ts', import.meta.url));
  const { status } = spawnSync(process.execPath, ['--import', 'tsx', maker, path, String(tokenizerSize)], { cwd: repositoryRoot, stdio: 'inherit' });
  if (status !== 0) throw new Error(`making the model ${shape} ended with ${status}`);
  return path;
}

function configOf(model: string, { model: changes, halfWeights = false, isLarge = false }: Case, problems: string): RunConfig {
  return runConfigSchema.parse({
    model: { path: model, ...changes },
    data: { train: problems, limit: isLarge ? 1 : 2 },
    prompt: { refinement: 'conversation' },
    sampling: { maxTokens: isLarge ? 8 : 48 },
    critic: 'verdict',
    algorithm: 'critiqueGrpo',
    switches: { nRollouts: isLarge ? 4 : 3, kRefinements: 1, critiquesPerProblem: 1, trigger: 'anyWrong' },
    training: { steps: 1, problemsPerStep: isLarge ? 1 : 2, microBatchTokens: isLarge ? 256 : 1024, halfWeights },
    evaluation: { every: 0, finalSamples: 1, failureAttempts: 1 },
  });
}

async function measure(workspace: string, title: string, config: RunConfig): Promise<void> {
  const { config: model } = await readModelConfig(config.model.path);
  const store = openStore(workspace);
  const updates: Update[] = [];
  const start = performance.now();
  const run = await openRun({
    id: 'bench',
    config,
    store,
    folder: runFolder(workspace, 'bench'),
    entries: { engine: join(repositoryRoot, 'dist/engine.js'), grader: join(repositoryRoot, 'dist/grader.js') },
    demoFolder: join(repositoryRoot, 'media/demo'),
    threads: 2,
    observer: { onEvent: ({ body }) => void (body.type === 'stepFinished' && updates.push(body.update)) },
    signal: new AbortController().signal,
  });
  const openSeconds = (performance.now() - start) / 1000;
  try {
    store.createRun({ id: 'bench', name: title, algorithm: config.algorithm, seed: config.seed, config });
    const longestPrompt = Math.max(...run.trainProblems.map((problem) => run.promptOf(problem).length));
    const switches = switchesOf(config);
    const sequences = sequencesAtOnce(config, switches, { train: run.trainProblems.length, heldOut: 0 });
    const estimate = estimateRunMemory(config, switches, model, longestPrompt, sequences).total;
    await train({ ...run, verifier: everySecond });
    const { peakResidentBytes, trainableParameters } = await run.engine.describe();
    const peak = peakResidentBytes + 1024 * process.resourceUsage().maxRSS;
    const [update] = updates;
    const seconds = update?.seconds ?? {};
    const perSecond = (tokens: number, ...phases: string[]): number =>
      Number((tokens / phases.reduce((sum, phase) => sum + (seconds[phase] ?? 0), 0)).toPrecision(3));
    console.log(
      JSON.stringify({
        benchmark: 'realSizes',
        title,
        parameters: parameterCount(model),
        trainableParameters,
        estimateMb: Math.round(estimate / 1e6),
        peakMb: Math.round(peak / 1e6),
        estimateOfPeak: Number((estimate / peak).toFixed(3)),
        openSeconds: Math.round(openSeconds),
        sampledTokensPerSecond: perSecond(update?.tokensSampled ?? 0, 'sample', 'refine'),
        trainedTokensPerSecond: perSecond(update?.tokensTrained ?? 0, 'update'),
        tokensSampled: update?.tokensSampled,
        tokensTrained: update?.tokensTrained,
        loss: update?.loss,
        gradientNorm: update?.gradientNorm,
        seconds: Object.fromEntries(Object.entries(seconds).map(([phase, value]) => [phase, Number(value.toFixed(1))])),
        loadAverage: Number((loadavg()[0] ?? 0).toFixed(1)),
      }),
    );
  } finally {
    await closePolicy(run);
    store.close();
  }
}

const keep = process.env['KEEP'];
const folder = keep ?? mkdtempSync(join(tmpdir(), 'real-sizes-'));
try {
  const problems = join(folder, 'problems.jsonl');
  mkdirSync(folder, { recursive: true });
  const rows = readFileSync(join(repositoryRoot, 'media/demo/train.jsonl'), 'utf8').split('\n').slice(0, 2);
  writeFileSync(problems, `${rows.join('\n')}\n`);
  const only = process.env['ONLY'];
  for (const each of cases) {
    if (only === undefined ? each.isLarge === true : !each.title.startsWith(only)) continue;
    const path = makeModel(folder, each.shape);
    await copySideFiles(join(repositoryRoot, 'media/demo/model'), path);
    const workspace = mkdtempSync(join(tmpdir(), 'real-sizes-run-'));
    try {
      await measure(workspace, each.title, configOf(path, each, problems));
    } finally {
      rmSync(workspace, { recursive: true, force: true });
    }
  }
} finally {
  if (keep === undefined) rmSync(folder, { recursive: true, force: true });
}
