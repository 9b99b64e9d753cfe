/** One model on a Tinker server: created, run, saved, unloaded. The calls of the protocol, typed. */
import { randomBytes } from 'node:crypto';
import type { OptimStepRequest } from '../contract.ts';
import type { TinkerClient } from './client.ts';
import { nonsenseError } from './errors.ts';
import { gradientNormOf } from './scale.ts';
import { adamParams, anyResult, createdModelResult, passResult, savedResult, stepResult, submittedReply, type Datum } from './wire.ts';

export interface ModelSpec {
  /** As the server calls it. */
  readonly baseModel: string;
  /** 0 trains all weights, where the server can. */
  readonly loraRank: number;
  /** Of the adapter's initial weights. */
  readonly seed: number;
}

/** Sequences in one request: bodies stay far below the gigabyte at which servers stop reading. */
const sequencesPerRequest = 64;
const unloadMs = 10_000;

export class RemoteModel {
  readonly id: string;
  private readonly client: TinkerClient;

  private constructor(client: TinkerClient, id: string) {
    this.client = client;
    this.id = id;
  }

  /** Throws `engine.…`. */
  static async create(client: TinkerClient, { baseModel, loraRank, seed }: ModelSpec, signal?: AbortSignal): Promise<RemoteModel> {
    const body = {
      session_id: client.sessionId,
      model_seq_id: client.next(),
      base_model: baseModel,
      lora_config: { rank: loraRank, seed },
      type: 'create_model',
    };
    // A model that is created twice occupies a place until the session ends, and harms nothing else.
    const operation = { path: 'create_model', body: () => body, isRepeatable: true, signal };
    const { request_id, model_id } = await client.post({ ...operation, result: submittedReply });
    if (model_id === undefined)
      return new RemoteModel(client, (await client.result({ ...operation, result: createdModelResult }, request_id)).model_id);
    await client.result({ ...operation, result: anyResult }, request_id);
    return new RemoteModel(client, model_id);
  }

  /** Per datum, one logprob a target token. */
  async forward(data: readonly Datum[], signal?: AbortSignal, onProgress?: (done: number) => void): Promise<number[][]> {
    const logprobs: number[][] = [];
    for (const part of parts(data)) {
      const body = { model_id: this.id, forward_input: { data: part, loss_fn: 'cross_entropy' } };
      const result = await this.client.run({ path: 'forward', body: this.numbered(body), result: passResult, isRepeatable: true, signal });
      for (const [i, datum] of part.entries()) {
        const values = result.loss_fn_outputs[i]?.logprobs?.data;
        const wanted = datum.loss_fn_inputs['target_tokens']?.shape[0];
        if (values === undefined || values.length !== wanted) {
          throw nonsenseError(this.client.server, 'forward', `${values?.length ?? 'no'} logprobs for ${wanted} target tokens`);
        }
        logprobs.push(values);
      }
      onProgress?.(logprobs.length);
    }
    return logprobs;
  }

  /** Adds to the gradient. */
  async forwardBackward(data: readonly Datum[]): Promise<void> {
    for (const part of parts(data)) {
      const body = { model_id: this.id, forward_backward_input: { data: part, loss_fn: 'importance_sampling' } };
      await this.client.run({ path: 'forward_backward', body: this.numbered(body), result: passResult, isRepeatable: false });
    }
  }

  /** One update from the gradient added up; its norm, where the server tells it. */
  async step(request: Omit<OptimStepRequest, 'gradientClip'>): Promise<number | undefined> {
    const body = this.numbered({ model_id: this.id, adam_params: adamParams(request), type: 'optim_step' });
    const { metrics } = await this.client.run({ path: 'optim_step', body, result: stepResult, isRepeatable: false });
    return gradientNormOf(metrics);
  }

  /** Keeps weights and moments on the server; returns their address. A name is never used twice, so that an attempt may be repeated. */
  async save(label: string): Promise<string> {
    let name = '';
    const body = (): Record<string, unknown> => {
      name = freshName(label);
      return { model_id: this.id, path: name, seq_id: this.client.next(), type: 'save_weights' };
    };
    const { path } = await this.client.run({ path: 'save_weights', body, result: savedResult, isRepeatable: true });
    return path ?? `tinker://${this.id}/weights/${name}`;
  }

  /** Weights and moments kept by a model, of this session or another; as the first thing that is asked of this one. */
  async load(path: string): Promise<void> {
    const body = this.numbered({ model_id: this.id, path, optimizer: true, type: 'load_weights' });
    await this.client.run({ path: 'load_weights', body, result: anyResult, isRepeatable: true });
  }

  /** Makes the weights as they are ready to sample from: what `asample` is to name. */
  async publish(): Promise<Record<string, string>> {
    const body = (): Record<string, unknown> => ({
      model_id: this.id,
      sampling_session_seq_id: this.client.next(),
      seq_id: this.client.next(),
      type: 'save_weights_for_sampler',
    });
    const operation = { path: 'save_weights_for_sampler', body, result: savedResult, isRepeatable: true };
    const { path, sampling_session_id } = await this.client.run(operation);
    if (typeof sampling_session_id === 'string') return { sampling_session_id };
    if (typeof path === 'string') return { model_path: path };
    throw nonsenseError(this.client.server, 'save_weights_for_sampler', 'neither a sampling session nor a path');
  }

  /** An archive (tar.gz) of the weights as they are. */
  async archive(): Promise<Uint8Array> {
    let name = '';
    const body = (): Record<string, unknown> => {
      name = freshName('export');
      return { model_id: this.id, path: name, seq_id: this.client.next(), type: 'save_weights_for_sampler' };
    };
    await this.client.run({ path: 'save_weights_for_sampler', body, result: savedResult, isRepeatable: true });
    return this.client.download(`training_runs/${encodeURIComponent(this.id)}/checkpoints/${name}/archive`);
  }

  /** Frees the model's place. What was saved stays. A server that cannot is none the worse: the session's end does the same. */
  async unload(): Promise<void> {
    const body = { model_id: this.id, type: 'unload_model' };
    const signal = AbortSignal.timeout(unloadMs);
    await this.client.run({ path: 'unload_model', body: () => body, result: anyResult, isRepeatable: true, signal }).catch(() => undefined);
  }

  private numbered(body: Record<string, unknown>): () => Record<string, unknown> {
    const seq_id = this.client.next();
    return () => ({ ...body, seq_id });
  }
}

function freshName(label: string): string {
  return `${label}-${randomBytes(6).toString('hex')}`;
}

function parts(data: readonly Datum[]): Datum[][] {
  return Array.from({ length: Math.ceil(data.length / sequencesPerRequest) }, (_, i) =>
    data.slice(i * sequencesPerRequest, (i + 1) * sequencesPerRequest),
  );
}
