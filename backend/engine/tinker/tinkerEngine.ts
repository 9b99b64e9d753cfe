/**
 * The engine on somebody's GPUs: the same calls over HTTP to a Tinker-compatible server. The algorithm stays here: a loss is evaluated here,
 * on the logprobs that the server tells, and the server gets one weight a token (`lossGradient.ts`).
 */
import { WorkbenchError } from '../../core/errors.ts';
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
  SampledSequence,
  SampleRequest,
  SampleResult,
  TrainSequence,
  WeightsName,
} from '../contract.ts';
import { writeAdapterArchive } from './archive.ts';
import { TinkerClient, usualTimes, type ClientOptions } from './client.ts';
import { noNormError, quoted, requireFinite } from './errors.ts';
import { dependsOn, lossGradient } from './lossGradient.ts';
import { measureScale } from './measureScale.ts';
import { backwardData, type PendingGradient } from './pendingGradient.ts';
import { RemoteModel, type ModelSpec } from './remoteModel.ts';
import { sampleRemotely } from './remoteSampling.ts';
import { lostCheckpointError, readRemoteState, writeRemoteState } from './remoteState.ts';
import type { GradientScale } from './scale.ts';
import { requireServedModel } from './servedModels.ts';
import { forwardDatum } from './wire.ts';

export interface TinkerOptions extends ModelSpec {
  readonly baseUrl: string;
  readonly key: string | undefined;
  readonly gradientScale: GradientScale | 'measure';
  /** Measures at once, not with the first optimizer step: what keeps a run from training should come out before it begins. */
  readonly willTrain: boolean;
  /** Keeps an adapter that is never trained: the weights before training. */
  readonly keepReference: boolean;
  /** Of the model's folder on this machine, which must be that of the server's model. */
  readonly description: Pick<EngineDescription, 'modelType' | 'parameters' | 'trainableParameters' | 'vocabularySize' | 'maxPositions'>;
  readonly times?: Partial<Pick<ClientOptions, keyof typeof usualTimes>>;
  readonly signal?: AbortSignal;
}

export class TinkerEngine implements Engine {
  private readonly client: TinkerClient;
  private readonly options: TinkerOptions;
  private scale: GradientScale | undefined;
  private readonly reference: RemoteModel | undefined;
  private model: RemoteModel;
  private policyVersion = 0;
  /** Nothing has been asked of the model yet. */
  private isFresh = true;
  /** The weights to sample from, and the policy version they are of. */
  private sampler: { readonly version: number; readonly source: Readonly<Record<string, string>> } | undefined;
  /** Sent with the optimizer step: how much a sequence counts may depend on how many there are. */
  private gradient: PendingGradient[] = [];

  private constructor(
    client: TinkerClient,
    options: TinkerOptions,
    parts: { scale: GradientScale | undefined; model: RemoteModel; reference: RemoteModel | undefined },
  ) {
    this.client = client;
    this.options = options;
    this.scale = parts.scale;
    this.model = parts.model;
    this.reference = parts.reference;
  }

  /** Throws `engine.…`, or the signal's reason. */
  static async open(options: TinkerOptions): Promise<TinkerEngine> {
    const { baseUrl, key, signal, times, gradientScale, willTrain } = options;
    const client = await TinkerClient.open({ baseUrl, key, ...usualTimes, ...times }, signal);
    try {
      await requireServedModel(client, options.baseModel, signal);
      let scale = gradientScale === 'measure' ? undefined : gradientScale;
      if (willTrain) scale ??= await measureScale(client, options, signal);
      const model = await RemoteModel.create(client, options, signal);
      const reference = options.keepReference ? await RemoteModel.create(client, options, signal) : undefined;
      return new TinkerEngine(client, options, { scale, model, reference });
    } catch (error) {
      client.close();
      throw error;
    }
  }

  describe(): Promise<EngineDescription> {
    return Promise.resolve({
      ...this.options.description,
      policyVersion: this.policyVersion,
      provider: `the Tinker server ${this.client.server}`,
      repeats: false,
      threads: 0,
      residentBytes: 0,
      peakResidentBytes: 0,
    });
  }

  async sample(request: SampleRequest, options: CallOptions = {}): Promise<SampleResult> {
    const source = request.weights === 'reference' ? { base_model: this.options.baseModel } : await this.samplerSource();
    const sampled = await sampleRemotely(this.client, source, request, options);
    const { temperature, topK, topP } = request;
    // Only of the plain distribution do all servers tell the logprobs that the contract wants.
    const isPlain = temperature === 1 && topK === 0 && topP === 1;
    const sequences = isPlain ? sampled : await this.withPlainLogprobs(request, sampled, options);
    options.onTokens?.(
      sequences.flatMap((all, prompt) =>
        all.flatMap(({ tokens, logprobs }, index) => [...tokens].map((token, t) => ({ prompt, index, token, logprob: logprobs[t] as number }))),
      ),
    );
    return { sequences, tokensSampled: sequences.flat().reduce((sum, { tokens }) => sum + tokens.length, 0) };
  }

