/** A policy that can be asked: model, tokenizer, verifier and prompts, opened and checked. What evaluation needs, and the ground of a training run. */
import { WorkbenchError } from '../core/errors.ts';
import type { Engine } from '../engine/contract.ts';
import { EngineProcess, type EngineProcessOptions } from '../engine/local/client.ts';
import type { Providers } from '../engine/local/providers.ts';
import { readModelConfig, type ModelFolder } from '../models/folder.ts';
import type { Problem } from '../protocol/records.ts';
import type { RunConfig } from '../protocol/runConfig.ts';
import type { Grader } from '../rewards/grader.ts';
import type { Verifier } from '../rewards/verifier.ts';
import { problemMessages } from '../text/prompts.ts';
import { loadTokenizer, type Tokenizer } from '../text/tokenizer.ts';
import { chooseProviders, machineOf, onCpu, requireRight, type ProviderChoice } from './engineProviders.ts';
import { findVerifier } from './findPlugin.ts';
import { openGrader } from './grading.ts';
import { maxRows } from './memory.ts';
import { ReopenableEngine } from './reopenableEngine.ts';
import type { RunObserver } from './run.ts';
import { openRemoteEngine, type SecretOf } from './remoteEngine.ts';
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
  /** Where the engine computes, and why. */
  readonly providers: ProviderChoice;
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
  /** Where the engine computes; chosen by the configuration when left out. */
  readonly providers?: Providers;
  readonly observer: RunObserver;
  readonly signal: AbortSignal;
  /** Gets what a reward function of the researcher's own prints; dropped when left out. */
  readonly graderLog?: string;
  /** Where keys of servers are found; the environment of this process when left out. */
  readonly surroundings?: { readonly secretOf: SecretOf };
  /** Starts an engine: that of the configuration, the local one in a process of its own, when left out. */
  readonly openEngine?: (options: EngineProcessOptions) => Promise<Engine>;
}

/** Longest context prepared for, in tokens; longer ones need rotary tables and caches that a small machine cannot hold. */
export const maxPositions = 32_768;

/** `willTrain`: what training needs of a server elsewhere is found out at once. */
export async function openPolicy(options: OpenPolicyOptions & { readonly keepReference?: boolean; readonly willTrain?: boolean }): Promise<Policy> {
  const { id, observer, signal, demoFolder, folder: pinFolder } = options;
  const verifier = findVerifier(options.config.verifier);
  const onProgress = observer.onDownload?.bind(observer);
  const { tinker } = options.config.engine;
  const source = await resolveModel(options.config, {
    demoFolder,
    signal,
    // The weights of a run on a server are there.
    part: tinker === null ? 'all' : 'description',
    ...(pinFolder === undefined ? {} : { pinFolder }),
    ...(onProgress === undefined ? {} : { onProgress }),
  });
  const { config, folder: modelFolder, tokenizerFolder } = source;
  const tokenizer = await loadTokenizer(tokenizerFolder);
  const model = await readModelConfig(modelFolder);
  requireFittingTokenizer(tokenizer, tokenizerFolder, model);
  const { entries, threads, keepReference = false } = options;
  const engineOptions: EngineProcessOptions = {
    ...engineOptionsOf(config, { entry: entries.engine, model: modelFolder, threads, keepReference }),
    ...(source.adapter === null ? {} : { adapter: source.adapter }),
  };
  const openEngine = options.openEngine ?? EngineProcess.open;
  const providers = await providersFor(options, engineOptions);
  const placed: EngineProcessOptions = { ...engineOptions, provider: providers.training, samplingProvider: providers.sampling };
  const graderPool = await openGrader(verifier, {
    entry: options.entries.grader,
    config,
    ...(options.graderLog === undefined ? {} : { logFile: options.graderLog }),
  });
  const open =
    tinker === null || options.openEngine !== undefined
      ? () => openEngine(placed)
      : () =>
          openRemoteEngine(tinker, {
            config,
            model: model.config,
            adapter: source.adapter,
            keepReference,
            willTrain: options.willTrain ?? false,
            maxPositions,
            secretOf: options.surroundings?.secretOf ?? ((name) => process.env[name]),
            signal,
          });
  const engine = await ReopenableEngine.open(open).catch(async (error: unknown) => {
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
    providers,
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

/** Of the local engine, as a run's configuration has them. */
export function engineOptionsOf(
  { model: { lora }, seed, training }: RunConfig,
  own: Pick<EngineProcessOptions, 'entry' | 'model' | 'threads' | 'keepReference'>,
): EngineProcessOptions {
  const { microBatchTokens, layerCheckpointing, layerwise, halfWeights } = training;
  return {
    ...own,
    ...(lora === null ? {} : { lora, adapterSeed: seed }),
    maxPositions,
    microBatchTokens,
    layerCheckpointing,
    ...(layerwise === null ? {} : { layerwise }),
    halfWeights,
    maxRows,
  };
}

async function providersFor({ providers, config, openEngine }: OpenPolicyOptions, engine: EngineProcessOptions): Promise<ProviderChoice> {
  if (config.engine.tinker !== null) return onCpu;
  const machine = machineOf(engine);
  if (providers !== undefined) {
    await requireRight(providers, machine);
    return providers;
  }
  const asked = config.engine.provider;
  // An engine of another kind knows its machine itself.
  return asked === 'auto' && openEngine !== undefined ? onCpu : chooseProviders(asked, machine);
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
