/** A policy that can be asked: model, tokenizer, verifier and prompts, opened and checked. What evaluation needs, and the ground of a training run. */
import { WorkbenchError } from '../core/errors.ts';
import type { Engine } from '../engine/contract.ts';
import { EngineProcess, type EngineProcessOptions } from '../engine/local/client.ts';
import { readModelConfig, type ModelFolder } from '../models/folder.ts';
import type { Problem } from '../protocol/records.ts';
import type { RunConfig } from '../protocol/runConfig.ts';
import type { Grader } from '../rewards/grader.ts';
import type { Verifier } from '../rewards/verifier.ts';
import { problemMessages } from '../text/prompts.ts';
import { loadTokenizer, type Tokenizer } from '../text/tokenizer.ts';
import { findVerifier } from './findPlugin.ts';
import { openGrader } from './grading.ts';
import { maxRows } from './memory.ts';
import { ReopenableEngine } from './reopenableEngine.ts';
import type { RunObserver } from './run.ts';
import { resolveModel } from './sources.ts';

export interface Policy {
  readonly id: string;
  readonly config: RunConfig;
  /** The Hugging Face folder the weights came from. */
  readonly modelFolder: string;
  /** The folder that tokenizer and chat template came from: where a run goes on with an adapter, they may lie beside that. */
  readonly tokenizerFolder: string;
  readonly tokenizer: Tokenizer;
  readonly engine: ReopenableEngine;
  /** Tokens a prompt and its completion may have together. */
  readonly contextLength: number;
  readonly verifier: Verifier;
  /** Where verifiers run that are not bounded in time; undefined when the run's verifier is. */
  readonly graderPool: Grader | undefined;
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
  /** Of the run: keeps which commit of a model on the hub it was started with, so that it goes on with the same. */
  readonly folder?: string;
  /** Of the engine. A run that has been opened before keeps the number it was started with. */
  readonly threads: number;
  readonly observer: RunObserver;
  readonly signal: AbortSignal;
  /** Gets what a reward function of the researcher's own prints; dropped when left out. */
  readonly graderLog?: string;
  /** Starts an engine: the local one in a process of its own when left out. */
  readonly openEngine?: (options: EngineProcessOptions) => Promise<Engine>;
}

/** Longest context prepared for, in tokens; longer ones need rotary tables and caches that a small machine cannot hold. */
export const maxPositions = 32_768;

export async function openPolicy(options: OpenPolicyOptions & { readonly keepReference?: boolean }): Promise<Policy> {
  const { id, observer, signal, demoFolder, folder: pinFolder } = options;
  const verifier = findVerifier(options.config.verifier);
  const onProgress = observer.onDownload?.bind(observer);
  const source = await resolveModel(options.config, {
    demoFolder,
    signal,
    ...(pinFolder === undefined ? {} : { pinFolder }),
    ...(onProgress === undefined ? {} : { onProgress }),
  });
  const { config, folder: modelFolder, tokenizerFolder } = source;
  const tokenizer = await loadTokenizer(tokenizerFolder);
  requireFittingTokenizer(tokenizer, tokenizerFolder, await readModelConfig(modelFolder));
  const engineOptions: EngineProcessOptions = {
    entry: options.entries.engine,
    model: modelFolder,
    ...(config.model.lora === null ? {} : { lora: config.model.lora, adapterSeed: config.seed }),
    ...(source.adapter === null ? {} : { adapter: source.adapter }),
    keepReference: options.keepReference ?? false,
    threads: options.threads,
    maxPositions,
    microBatchTokens: config.training.microBatchTokens,
    layerCheckpointing: config.training.layerCheckpointing,
    ...(config.training.layerwise === null ? {} : { layerwise: config.training.layerwise }),
    halfWeights: config.training.halfWeights,
    maxRows,
  };
  const openEngine = options.openEngine ?? EngineProcess.open;
  const graderPool = await openGrader(verifier, {
    entry: options.entries.grader,
    config,
    ...(options.graderLog === undefined ? {} : { logFile: options.graderLog }),
  });
  const engine = await ReopenableEngine.open(() => openEngine(engineOptions)).catch(async (error: unknown) => {
    await graderPool?.dispose();
    throw error;
  });
  const { maxPositions: contextLength } = await engine.describe();
  const prompts = new Map<string, readonly number[]>();
  return {
    id,
    config,
    modelFolder,
    tokenizerFolder,
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

export async function closePolicy(
  policy: Pick<Policy, 'engine' | 'graderPool'> & { readonly criticModels?: { close(): Promise<void> } },
): Promise<void> {
  await policy.criticModels?.close();
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

/** Throws `tokenizer.noStop`, or `tokenizer.otherModel` for one that gives tokens for which the model has no embedding. */
export function requireFittingTokenizer(tokenizer: Tokenizer, folder: string, { path, config }: ModelFolder): void {
  if (tokenizer.stopTokens.length === 0) {
    throw new WorkbenchError({
      code: 'tokenizer.noStop',
      message: `The model folder ${folder} names no end token, so every completion would run to its limit.`,
      remedy: 'Add "eos_token_id" to its generation_config.json.',
    });
  }
  if (tokenizer.vocabularySize > config.vocabularySize) {
    throw new WorkbenchError({
      code: 'tokenizer.otherModel',
      message: `The tokenizer in ${folder} knows ${tokenizer.vocabularySize} tokens; the model in ${path} has embeddings for ${config.vocabularySize}.`,
      remedy: 'Use the tokenizer.json that belongs to the model.',
    });
  }
}
