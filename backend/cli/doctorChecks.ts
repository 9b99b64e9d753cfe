/** What can be known of a run before it starts without running its model: its files, its data, and what it will need. */
import { mkdtemp, rm, stat, statfs } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { findAlgorithm } from '../algorithms/findAlgorithm.ts';
import { messageOf } from '../core/errors.ts';
import { readProblems, type LoadedProblems } from '../data/jsonl.ts';
import { estimateTrainingBytes, parameterCount } from '../models/estimate.ts';
import { readModelConfig, type ModelFolder } from '../models/folder.ts';
import { adapterSpecs } from '../models/lora.ts';
import { sizeOf } from '../graph/ir.ts';
import { openWeights } from '../models/weightFiles.ts';
import type { Problem } from '../protocol/records.ts';
import type { RunConfig, Switches } from '../protocol/runConfig.ts';
import { GraderPool } from '../rewards/graderPool.ts';
import { selfTest } from '../rewards/selfTest.ts';
import { openStore } from '../store/openStore.ts';
import { storeFolder } from '../store/workspaceFolders.ts';
import { WriterLock } from '../store/writerLock.ts';
import { problemMessages } from '../text/prompts.ts';
import { loadTokenizer, type Tokenizer } from '../text/tokenizer.ts';
import { findCritic, findVerifier } from '../training/findPlugin.ts';
import { requireData } from '../training/openRun.ts';
import { resolveDemo } from '../training/policy.ts';
import type { Check, Patient, ProblemSets } from './doctorCheck.ts';

const oldestNode = [20, 20] as const;

export const nodeCheck: Check = {
  name: 'node',
  needs: [],
  async examine() {
    const { node } = process.versions;
    const [major = 0, minor = 0] = node.split('.').map(Number);
    const isNew = major > oldestNode[0] || (major === oldestNode[0] && minor >= oldestNode[1]);
    if (isNew) return { status: 'ok', detail: `Node ${node} on ${process.platform} ${process.arch}` };
    return { status: 'failed', detail: `Node ${node} is too old.`, remedy: `Install Node ${oldestNode.join('.')} or newer.` };
  },
};

export const modelCheck: Check = {
  name: 'model',
  needs: [],
  async examine({ config, context }, facts) {
    const path = resolveDemo(config.model.path, context.demoFolder);
    const folder = await readModelConfig(path);
    const weights = await openWeights(path);
    const stored = [...weights.where].map(([name, file]) => file.tensors.get(name)?.dtype ?? 'unknown');
    await weights.close();
    facts.model = folder;
    const adapter = config.model.lora === null ? '' : `, with an adapter of rank ${config.model.lora.rank}`;
    const parameters = parameterCount(folder.config).toLocaleString('en-US');
    return {
      status: 'ok',
      detail: `${folder.config.modelType}, ${parameters} parameters, stored as ${[...new Set(stored)].sort().join(', ')}${adapter}`,
    };
  },
};

export const tokenizerCheck: Check = {
  name: 'tokenizer',
  needs: ['model'],
  async examine(patient, facts) {
    const { path, config } = facts.model as ModelFolder;
    const tokenizer = await loadTokenizer(path);
    if (tokenizer.stopTokens.length === 0) {
      return {
        status: 'failed',
        detail: 'The model folder names no end token: every completion would run to its limit.',
        remedy: 'Add "eos_token_id" to its generation_config.json.',
      };
    }
    if (tokenizer.vocabularySize > config.vocabularySize) {
      return {
        status: 'failed',
        detail: `It knows ${tokenizer.vocabularySize} tokens; the model has embeddings for ${config.vocabularySize}.`,
        remedy: 'Use the tokenizer that belongs to the model.',
      };
    }
    facts.tokenizer = tokenizer;
    const known = `${tokenizer.vocabularySize} tokens, ${tokenizer.stopTokens.length} of them end a completion`;
    // Broken data is the next check's finding.
    const problem = (await readSets(patient).catch(() => undefined))?.train.problems[0];
    if (problem === undefined) return { status: 'ok', detail: known };
    tokenizer.encodeConversation(problemMessages(problem, patient.config.prompt), 'answer');
    const text = problem.prompt.at(-1)?.content ?? '';
    const back = tokenizer.decode(tokenizer.encodeText(text));
    if (back === text) return { status: 'ok', detail: `${known}; a problem comes back as it was` };
    return {
      status: 'warning',
      detail: `Problem ${problem.id} comes back changed: ${JSON.stringify(difference(text, back))} as ${JSON.stringify(difference(back, text))}.`,
      remedy: 'Some characters are not in the vocabulary, or the tokenizer normalizes text; see that answers survive it.',
    };
  },
};

