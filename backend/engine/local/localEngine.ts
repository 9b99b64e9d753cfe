/** The engine that runs here: graphs of ours on onnxruntime, in the process that calls it. `process.ts` gives it a process of its own. */
import { WorkbenchError } from '../../core/errors.ts';
import {
  defaultLogitsBytes,
  estimateStaticBytes,
  heldWeightBytes,
  isLayerMatrix,
  parameterCount,
  prefersLayers,
  runBytes,
} from '../../models/estimate.ts';
import type { Graph } from '../../graph/ir.ts';
import type { ModelConfig } from '../../models/config.ts';
import {
  loadHalfParameters,
  loadParameters,
  namedTensors,
  readModelConfig,
  saveTensors,
  withStoredTensors,
  type ModelFolder,
} from '../../models/folder.ts';
import { initializeAdapter, initializeParameters } from '../../models/initialize.ts';
import { loadAdapter, mergeLora, saveAdapterFolder } from '../../models/lora.ts';
import { parameterSpecs } from '../../models/parameters.ts';
import { ropeTables } from '../../models/rope.ts';
import type { TensorSource } from '../../models/safetensors.ts';
import type { HalfArray } from '../../models/floats.ts';
import type {
  CallOptions,
  Engine,
  EngineDescription,
  ForwardBackwardResult,
  ForwardResult,
  ForwardSequence,
  LossProgram,
  OptimStepRequest,
  OptimStepResult,
  SampleRequest,
  SampleResult,
  TrainSequence,
  WeightsName,
} from '../contract.ts';
import { adamW, clipScale, globalNorm } from './adamw.ts';
import { wholeGraphDecoding } from './decoding.ts';
import { layerwiseRunner, type LayerFeeds } from './layerwise.ts';
import { layerwiseDecoding } from './layerwiseDecoding.ts';
import { MemoryBudget } from './memoryBudget.ts';
import type { LocalEngineOptions } from './messages.ts';
import { forwardBackwardSequences, forwardSequences, type MicroBatchRunner } from './microBatches.ts';
import { sampleSequences } from './sampler.ts';
import { ProgramCache, sharesHeap, Tensor } from './session.ts';
import { loadState, saveState } from './state.ts';
import { ModelWeights } from './weights.ts';
import { wholeGraphRunner } from './wholeGraph.ts';

/** Programs kept. Those over whole sequences each hold their largest run where sessions do not share a heap. */
const decodePrograms = 48;
const sequencePrograms = sharesHeap ? 24 : 4;

export class LocalEngine implements Engine {
  private readonly options: LocalEngineOptions;
  private readonly folder: ModelFolder;
  private readonly weights: ModelWeights;
  private readonly positions: number;
  private readonly budget: MemoryBudget;
  private readonly decoding: ProgramCache;
  /** Prefill, logprobs and training. */
  private readonly sequences: ProgramCache;
  private policyVersion = 0;

  private constructor(options: LocalEngineOptions, folder: ModelFolder, weights: ModelWeights, positions: number, budget: MemoryBudget) {
    this.options = options;
    this.folder = folder;
    this.weights = weights;
    this.positions = positions;
    this.budget = budget;
    const requireMemory =
      (remedy: string) =>
      (graph: Graph, title: string): void =>
        budget.require(runBytes(graph), title, remedy);
    this.decoding = new ProgramCache(decodePrograms, options, requireMemory('Lower sampling.maxTokens.'));
    const lessTraining = 'Lower training.microBatchTokens, turn on training.layerCheckpointing, or train an adapter (model.lora).';
    this.sequences = new ProgramCache(sequencePrograms, options, requireMemory(lessTraining));
  }

  static async open(options: LocalEngineOptions): Promise<LocalEngine> {
    const folder = await readModelConfig(options.model);
    const { config } = folder;
    const specs = parameterSpecs(config, options.lora);
    const { lora, keepReference } = options;
    const holding = { lora, keepReference, layerwise: isLayerwise(options, config), half: keepsHalf(options) };
    const staticBytes = estimateStaticBytes(config, holding);
    const budget = new MemoryBudget(staticBytes, options.memoryBytes);
    budget.require(0, `The model in ${options.model}`, 'Train an adapter (model.lora) or choose a smaller model.');
    const { policy, half } = await openParameters(options, folder);
    if (lora !== undefined) {
      for (const [name, values] of initializeAdapter(specs, options.adapterSeed ?? 0)) policy.set(name, values);
      if (options.adapter !== undefined) await loadAdapter(options.adapter, config, lora, policy);
    }
    const positions = Math.min(config.maxPositions, options.maxPositions);
    const tables = ropeTables(config.rope, config.headDim, positions);
    const shape = [positions, config.headDim / 2];
    const weights = new ModelWeights(
      specs,
      { policy, half },
      { cos: new Tensor('float32', tables.cos, shape), sin: new Tensor('float32', tables.sin, shape) },
      keepReference,
    );
    return new LocalEngine(options, folder, weights, positions, budget);
  }

