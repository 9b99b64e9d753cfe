/** A policy that can be asked: model, tokenizer, verifier and prompts, opened and checked. What evaluation needs, and the ground of a training run. */
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { WorkbenchError } from '../core/errors.ts';
import type { Engine } from '../engine/contract.ts';
import { EngineProcess, type EngineProcessOptions } from '../engine/local/client.ts';
import type { Problem } from '../protocol/records.ts';
import type { RunConfig } from '../protocol/runConfig.ts';
import { GraderPool } from '../rewards/graderPool.ts';
import type { Verifier } from '../rewards/verifier.ts';
import { problemMessages } from '../text/prompts.ts';
import { loadTokenizer, type Tokenizer } from '../text/tokenizer.ts';
import { findVerifier } from './findPlugin.ts';
import { maxRows } from './memory.ts';
import { ReopenableEngine } from './reopenableEngine.ts';
import type { RunObserver } from './run.ts';

export interface Policy {
  readonly id: string;
  readonly config: RunConfig;
  /** The Hugging Face folder the weights came from. */
  readonly modelFolder: string;
  readonly tokenizer: Tokenizer;
  readonly engine: ReopenableEngine;
  /** Tokens a prompt and its completion may have together. */
  readonly contextLength: number;
  readonly verifier: Verifier;
  /** Where verifiers run that are not bounded in time; undefined when the run's verifier is. */
  readonly graderPool: GraderPool | undefined;
  /** The exact token ids a problem is sampled and trained from. */
  promptOf(problem: Problem): readonly number[];
  readonly observer: RunObserver;
  readonly signal: AbortSignal;
}

/** Built entries of the processes that a policy starts. */
export interface Entries {
  /** `dist/engine.js` */
  readonly engine: string;
  /** `dist/grader.js` */
  readonly grader: string;
}

export interface OpenPolicyOptions {
  readonly id: string;
  readonly config: RunConfig;
  readonly entries: Entries;
  /** What `demo:` in paths stands for. */
  readonly demoFolder: string;
  /** Of the engine. A run that has been opened before keeps the number it was started with. */
  readonly threads: number;
  readonly observer: RunObserver;
  readonly signal: AbortSignal;
  /** Starts an engine: the local one in a process of its own when left out. */
  readonly openEngine?: (options: EngineProcessOptions) => Promise<Engine>;
}

/** Longest context prepared for, in tokens; longer ones need rotary tables and caches that a small machine cannot hold. */
export const maxPositions = 32_768;

export async function openPolicy(options: OpenPolicyOptions & { readonly keepReference?: boolean }): Promise<Policy> {
  const { id, config, observer, signal } = options;
  const modelFolder = resolveDemo(config.model.path, options.demoFolder);
  const verifier = findVerifier(config.verifier);
  const tokenizer = await loadTokenizer(modelFolder);
  if (tokenizer.stopTokens.length === 0) {
    throw new WorkbenchError({
      code: 'tokenizer.noStop',
      message: `The model folder ${modelFolder} names no end token, so every completion would run to its limit.`,
      remedy: 'Add "eos_token_id" to its generation_config.json.',
    });
  }
  const engineOptions: EngineProcessOptions = {
    entry: options.entries.engine,
    model: modelFolder,
    ...(config.model.lora === null ? {} : { lora: config.model.lora, adapterSeed: config.seed }),
    keepReference: options.keepReference ?? false,
    threads: options.threads,
    maxPositions,
    microBatchTokens: config.training.microBatchTokens,
    layerCheckpointing: config.training.layerCheckpointing,
    maxRows,
  };
  const openEngine = options.openEngine ?? EngineProcess.open;
  const engine = await ReopenableEngine.open(() => openEngine(engineOptions));
  const { maxPositions: contextLength } = await engine.describe();
  const graderPool = verifier.isBounded === true ? undefined : new GraderPool({ entry: pathToFileURL(options.entries.grader), size: 2 });
  const prompts = new Map<string, readonly number[]>();
  return {
    id,
    config,
    modelFolder,
    tokenizer,
    engine,
    contextLength,
    verifier,
    graderPool,
    observer,
    signal,
    promptOf(problem) {
      const known = prompts.get(problem.id);
      if (known !== undefined) return known;
      const tokens = tokenizer.encodeConversation(problemMessages(problem, config.prompt), 'answer');
      prompts.set(problem.id, tokens);
      return tokens;
    },
  };
}

export async function closePolicy(policy: Pick<Policy, 'engine' | 'graderPool'>): Promise<void> {
  await policy.engine.dispose();
  await policy.graderPool?.dispose();
}

/** Throws `prompt.tooLong` for the first problem whose prompt and longest completion do not fit the context. */
export function requireFittingPrompts(policy: Policy, problems: readonly Problem[]): void {
  const { maxTokens } = policy.config.sampling;
  for (const problem of problems) {
    const length = policy.promptOf(problem).length;
    if (length + maxTokens <= policy.contextLength) continue;
    throw new WorkbenchError({
      code: 'prompt.tooLong',
      message: `Problem ${problem.id} has a prompt of ${length} tokens; with sampling.maxTokens ${maxTokens} it exceeds the model's context of ${policy.contextLength}.`,
      remedy: 'Shorten or remove the problem, or lower sampling.maxTokens.',
    });
  }
}

/** `demo:train.jsonl` lies in the bundled demonstration; other paths are as they are. */
export function resolveDemo(path: string, demoFolder: string): string {
  return path.startsWith('demo:') ? join(demoFolder, path.slice('demo:'.length)) : path;
}