export const dataCheck: Check = {
  name: 'data',
  needs: [],
  async examine(patient, facts) {
    const sets = await readSets(patient);
    const { config } = patient;
    requireData(findAlgorithm(config.algorithm), findCritic(config.critic), sets.train.problems, config);
    facts.problems = sets;
    const { train, heldOut } = sets;
    const detail = `train ${counts(train.problems)}, ${heldOut === undefined ? 'no held-out set' : `held-out ${counts(heldOut.problems)}`}`;
    const skipped = [...train.skipped, ...(heldOut?.skipped ?? [])];
    const [first] = skipped;
    if (first !== undefined) {
      return {
        status: 'warning',
        detail: `${detail}; ${skipped.length} broken rows are left out, the first on line ${first.line}: ${first.reason}`,
        remedy: 'Correct them.',
      };
    }
    if (heldOut !== undefined) return { status: 'ok', detail };
    return {
      status: 'warning',
      detail,
      remedy: 'Name problems that are not trained on as data.heldOut, so that learning can be told from memorizing.',
    };
  },
};

export const verifierCheck: Check = {
  name: 'verifier',
  needs: ['problems'],
  async examine({ config, context, signal }, facts) {
    const verifier = findVerifier(config.verifier);
    const problems = allProblems(facts.problems as ProblemSets);
    const pool = verifier.isBounded === true ? undefined : new GraderPool({ entry: pathToFileURL(context.entries.grader), size: 2 });
    try {
      const missed = await selfTest(verifier, problems, { deadlineMs: 5000, signal, ...(pool === undefined ? {} : { pool }) });
      const [first] = missed;
      if (first === undefined) return { status: 'ok', detail: `${verifier.name} recognizes all ${problems.length} gold answers` };
      return {
        status: missed.length * 2 > problems.length ? 'failed' : 'warning',
        detail: `${verifier.name} misses ${missed.length} of ${problems.length} gold answers, first "${first.answer}" of ${first.problemId}: ${first.reason}`,
        remedy: 'Choose a verifier that fits the answers, or correct the answers.',
      };
    } finally {
      await pool?.dispose();
    }
  },
};

export const promptCheck: Check = {
  name: 'prompts',
  needs: ['model', 'tokenizer', 'problems'],
  async examine({ config }, facts) {
    const { maxPositions } = (facts.model as ModelFolder).config;
    const tokenizer = facts.tokenizer as Tokenizer;
    let longest = { id: '', tokens: 0 };
    for (const problem of allProblems(facts.problems as ProblemSets)) {
      const tokens = tokenizer.encodeConversation(problemMessages(problem, config.prompt), 'answer').length;
      if (tokens > longest.tokens) longest = { id: problem.id, tokens };
    }
    const { maxTokens } = config.sampling;
    const detail = `at most ${longest.tokens} tokens (${longest.id}); with an answer of ${maxTokens} that is ${longest.tokens + maxTokens} of ${maxPositions}`;
    if (longest.tokens + maxTokens > maxPositions) {
      return { status: 'failed', detail, remedy: 'Shorten or remove long problems, or lower sampling.maxTokens.' };
    }
    facts.longestPrompt = longest.tokens;
    // A refinement's prompt holds the problem and an answer, and a second answer follows.
    if (findAlgorithm(config.algorithm).needs.critiques && longest.tokens + 2 * maxTokens >= maxPositions) {
      return {
        status: 'warning',
        detail: `${detail}; a refinement of a long answer has no room`,
        remedy: 'Lower sampling.maxTokens to less than half of the context.',
      };
    }
    return { status: 'ok', detail };
  },
};

/** The two processes before they hold a model: runtime, code and caches, as measured. */
const processBytes = 400 * 2 ** 20;
const cacheRows = 64;
const bytesPerValue = 4;

export const memoryCheck: Check = {
  name: 'memory',
  needs: ['model', 'longestPrompt'],
  async examine({ config: run }, facts) {
    const { config } = facts.model as ModelFolder;
    const length = (facts.longestPrompt as number) + run.sampling.maxTokens;
    const batch = Math.max(1, Math.floor(run.training.microBatchTokens / length));
    const { layerCheckpointing } = run.training;
    const training = estimateTrainingBytes(config, run.model.lora ?? undefined, {
      batch,
      length,
      nTargets: batch * run.sampling.maxTokens,
      layerCheckpointing,
    });
    // The runtime hands out each grown cache as a copy.
    const decoding = 2 * cacheRows * length * 2 * config.nLayers * config.nKvHeads * config.headDim * bytesPerValue;
    const reference = switchesOf(run).klCoefficient > 0 ? parameterCount(config) * bytesPerValue : 0;
    const needed = processBytes + training + decoding + reference;
    const available = process.availableMemory();
    const detail = `about ${size(needed)} (training ${size(training + reference)}, decoding ${size(decoding)}, programs ${size(processBytes)}) of ${size(available)} available`;
    const remedy =
      'Lower training.microBatchTokens or sampling.maxTokens, turn on training.layerCheckpointing, train an adapter (model.lora), or close other programs.';
    if (needed > available) return { status: 'failed', detail, remedy };
    facts.fittingBytes = needed;
    return needed > 0.7 * available ? { status: 'warning', detail, remedy } : { status: 'ok', detail };
  },
};

