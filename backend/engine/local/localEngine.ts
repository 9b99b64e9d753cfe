/** The engine that runs here: graphs of ours on onnxruntime, in the process that calls it. `process.ts` gives it a process of its own. */
import { WorkbenchError } from '../../core/errors.ts';
import {
  defaultLogitsBytes,
  estimateStaticBytes,
  heldWeightBytes,
  mayBeHalf,
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
import { checkPrompts, checkSequences, type Limits } from './requestChecks.ts';
import { sampleSequences } from './sampler.ts';
import { Placement, type Use } from './placement.ts';
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
  private readonly placement: Placement;
  private readonly decoding: ProgramCache;
  private readonly prefill: ProgramCache;
  /** Logprobs and training; the same as `prefill` where they share a provider. */
  private readonly sequences: ProgramCache;
  private policyVersion = 0;

  private constructor(options: LocalEngineOptions, folder: ModelFolder, weights: ModelWeights, positions: number, budget: MemoryBudget) {
    this.options = options;
    this.folder = folder;
    this.weights = weights;
    this.positions = positions;
    this.budget = budget;
    this.placement = new Placement(options);
    const programs = (use: Use, capacity: number, remedy: string): ProgramCache =>
      new ProgramCache(capacity, this.placement.sessionOptions(use), (graph: Graph, title: string) => {
        // How much memory a GPU has is not known here; it refuses what it cannot hold.
        if (this.placement.provider(use) === 'cpu') budget.require(runBytes(graph), title, remedy);
      });
    this.decoding = programs('sampling', decodePrograms, 'Lower sampling.maxTokens.');
    const lessTraining = 'Lower training.microBatchTokens, turn on training.layerCheckpointing, or train an adapter (model.lora).';
    this.sequences = programs('training', sequencePrograms, lessTraining);
    this.prefill = this.placement.isSplit ? programs('sampling', sequencePrograms, lessTraining) : this.sequences;
  }

  /** `config` in place of the folder's serves random weights only. */
  static async open(options: LocalEngineOptions, config?: ModelConfig): Promise<LocalEngine> {
    const folder = await readModelConfig(options.model);
    return LocalEngine.openFolder(options, config === undefined ? folder : { ...folder, config });
  }

  private static async openFolder(options: LocalEngineOptions, folder: ModelFolder): Promise<LocalEngine> {
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

  private get limits(): Limits {
    return { positions: this.positions, vocabularySize: this.config.vocabularySize };
  }

  async describe(): Promise<EngineDescription> {
    return {
      modelType: this.config.modelType,
      parameters: parameterCount(this.config),
      trainableParameters: this.weights.trainable.reduce((sum, { values }) => sum + values.length, 0),
      vocabularySize: this.config.vocabularySize,
      maxPositions: this.positions,
      policyVersion: this.policyVersion,
      provider: this.placement.provider('training'),
      ...(this.placement.isSplit ? { samplingProvider: this.placement.provider('sampling') } : {}),
      threads: this.options.threads,
      residentBytes: process.memoryUsage.rss(),
      peakResidentBytes: process.resourceUsage().maxRSS * 1024,
    };
  }

  async sample(request: SampleRequest, options: CallOptions = {}): Promise<SampleResult> {
    checkPrompts(request.prompts, this.limits);
    const { maxRows, microBatchTokens: maxPrefillTokens } = this.options;
    const { config, positions } = this;
    const budget = this.placement.provider('sampling') === 'cpu' ? this.budget : new MemoryBudget(0, Infinity);
    const weights = request.weights ?? 'policy';
    const model = {
      ...(await this.model(weights, this.decoding, 'sampling')),
      prefillPrograms: this.prefill,
      isOnDevice: this.placement.deviceFor('sampling') !== undefined,
    };
    const isHalf = keepsHalf(this.options);
    const decoding = isHalf ? layerwiseDecoding({ ...model, ...this.layers(weights, 'sampling') }) : wholeGraphDecoding(model);
    const weightBytes = heldWeightBytes(config, { half: isHalf });
    return sampleSequences({ config, positions, budget, maxRows, weightBytes, maxPrefillTokens, decoding }, request, options);
  }

  async forward(sequences: readonly ForwardSequence[], options: CallOptions & { readonly weights?: WeightsName } = {}): Promise<ForwardResult> {
    checkSequences(sequences, this.limits);
    return forwardSequences(await this.runner(options.weights ?? 'policy'), sequences, options);
  }

  async forwardBackward(sequences: readonly TrainSequence[], loss: LossProgram, options: CallOptions = {}): Promise<ForwardBackwardResult> {
    checkSequences(sequences, this.limits);
    try {
      return await forwardBackwardSequences(await this.runner('policy'), sequences, loss, options);
    } catch (error) {
      // A half-finished accumulation belongs to no update.
      this.placement.dropGradients();
      this.weights.clearGradients();
      throw error;
    }
  }

  async optimStep(request: OptimStepRequest): Promise<OptimStepResult> {
    const { trainable } = this.weights;
    await this.placement.collectGradients();
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
    this.weightsChanged();
    this.weights.clearGradients();
    return { gradientNorm, policyVersion: this.policyVersion };
  }

  async saveState(folder: string): Promise<void> {
    await this.exportWeights(folder, this.options.lora === undefined ? 'merged' : 'adapter');
    await saveState(folder, this.weights, this.policyVersion);
  }

  async loadState(folder: string): Promise<void> {
    this.policyVersion = await loadState(folder, this.weights, this.folder, this.options.lora);
    this.weightsChanged();
    this.placement.dropGradients();
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
    return keepsHalf(this.options) ? withStoredTensors(this.folder, save) : save(namedTensors(parameterSpecs(this.config), this.weights.policy));
  }

  async dispose(): Promise<void> {
    for (const programs of new Set([this.decoding, this.prefill, this.sequences])) await programs.dispose();
    await this.placement.dispose();
  }

  private weightsChanged(): void {
    const feeds = this.weights.feeds('policy');
    this.placement.changed(this.weights.trainable.map(({ spec }) => feeds[spec.name] as Tensor));
  }

  private async model(weights: WeightsName, programs: ProgramCache, use: Use) {
    const program = { config: this.config, lora: this.options.lora, positions: this.positions, half: this.weights.halfInLayer };
    return { program, programs, feeds: await this.placement.feeds(use, this.weights.feeds(weights)) };
  }

  private async runner(weights: WeightsName): Promise<MicroBatchRunner> {
    const { layerCheckpointing, microBatchTokens: maxTokens, logitsBytes = defaultLogitsBytes } = this.options;
    const { trainable } = this.weights;
    const model = { ...(await this.model(weights, this.sequences, 'training')), trainable, maxTokens };
    if (!isLayerwise(this.options, this.config)) return wholeGraphRunner({ ...model, layerCheckpointing });
    return layerwiseRunner({ ...model, ...this.layers(weights, 'training'), logitsBytes });
  }

  private layers(weights: WeightsName, use: Use): LayerFeeds {
    return {
      layerFeeds: (layer) => this.placement.knownFeeds(use, this.weights.layerFeeds(weights, layer)),
      embed: (tokens) => this.weights.embed(weights, tokens),
    };
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
  const { whole, half } = await loadHalfParameters(folder, specs, mayBeHalf(config));
  return { policy: whole, half };
}