  get config(): ModelConfig {
    return this.folder.config;
  }

  async describe(): Promise<EngineDescription> {
    return {
      modelType: this.config.modelType,
      parameters: parameterCount(this.config),
      trainableParameters: this.weights.trainable.reduce((sum, { values }) => sum + values.length, 0),
      vocabularySize: this.config.vocabularySize,
      maxPositions: this.positions,
      policyVersion: this.policyVersion,
      provider: 'cpu',
      threads: this.options.threads,
      residentBytes: process.memoryUsage.rss(),
      peakResidentBytes: process.resourceUsage().maxRSS * 1024,
    };
  }

  async sample(request: SampleRequest, options: CallOptions = {}): Promise<SampleResult> {
    request.prompts.forEach((prompt, i) => {
      if (prompt.length === 0 || prompt.length >= this.positions) {
        throw new WorkbenchError({
          code: 'prompt.length',
          message: `Prompt ${i} has ${prompt.length} tokens; the model has ${this.positions} positions for a prompt and its completion.`,
          remedy: 'Shorten the problem, or open the model with more positions.',
        });
      }
      this.checkTokens(prompt, `prompt ${i}`);
    });
    const { maxRows, microBatchTokens: maxPrefillTokens } = this.options;
    const { config, positions, budget } = this;
    const model = { ...this.model(request.weights ?? 'policy', this.decoding), prefillPrograms: this.sequences };
    const decoding = this.weights.isHalf ? layerwiseDecoding({ ...model, ...this.layers(request.weights ?? 'policy') }) : wholeGraphDecoding(model);
    const weightBytes = heldWeightBytes(config, { half: this.weights.isHalf });
    return sampleSequences({ config, positions, budget, maxRows, weightBytes, maxPrefillTokens, decoding }, request, options);
  }

  async forward(sequences: readonly ForwardSequence[], options: CallOptions & { readonly weights?: WeightsName } = {}): Promise<ForwardResult> {
    this.checkSequences(sequences);
    return forwardSequences(this.runner(options.weights ?? 'policy'), sequences, options);
  }

  async forwardBackward(sequences: readonly TrainSequence[], loss: LossProgram, options: CallOptions = {}): Promise<ForwardBackwardResult> {
    this.checkSequences(sequences);
    try {
      return await forwardBackwardSequences(this.runner('policy'), sequences, loss, options);
    } catch (error) {
      // A half-finished accumulation belongs to no update.
      this.weights.clearGradients();
      throw error;
    }
  }

  async optimStep(request: OptimStepRequest): Promise<OptimStepResult> {
    const { trainable } = this.weights;
    const gradientNorm = globalNorm(trainable);
    if (!Number.isFinite(gradientNorm)) {
      const bad = trainable.filter(({ gradient }) => !gradient.every((value) => Number.isFinite(value))).map(({ spec }) => spec.name);
      this.weights.clearGradients();
      throw new WorkbenchError({
        code: 'engine.notFinite',
        message: `The gradient of ${bad.slice(0, 3).join(', ') || 'the policy'}${bad.length > 3 ? ` and ${bad.length - 3} more` : ''} is infinite or NaN. No update was made; the weights are those of the last good step.`,
        remedy: 'Lower the learning rate, or resume from an earlier checkpoint.',
      });
    }
    this.policyVersion++;
    adamW(trainable, request, this.policyVersion, clipScale(gradientNorm, request.gradientClip));
    this.weights.clearGradients();
    return { gradientNorm, policyVersion: this.policyVersion };
  }

  async saveState(folder: string): Promise<void> {
    await this.exportWeights(folder, this.options.lora === undefined ? 'merged' : 'adapter');
    await saveState(folder, this.weights, this.policyVersion);
  }

  async loadState(folder: string): Promise<void> {
    this.policyVersion = await loadState(folder, this.weights, this.folder, this.options.lora);
    this.weights.clearGradients();
  }

