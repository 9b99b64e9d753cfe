/**
 * A Tinker-compatible server in this process: it speaks the protocol over HTTP, its models are local engines with adapters on a tiny model, so
 * that its numbers are true, and it can be told to behave badly. Its wire is that of SkyRL 0.3, whose sources it follows.
 */
import { mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import type { TrainSequence } from '../../backend/engine/contract.ts';
import { LocalEngine } from '../../backend/engine/local/localEngine.ts';
import { GraphBuilder } from '../../backend/graph/builder.ts';
import { loraTargets } from '../../backend/models/parameters.ts';
import { tarOf } from './tar.ts';

/** What becomes of a request before it is served, or of its answer after: `dropAfter` does the work and loses the connection. */
export type Mischief = { readonly status: number; readonly retryAfter?: number } | 'drop' | 'dropAfter' | 'nonsense' | 'slow';

interface Datum {
  readonly model_input: { readonly chunks: readonly { readonly tokens: readonly number[] }[] };
  readonly loss_fn_inputs: Readonly<Record<string, { readonly data: readonly number[] }>>;
}

interface ServedModel {
  readonly engine: LocalEngine;
  /** Waits for the optimizer step, as only then their number is known. */
  pending: Datum[];
  updates: number;
}

type Body = Readonly<Record<string, unknown>>;
type Work = (body: Body) => Promise<unknown>;

export interface TinkerServerOptions {
  readonly model: string;
  readonly name?: string;
  readonly scale?: 'sum' | 'mean';
  readonly key?: string;
  /** How often the result of an operation is not there yet. */
  readonly polls?: number;
  readonly tellsNorm?: boolean;
}

/** The loss `importance_sampling`, −Σ a · exp(logπ − logprob). */
const importanceSampling = (() => {
  const g = new GraphBuilder();
  const [logprobs, behavior, advantages] = ['logprobs', 'behavior', 'advantages'].map((name) => g.input(name, 'f32', [2])) as [never, never, never];
  return g.finish({ loss: g.neg(g.sum(g.mul(g.exp(g.sub(logprobs, behavior)), advantages))) });
})();

export class TinkerServer {
  /** Paths in the order in which they were asked, without those of futures and heartbeats. */
  readonly calls: string[] = [];
  readonly bodies: { readonly path: string; readonly body: Body }[] = [];
  heartbeats = 0;
  url = '';
  private readonly options: Required<Omit<TinkerServerOptions, 'key'>> & Pick<TinkerServerOptions, 'key'>;
  private readonly server: Server;
  private readonly models = new Map<string, ServedModel>();
  private readonly saved = new Map<string, string>();
  private readonly samplers = new Map<string, { readonly modelId: string; readonly updates: number }>();
  private readonly futures = new Map<string, { readonly result: Promise<unknown>; polls: number }>();
  private readonly mischief = new Map<string, Mischief[]>();
  private readonly folder = mkdtempSync(join(tmpdir(), 'critique-grpo-tinker-'));
  private readonly sockets = new Set<{ destroy(): void }>();
  private line: Promise<unknown> = Promise.resolve();
  private ids = 0;

  private constructor(options: TinkerServerOptions) {
    this.options = { name: 'tiny', scale: 'sum', polls: 1, tellsNorm: true, ...options };
    this.server = createServer((request, response) => void this.serve(request, response).catch(() => response.destroy()));
    this.server.on('connection', (socket) => {
      this.sockets.add(socket);
      socket.on('close', () => this.sockets.delete(socket));
    });
  }

  static async start(options: TinkerServerOptions): Promise<TinkerServer> {
    const own = new TinkerServer(options);
    await new Promise<void>((resolve) => own.server.listen(0, '127.0.0.1', resolve));
    own.url = `http://127.0.0.1:${(own.server.address() as AddressInfo).port}`;
    return own;
  }

  /** The next requests to that path meet these, one each. */
  misbehave(path: string, ...acts: Mischief[]): void {
    this.mischief.set(path, [...(this.mischief.get(path) ?? []), ...acts]);
  }

  /** As after a restart: models and futures are gone, what was saved is there, unless that is lost too. */
  async forget({ checkpoints = false } = {}): Promise<void> {
    await Promise.all([...this.models.values()].map(({ engine }) => engine.dispose()));
    this.models.clear();
    this.futures.clear();
    if (checkpoints) this.saved.clear();
  }

  get loadedModels(): number {
    return this.models.size;
  }

  async close(): Promise<void> {
    await this.forget();
    for (const socket of this.sockets) socket.destroy();
    await new Promise((resolve) => this.server.close(resolve));
    rmSync(this.folder, { recursive: true, force: true });
  }

  private async serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const path = (request.url ?? '').replace(/^\/api\/v1\//, '');
    const parts: Buffer[] = [];
    for await (const part of request) parts.push(part as Buffer);
    const answer = (status: number, value: unknown, headers: Record<string, string> = {}): void => {
      response.writeHead(status, { 'content-type': 'application/json', ...headers }).end(JSON.stringify(value));
    };
    if (this.options.key !== undefined && request.headers['x-api-key'] !== this.options.key) return answer(401, { detail: 'Invalid API key' });
    const body = (parts.length === 0 ? {} : JSON.parse(Buffer.concat(parts).toString())) as Body;
    const act = this.mischief.get(path)?.shift();
    if (act === 'drop') return void response.destroy();
    if (act === 'slow') await new Promise((resolve) => setTimeout(resolve, 150));
    if (act === 'nonsense') return void response.writeHead(200, { 'content-type': 'text/html' }).end('<html>a proxy</html>');
    if (typeof act === 'object') {
      return answer(act.status, { detail: 'busy' }, act.retryAfter === undefined ? {} : { 'retry-after': String(act.retryAfter) });
    }
    if (path === 'retrieve_future') return this.retrieve(String(body['request_id']), answer);
    if (path === 'session_heartbeat') {
      this.heartbeats += 1;
      return answer(200, {});
    }
    this.calls.push(path.split('/').at(-1) ?? path);
    this.bodies.push({ path, body });
    if (path === 'get_server_capabilities') return answer(200, { supported_models: [{ model_name: this.options.name }] });
    if (path === 'create_session') return answer(200, { session_id: `session_${this.ids++}` });
    if (path.endsWith('/archive')) {
      return void response.writeHead(302, { location: `/api/v1/${path.replace(/archive$/, 'download')}` }).end();
    }
    if (path.endsWith('/download')) return void response.writeHead(200).end(this.archive(path));
    const work = this.works[path];
    if (work === undefined) return answer(404, { detail: 'Not Found' });
    const modelId = path === 'create_model' ? `model_${this.ids++}` : undefined;
    // One after the other, as a server's engine does.
    const result = (this.line = this.line.then(() => work(modelId === undefined ? body : { ...body, model_id: modelId })));
    this.line = this.line.catch(() => undefined);
    result.catch(() => undefined);
    const id = String(this.ids++);
    this.futures.set(id, { result, polls: 0 });
    if (act === 'dropAfter') {
      await this.line;
      return void response.destroy();
    }
    answer(200, { request_id: id, ...(modelId === undefined ? {} : { model_id: modelId }) });
  }

  private async retrieve(id: string, answer: (status: number, value: unknown) => void): Promise<void> {
    const future = this.futures.get(id);
    if (future === undefined) return answer(404, { detail: 'Future not found' });
    future.polls += 1;
    if (future.polls <= this.options.polls) {
      // Servers say "not yet" in one of two ways.
      return future.polls % 2 === 1 ? answer(408, { detail: 'Timeout waiting for result' }) : answer(200, { type: 'try_again', request_id: id });
    }
    try {
      answer(200, await future.result);
    } catch (error) {
      answer(400, { detail: (error as Error).message });
    }
  }

  private readonly works: Readonly<Record<string, Work>> = {
    create_model: async (body) => {
      const { rank, seed } = body['lora_config'] as { rank: number; seed: number };
      const engine = await LocalEngine.open({
        model: this.options.model,
        lora: { rank, alpha: 32, targets: [...loraTargets] },
        adapterSeed: seed,
        threads: 1,
        maxPositions: 512,
        keepReference: false,
        microBatchTokens: 1024,
        layerCheckpointing: false,
        maxRows: 16,
      });
      this.models.set(String(body['model_id']), { engine, pending: [], updates: 0 });
      return { model_id: body['model_id'] };
    },
    unload_model: async (body) => {
      await this.models.get(String(body['model_id']))?.engine.dispose();
      this.models.delete(String(body['model_id']));
      return { model_id: body['model_id'], status: 'unloaded' };
    },
    forward: async (body) => {
      const { data } = body['forward_input'] as { data: Datum[] };
      return this.passed(this.modelOf(body), data);
    },
    forward_backward: async (body) => {
      const { data, loss_fn } = body['forward_backward_input'] as { data: Datum[]; loss_fn: string };
      if (loss_fn !== 'importance_sampling') throw new Error(`Unknown loss function ${loss_fn}`);
      const model = this.modelOf(body);
      model.pending.push(...data);
      return this.passed(model, data);
    },
    optim_step: async (body) => {
      const model = this.modelOf(body);
      const adam = body['adam_params'] as Record<'learning_rate' | 'beta1' | 'beta2' | 'eps' | 'weight_decay', number>;
      const sequences = model.pending.map((datum) => this.trained(datum, model.pending.length));
      model.pending = [];
      await model.engine.forwardBackward(sequences, importanceSampling);
      const { gradientNorm } = await model.engine.optimStep({
        learningRate: adam.learning_rate,
        beta1: adam.beta1,
        beta2: adam.beta2,
        epsilon: adam.eps,
        weightDecay: adam.weight_decay,
        gradientClip: null,
      });
      model.updates += 1;
      return { metrics: this.options.tellsNorm ? { 'skyrl.ai/grad_norm': gradientNorm, 'skyrl.ai/learning_rate': adam.learning_rate } : {} };
    },
    save_weights: async (body) => {
      const path = `tinker://${String(body['model_id'])}/weights/${String(body['path'])}`;
      const folder = join(this.folder, `${this.ids++}`);
      mkdirSync(folder);
      const { engine } = this.modelOf(body);
      await engine.saveState(folder);
      await engine.exportWeights(folder, 'adapter');
      this.saved.set(path, folder);
      return { path, type: 'save_weights' };
    },
    load_weights: async (body) => {
      const folder = this.saved.get(String(body['path']));
      if (folder === undefined) throw new Error(`Checkpoint not found: ${String(body['path'])}`);
      const model = this.modelOf(body);
      await model.engine.loadState(folder);
      return { type: 'load_weights' };
    },
    save_weights_for_sampler: async (body) => {
      const { updates, engine } = this.modelOf(body);
      if (typeof body['path'] === 'string') {
        const folder = join(this.folder, body['path']);
        mkdirSync(folder);
        await engine.exportWeights(folder, 'adapter');
        return { path: `tinker://${String(body['model_id'])}/${body['path']}` };
      }
      const id = `sampling_${this.ids++}`;
      this.samplers.set(id, { modelId: String(body['model_id']), updates });
      return { path: null, type: 'save_weights_for_sampler', sampling_session_id: id };
    },
    asample: async (body) => {
      const params = body['sampling_params'] as {
        max_tokens: number;
        seed: number;
        temperature: number;
        top_k: number;
        top_p: number;
        stop: number[];
      };
      const sampler = this.samplers.get(String(body['sampling_session_id']));
      if (sampler === undefined) throw new Error('Sampling session not found');
      const model = this.modelOf({ model_id: sampler.modelId });
      if (model.updates !== sampler.updates) throw new Error('the weights of that sampling session are of before the last update');
      const { sequences } = await model.engine.sample({
        prompts: [(body['prompt'] as Datum['model_input']).chunks.flatMap(({ tokens }) => [...tokens])],
        seeds: [[params.seed]],
        maxTokens: params.max_tokens,
        temperature: params.temperature,
        topK: Math.max(0, params.top_k),
        topP: params.top_p,
        stopTokens: params.stop,
      });
      const [[one] = []] = sequences;
      return { sequences: [{ stop_reason: one?.finish, tokens: [...(one?.tokens ?? [])], logprobs: [...(one?.logprobs ?? [])] }] };
    },
  };

  private modelOf(body: Body): ServedModel {
    const model = this.models.get(String(body['model_id']));
    if (model === undefined) throw new Error(`Model ${String(body['model_id'])} not loaded`);
    return model;
  }

  private async passed({ engine }: ServedModel, data: readonly Datum[]): Promise<unknown> {
    const { logprobs } = await engine.forward(data.map((datum) => this.trained(datum, 1)));
    return {
      loss_fn_output_type: 'scalar',
      loss_fn_outputs: logprobs.map((values) => ({ logprobs: { data: [...values], dtype: 'float32' } })),
      metrics: {},
    };
  }

  /** `mean`: over the targets of a sequence, then over sequences. */
  private trained({ model_input, loss_fn_inputs }: Datum, nSequences: number): TrainSequence {
    const read = model_input.chunks.flatMap(({ tokens }) => [...tokens]);
    const targets = loss_fn_inputs['target_tokens']?.data ?? [];
    const factor = this.options.scale === 'sum' ? 1 : 1 / (targets.length * nSequences);
    return {
      tokens: Int32Array.from([...read, targets.at(-1) ?? 0]),
      targets: Int32Array.from(targets, (_, t) => t + 1),
      inputs: {
        behavior: Float32Array.from(loss_fn_inputs['logprobs']?.data ?? []),
        advantages: Float32Array.from(loss_fn_inputs['advantages']?.data ?? [], (value) => factor * value),
      },
    };
  }

  private archive(path: string): Buffer {
    const folder = join(this.folder, path.split('/').at(-2) ?? '');
    return gzipSync(tarOf(['adapter_config.json', 'adapter_model.safetensors'].map((name) => ({ name, content: readFileSync(join(folder, name)) }))));
  }
}