export const diskCheck: Check = {
  name: 'disk',
  needs: [],
  async examine({ config, workspace }, facts) {
    const folder = await nearestFolder(workspace);
    let trial: string;
    try {
      trial = await mkdtemp(join(folder, '.critique-grpo-doctor-'));
    } catch (error) {
      return {
        status: 'failed',
        detail: `${folder} cannot be written (${messageOf(error)}).`,
        remedy: 'Give another --workspace, or change its permissions.',
      };
    }
    await rm(trial, { recursive: true, force: true });
    const { bavail, bsize } = await statfs(folder);
    const free = bavail * bsize;
    const { model } = facts;
    if (model === undefined) return { status: 'ok', detail: `${size(free)} free; the workspace can be written` };
    const { lora } = config.model;
    const trained =
      lora === null ? parameterCount(model.config) : adapterSpecs(model.config, lora).reduce((sum, { shape }) => sum + sizeOf(shape), 0);
    // Weights and two moments, for the checkpoints kept and one more while it is written.
    const needed = 3 * trained * bytesPerValue * (config.checkpoint.keep + 1);
    const detail = `${size(free)} free; checkpoints take up to ${size(needed)}; the workspace can be written`;
    if (needed < free) return { status: 'ok', detail };
    return { status: 'failed', detail, remedy: 'Free space, lower checkpoint.keep, or give a --workspace on another disk.' };
  },
};

export const storeCheck: Check = {
  name: 'store',
  needs: [],
  async examine({ workspace }) {
    if (!(await exists(join(storeFolder(workspace), 'store.db')))) return { status: 'ok', detail: 'none yet; the first run makes it' };
    if (WriterLock.isHeld(join(storeFolder(workspace), 'writer.lock'))) {
      return {
        status: 'failed',
        detail: `Another process writes the store of ${workspace}.`,
        remedy: 'Stop that run or close that window, or give another --workspace.',
      };
    }
    const store = openStore(workspace, { readOnly: true });
    try {
      return { status: 'ok', detail: `${store.runs().length} runs; nobody writes it` };
    } finally {
      store.close();
    }
  },
};

/** Every switch of a run: the algorithm's own and what the configuration overrides. */
export function switchesOf(config: RunConfig): Switches {
  const overrides = Object.fromEntries(Object.entries(config.switches).filter(([, value]) => value !== undefined));
  return { ...findAlgorithm(config.algorithm).defaults, ...overrides };
}

/** The sets of a run as it will read them. */
async function readSets({ config, context }: Patient): Promise<ProblemSets> {
  const read = (path: string): Promise<LoadedProblems> => readProblems(resolveDemo(path, context.demoFolder), config.data);
  return { train: await read(config.data.train), heldOut: config.data.heldOut === null ? undefined : await read(config.data.heldOut) };
}

function allProblems({ train, heldOut }: ProblemSets): readonly Problem[] {
  return [...train.problems, ...(heldOut?.problems ?? [])];
}

/** `256 (easy 64, medium 96, hard 96)`, in the order of the file. */
function counts(problems: readonly Problem[]): string {
  const byLevel = new Map<string, number>();
  for (const { level } of problems) byLevel.set(level, (byLevel.get(level) ?? 0) + 1);
  return `${problems.length} (${[...byLevel].map(([level, count]) => `${level} ${count}`).join(', ')})`;
}

/** From the first place on where the texts differ, a few characters of the one. */
function difference(text: string, other: string): string {
  const at = [...text].findIndex((character, i) => [...other][i] !== character);
  return [...text]
    .slice(at < 0 ? text.length : at)
    .slice(0, 12)
    .join('');
}

/** The folder itself, or the nearest one above it that there is. */
async function nearestFolder(path: string): Promise<string> {
  return (await exists(path)) || dirname(path) === path ? path : nearestFolder(dirname(path));
}

async function exists(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  );
}

/** Bytes for people: `2.4 MB`. */
function size(bytes: number): string {
  const units = ['B', 'kB', 'MB', 'GB', 'TB'];
  const unit = Math.min(units.length - 1, Math.floor(Math.log10(Math.max(1, bytes)) / 3));
  const value = bytes / 1000 ** unit;
  return `${value >= 100 || unit === 0 ? Math.round(value) : value.toFixed(1)} ${units[unit]}`;
}
