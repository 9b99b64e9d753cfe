/** What `doctor` checks, one function a check, each with its remedy. */
import { mkdir, rm, statfs, writeFile } from 'node:fs/promises';
import { freemem } from 'node:os';
import { join, resolve } from 'node:path';
import { messageOf, WorkbenchError } from '../core/errors.ts';
import { readProblems } from '../data/jsonl.ts';
import type { Problem } from '../protocol/records.ts';
import type { RunConfig } from '../protocol/runConfig.ts';
import { estimateTrainingBytes } from '../models/estimate.ts';
import { readModelConfig } from '../models/folder.ts';
import { selfTest } from '../rewards/selfTest.ts';
import { openStore } from '../store/openStore.ts';
import { requireFittingPrompts, resolveDemo, type Policy } from '../training/policy.ts';

export interface CheckResult {
  readonly name: string;
  /** `warning`: it will work, but look at it. */
  readonly status: 'ok' | 'warning' | 'failed';
  readonly finding: string;
  readonly remedy?: string;
}

const oldestNode = [20, 20] as const;

/** Runs a check; what it throws is its failure. */
export async function check(name: string, find: () => Promise<string | Omit<CheckResult, 'name'>>): Promise<CheckResult> {
  try {
    const found = await find();
    return typeof found === 'string' ? { name, status: 'ok', finding: found } : { name, ...found };
  } catch (error) {
    if (!(error instanceof WorkbenchError)) return { name, status: 'failed', finding: messageOf(error) };
    const finding = error.remedy !== '' && error.message.endsWith(error.remedy) ? error.message.slice(0, -error.remedy.length).trim() : error.message;
    return { name, status: 'failed', finding, remedy: error.remedy };
  }
}

export function checkNode(): Promise<CheckResult> {
  return check('Node', async () => {
    const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
    const isOld = major < oldestNode[0] || (major === oldestNode[0] && minor < oldestNode[1]);
    if (isOld) return { status: 'failed', finding: process.version, remedy: `Install Node ${oldestNode.join('.')} or newer.` };
    return `${process.version} on ${process.platform}-${process.arch}`;
  });
}

export function checkModel(config: RunConfig, demoFolder: string): Promise<CheckResult> {
  return check('model', async () => {
    const { path, config: model } = await readModelConfig(resolveDemo(config.model.path, demoFolder));
    return `${model.modelType}, ${model.nLayers} layers of ${model.hiddenSize}, vocabulary ${model.vocabularySize}, ${model.maxPositions} positions (${path})`;
  });
}

export function checkData(config: RunConfig, demoFolder: string): Promise<CheckResult> {
  return check('data', async () => {
    const parts: string[] = [];
    for (const path of [config.data.train, ...(config.data.heldOut === null ? [] : [config.data.heldOut])]) {
      const { problems, skipped } = await readProblems(resolveDemo(path, demoFolder), config.data);
      parts.push(`${path}: ${countsByLevel(problems)}${skipped.length === 0 ? '' : `, ${skipped.length} broken rows skipped`}`);
    }
    return parts.join('; ');
  });
}

/** Prompts fit the context, a problem survives encoding and decoding, and the verifier knows the gold answers. */
export function checkPolicy(policy: Policy, problems: readonly Problem[]): Promise<CheckResult>[] {
  const { verifier, graderPool, signal, tokenizer } = policy;
  return [
    check('prompts', async () => {
      requireFittingPrompts(policy, problems);
      const longest = Math.max(...problems.map((problem) => policy.promptOf(problem).length));
      return `longest ${longest} tokens, plus ${policy.config.sampling.maxTokens} to answer, of ${policy.contextLength}; ends with ${tokenizer.stopTokens.join(', ')}`;
    }),
    check('verifier', async () => {
      const missed = await selfTest(verifier, problems, { deadlineMs: 5000, signal, ...(graderPool === undefined ? {} : { pool: graderPool }) });
      const first = missed[0];
      if (first === undefined) return `${verifier.name} recognizes all ${problems.length} gold answers`;
      return {
        status: missed.length * 2 > problems.length ? 'failed' : 'warning',
        finding: `${verifier.name} does not recognize ${missed.length} of ${problems.length} gold answers, e.g. "${first.answer}" of ${first.problemId}: ${first.reason}`,
        remedy: 'Choose another verifier, or correct the answers.',
      };
    }),
  ];
}

export function checkMemory(config: RunConfig, demoFolder: string): Promise<CheckResult> {
  return check('memory', async () => {
    const { config: model } = await readModelConfig(resolveDemo(config.model.path, demoFolder));
    const length = Math.min(model.maxPositions, 512);
    const batch = Math.max(1, Math.floor(config.training.microBatchTokens / length));
    const shape = { batch, length, nTargets: batch * length, layerCheckpointing: config.training.layerCheckpointing };
    const needed = estimateTrainingBytes(model, config.model.lora ?? undefined, shape);
    const free = freemem();
    const finding = `a training step takes about ${megabytes(needed)}, ${megabytes(free)} are free`;
    if (needed < 0.8 * free) return finding;
    return {
      status: needed < free ? 'warning' : 'failed',
      finding,
      remedy: 'Lower training.microBatchTokens, turn on training.layerCheckpointing, or train a LoRA adapter (model.lora).',
    };
  });
}

export function checkWorkspace(workspace: string): Promise<CheckResult> {
  return check('workspace', async () => {
    const folder = resolve(workspace, '.critique-grpo');
    await mkdir(folder, { recursive: true });
    const probe = join(folder, '.doctor');
    await writeFile(probe, '');
    await rm(probe);
    openStore(resolve(workspace)).close();
    const { bavail, bsize } = await statfs(folder);
    const free = bavail * bsize;
    if (free < 1e9)
      return {
        status: 'warning',
        finding: `only ${megabytes(free)} of disk are free in ${folder}`,
        remedy: 'Make room: every rollout and the newest checkpoints are kept.',
      };
    return `${folder} is writable, ${megabytes(free)} of disk are free`;
  });
}

/** Samples for a few seconds and says what the run will take. */
export function checkSpeed(policy: Policy, problems: readonly Problem[]): Promise<CheckResult> {
  return check('speed', async () => {
    const { sampling, training } = policy.config;
    const prompts = problems.slice(0, 32).map((problem) => policy.promptOf(problem));
    const request = {
      ...sampling,
      prompts,
      seeds: prompts.map((_, i) => [i]),
      stopTokens: policy.tokenizer.stopTokens,
      maxTokens: Math.min(sampling.maxTokens, 64),
    };
    await policy.engine.sample(request);
    const start = performance.now();
    const { tokensSampled } = await policy.engine.sample(request);
    const rate = tokensSampled / ((performance.now() - start) / 1000);
    const mean = tokensSampled / prompts.length;
    const seconds = (training.steps * training.problemsPerStep * 8 * mean) / rate;
    return `${Math.round(rate).toLocaleString('en-US')} tokens/s sampled; sampling for ${training.steps} steps takes about ${Math.max(1, Math.round(seconds / 60))} min, updates about as long again`;
  });
}

function countsByLevel(problems: readonly Problem[]): string {
  const counts = new Map<string, number>();
  for (const { level } of problems) counts.set(level, (counts.get(level) ?? 0) + 1);
  return `${problems.length} problems (${[...counts].map(([level, count]) => `${level} ${count}`).join(', ')})`;
}

function megabytes(bytes: number): string {
  return bytes >= 1e10 ? `${(bytes / 1e9).toFixed(0)} GB` : `${Math.round(bytes / 1e6).toLocaleString('en-US')} MB`;
}