  /** Without entropies, which do not cross the wire. */
  async forward(sequences: readonly ForwardSequence[], options: CallOptions & { readonly weights?: WeightsName } = {}): Promise<ForwardResult> {
    const { signal, onProgress, weights = 'policy' } = options;
    const model = weights === 'policy' ? this.model : this.requireReference();
    this.isFresh = false;
    const all = await model.forward(
      sequences.map(({ tokens }) => forwardDatum(tokens)),
      signal,
      onProgress,
    );
    return { logprobs: sequences.map(({ targets }, s) => Float32Array.from(targets, (at) => all[s]?.[at - 1] ?? NaN)), entropies: [] };
  }

  /** A forward pass; the gradient it leads to is sent with the next optimizer step. Throws `engine.notRemote` for a loss that needs entropies. */
  async forwardBackward(sequences: readonly TrainSequence[], loss: LossProgram, options: CallOptions = {}): Promise<ForwardBackwardResult> {
    if (dependsOn(loss, 'entropies')) {
      throw new WorkbenchError({
        code: 'engine.notRemote',
        message: 'The loss needs entropies, and only logprobs of tokens cross the wire to a Tinker server.',
        remedy: 'Set switches.entropyCoefficient to 0.',
      });
    }
    const { logprobs, entropies } = await this.forward(sequences, options);
    const { loss: value, metrics, weights } = lossGradient(loss, sequences, logprobs);
    requireFinite([value, ...weights.flatMap((own) => [...own])], 'the loss or its gradient by a logprob');
    this.gradient.push(...sequences.map((sequence, s) => ({ sequence, logprobs: logprobs[s] as Float32Array, weights: weights[s] as Float64Array })));
    return { loss: value, metrics, logprobs, entropies, tokens: sequences.reduce((sum, { tokens }) => sum + tokens.length, 0) };
  }

  async optimStep(request: OptimStepRequest): Promise<OptimStepResult> {
    const gradient = this.gradient;
    this.gradient = [];
    this.isFresh = false;
    this.scale ??= await measureScale(this.client, this.options);
    await this.model.forwardBackward(backwardData(gradient, this.scale));
    const gradientNorm = await this.model.step(request);
    this.policyVersion += 1;
    if (gradientNorm === undefined) throw noNormError(this.client.server);
    requireFinite([gradientNorm], 'the norm of the gradient');
    return { gradientNorm, policyVersion: this.policyVersion };
  }

  async saveState(folder: string): Promise<void> {
    this.isFresh = false;
    const path = await this.model.save(`v${this.policyVersion}`);
    const { baseModel, loraRank } = this.options;
    await writeRemoteState(folder, { server: this.client.server, baseModel, loraRank, path, policyVersion: this.policyVersion });
  }

  /** Throws `checkpoint.lost` where the server no longer has what the folder names. */
  async loadState(folder: string): Promise<void> {
    const state = await readRemoteState(folder, this.options);
    // Servers load into a model that nothing has been asked of.
    if (!this.isFresh) {
      await this.model.unload();
      this.model = await RemoteModel.create(this.client, this.options);
    }
    this.isFresh = false;
    this.gradient = [];
    this.sampler = undefined;
    try {
      await this.model.load(state.path);
    } catch (error) {
      if (!(error instanceof WorkbenchError) || error.code !== 'engine.refused') throw error;
      throw lostCheckpointError(this.client.server, folder, state, quoted(error.message));
    }
    this.policyVersion = state.policyVersion;
  }

  /** The adapter, as the server packs it. Throws `export.notRemote` for merged weights, whose base is not here. */
  async exportWeights(folder: string, form: 'merged' | 'adapter'): Promise<void> {
    if (form === 'merged' || this.options.loraRank === 0) {
      throw new WorkbenchError({
        code: 'export.notRemote',
        message: `The weights of the base model are on the Tinker server ${this.client.server}, which hands out adapters only.`,
        remedy: 'Export the adapter (--form adapter) and merge it where the base model is.',
      });
    }
    this.isFresh = false;
    await writeAdapterArchive(folder, await this.model.archive(), this.client.server);
  }

  async dispose(): Promise<void> {
    await Promise.all([this.model.unload(), this.reference?.unload()]);
    this.client.close();
  }

  private async samplerSource(): Promise<Readonly<Record<string, string>>> {
    if (this.sampler?.version !== this.policyVersion) {
      this.isFresh = false;
      this.sampler = { version: this.policyVersion, source: await this.model.publish() };
    }
    return this.sampler.source;
  }

  private async withPlainLogprobs(
    request: SampleRequest,
    sampled: readonly SampledSequence[][],
    { signal }: CallOptions,
  ): Promise<SampledSequence[][]> {
    const asked = sampled.flatMap((all, p) => all.map(({ tokens }) => continuation(request.prompts[p] ?? [], tokens)));
    const { logprobs } = await this.forward(asked, { ...(signal === undefined ? {} : { signal }), weights: request.weights ?? 'policy' });
    let at = 0;
    return sampled.map((all) => all.map((sequence) => ({ ...sequence, logprobs: logprobs[at++] as Float32Array })));
  }

  private requireReference(): RemoteModel {
    if (this.reference !== undefined) return this.reference;
    throw new WorkbenchError({
      code: 'engine.noReference',
      message: 'The weights before training were not kept.',
      remedy: 'Open the engine with keepReference.',
    });
  }
}

function continuation(prompt: readonly number[], completion: Int32Array): ForwardSequence {
  const tokens = Int32Array.from([...prompt, ...completion]);
  return { tokens, targets: Int32Array.from(completion, (_, t) => prompt.length + t) };
}