  async exportWeights(folder: string, form: 'merged' | 'adapter'): Promise<void> {
    const { lora } = this.options;
    if (form === 'adapter') {
      if (lora === undefined) {
        throw new WorkbenchError({
          code: 'export.noAdapter',
          message: 'This run trains all weights, so there is no adapter to export.',
          remedy: 'Export the merged form.',
        });
      }
      return saveAdapterFolder(folder, this.folder, lora, this.weights.policy);
    }
    const save = (base: readonly TensorSource[]): Promise<void> =>
      saveTensors(folder, this.folder, lora === undefined ? base : mergeLora(base, lora, this.weights.policy));
    // Frozen weights are still as the folder has them.
    return this.weights.isHalf ? withStoredTensors(this.folder, save) : save(namedTensors(parameterSpecs(this.config), this.weights.policy));
  }

  async dispose(): Promise<void> {
    await this.decoding.dispose();
    await this.sequences.dispose();
  }

  private model(weights: WeightsName, programs: ProgramCache) {
    return { program: { config: this.config, lora: this.options.lora, positions: this.positions }, programs, feeds: this.weights.feeds(weights) };
  }

  private runner(weights: WeightsName): MicroBatchRunner {
    const { layerCheckpointing, microBatchTokens: maxTokens, logitsBytes = defaultLogitsBytes } = this.options;
    const { trainable } = this.weights;
    const model = { ...this.model(weights, this.sequences), trainable, maxTokens };
    if (!isLayerwise(this.options, this.config)) return wholeGraphRunner({ ...model, layerCheckpointing });
    return layerwiseRunner({ ...model, ...this.layers(weights), logitsBytes });
  }

  private layers(weights: WeightsName): LayerFeeds {
    const embedding = this.weights.feeds(weights)['embedding']?.data as Float32Array;
    return { layerFeeds: (layer) => this.weights.layerFeeds(weights, layer), embedding };
  }

  private checkSequences(sequences: readonly ForwardSequence[]): void {
    sequences.forEach(({ tokens, targets }, i) => {
      if (tokens.length - 1 > this.positions) {
        throw new WorkbenchError({
          code: 'sequence.length',
          message: `Sequence ${i} has ${tokens.length} tokens; the model has ${this.positions} positions.`,
          remedy: 'Lower sampling.maxTokens, or open the model with more positions.',
        });
      }
      this.checkTokens(tokens, `sequence ${i}`);
      targets.forEach((target, k) => {
        if (target < 1 || target >= tokens.length || (k > 0 && target <= (targets[k - 1] as number))) {
          throw new Error(`sequence ${i}: target ${k} is ${target}; targets ascend from 1 to ${tokens.length - 1}`);
        }
      });
    });
  }

  /** An id outside the vocabulary would read a neighbor's memory or fail deep inside a run. */
  private checkTokens(tokens: ArrayLike<number>, where: string): void {
    const { vocabularySize } = this.config;
    for (let i = 0; i < tokens.length; i++) {
      const token = tokens[i] as number;
      if (!Number.isInteger(token) || token < 0 || token >= vocabularySize) {
        throw new WorkbenchError({
          code: 'token.outOfVocabulary',
          message: `Token ${i} of ${where} is ${token}; the model's vocabulary has ${vocabularySize} entries.`,
          remedy: 'Use the tokenizer that belongs to the model.',
        });
      }
    }
  }
}

function isLayerwise(options: LocalEngineOptions, config: ModelConfig): boolean {
  return keepsHalf(options) || (options.layerwise ?? prefersLayers(config, options.microBatchTokens));
}

/** What is trained is not kept at half precision: updates would be lost in rounding. */
function keepsHalf({ lora, halfWeights = false, initialSeed }: LocalEngineOptions): boolean {
  return halfWeights && lora !== undefined && initialSeed === undefined;
}

async function openParameters(
  options: LocalEngineOptions,
  folder: ModelFolder,
): Promise<{ policy: Map<string, Float32Array>; half: ReadonlyMap<string, HalfArray> }> {
  const { config } = folder;
  const specs = parameterSpecs(config);
  if (options.initialSeed !== undefined) return { policy: initializeParameters(config, options.initialSeed), half: new Map() };
  if (!keepsHalf(options)) return { policy: await loadParameters(folder, specs), half: new Map() };
  const { whole, half } = await loadHalfParameters(folder, specs, isLayerMatrix);
  return { policy: whole, half };
}
