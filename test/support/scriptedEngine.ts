/** A deterministic engine for tests of the loop: it says what a script tells it to, and remembers what it was asked. */
import { createHash } from 'node:crypto';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
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
} from '../../backend/engine/contract.ts';
import type { Tokenizer } from '../../backend/text/tokenizer.ts';

export interface Asked {
  /** The prompt as text, special tokens included. */
  readonly prompt: string;
  readonly seed: number;
  /** Place among the sequences of its prompt. */
  readonly index: number;
  /** Changes with every update, and is the same again after a checkpoint is loaded. */
  readonly weights: string;
}

/** A completion: text that ends by itself, or one that is cut off. */
export type Completion = string | { readonly cut: string };
export type Script = (asked: Asked) => Completion;

/** Called before each call is served, with how often its method was called before; may throw or abort. */
export type Fault = (method: Call['method'], earlier: number) => void;

export type Call =
  | { readonly method: 'sample'; readonly request: SampleRequest; readonly prompts: readonly string[] }
  | { readonly method: 'forward'; readonly sequences: readonly ForwardSequence[]; readonly weights: WeightsName }
  | { readonly method: 'forwardBackward'; readonly sequences: readonly TrainSequence[]; readonly loss: LossProgram }
  | { readonly method: 'optimStep'; readonly request: OptimStepRequest }
  | { readonly method: 'saveState'; readonly folder: string }
  | { readonly method: 'loadState'; readonly folder: string };

/** Every token's logprob, by what is asked: when it is sampled, and afterwards given the problem alone by the policy and the reference. */
export const scriptedLogprobs = { sampled: -0.5, policy: -1.5, reference: -2 } as const;

export class ScriptedEngine implements Engine {
  readonly calls: Call[] = [];
  isDisposed = false;
  private readonly tokenizer: Tokenizer;
  private readonly script: Script;
  private readonly fault: Fault;
  private policyVersion = 0;
  private weights = 'initial';
  private gradient = '';

  constructor(tokenizer: Tokenizer, script: Script, fault: Fault = () => undefined) {
    this.tokenizer = tokenizer;
    this.script = script;
    this.fault = fault;
  }

  callsOf<M extends Call['method']>(method: M): Extract<Call, { readonly method: M }>[] {
    return this.calls.filter((call): call is Extract<Call, { readonly method: M }> => call.method === method);
  }

  describe(): Promise<EngineDescription> {
    const { policyVersion } = this;
    const sizes = { parameters: 1, trainableParameters: 1, vocabularySize: this.tokenizer.vocabularySize, maxPositions: 512 };
    return Promise.resolve({ modelType: 'scripted', ...sizes, policyVersion, provider: 'none', threads: 1, residentBytes: 0, peakResidentBytes: 0 });
  }

  async sample(request: SampleRequest, options: CallOptions = {}): Promise<SampleResult> {
    const prompts = request.prompts.map((prompt) => this.tokenizer.decode(prompt));
    await this.begin({ method: 'sample', request, prompts }, options);
    const sequences = prompts.map((prompt, p) =>
      (request.seeds[p] ?? []).map((seed, index) => this.sequenceOf(this.script({ prompt, seed, index, weights: this.weights }), request)),
    );
    sequences.forEach((ofPrompt, prompt) => ofPrompt.forEach((sequence, index) => tell(options.onTokens, prompt, index, sequence)));
    return { sequences, tokensSampled: sequences.flat().reduce((total, { tokens }) => total + tokens.length, 0) };
  }

  async forward(sequences: readonly ForwardSequence[], options: CallOptions & { readonly weights?: WeightsName } = {}): Promise<ForwardResult> {
    const weights = options.weights ?? 'policy';
    await this.begin({ method: 'forward', sequences, weights }, options);
    return forwardResult(sequences, scriptedLogprobs[weights]);
  }

  async forwardBackward(sequences: readonly TrainSequence[], loss: LossProgram, options: CallOptions = {}): Promise<ForwardBackwardResult> {
    await this.begin({ method: 'forwardBackward', sequences, loss }, options);
    this.gradient += JSON.stringify(sequences);
    const tokens = sequences.reduce((total, sequence) => total + sequence.tokens.length, 0);
    return { loss: sequences.length, metrics: {}, tokens, ...forwardResult(sequences, scriptedLogprobs.policy) };
  }

  async optimStep(request: OptimStepRequest): Promise<OptimStepResult> {
    await this.begin({ method: 'optimStep', request });
    this.weights = createHash('sha1')
      .update(this.weights + this.gradient + String(request.learningRate))
      .digest('hex');
    this.gradient = '';
    return { gradientNorm: 1, policyVersion: ++this.policyVersion };
  }

  async saveState(folder: string): Promise<void> {
    await this.begin({ method: 'saveState', folder });
    await writeFile(join(folder, 'scripted.json'), JSON.stringify({ weights: this.weights, policyVersion: this.policyVersion }));
  }

  async loadState(folder: string): Promise<void> {
    await this.begin({ method: 'loadState', folder });
    Object.assign(this, JSON.parse(await readFile(join(folder, 'scripted.json'), 'utf8')));
    this.gradient = '';
  }

  exportWeights(): Promise<void> {
    return Promise.reject(new Error('a scripted engine has no weights to export'));
  }

  dispose(): Promise<void> {
    this.isDisposed = true;
    return Promise.resolve();
  }

  private async begin(call: Call, { signal, onProgress }: CallOptions = {}): Promise<void> {
    const earlier = this.callsOf(call.method).length;
    this.calls.push(call);
    await Promise.resolve();
    this.fault(call.method, earlier);
    signal?.throwIfAborted();
    onProgress?.(1);
  }

  private sequenceOf(completion: Completion, { maxTokens }: SampleRequest): SampledSequence {
    const isCut = typeof completion !== 'string';
    const text = this.tokenizer.encodeText(isCut ? completion.cut : completion);
    const tokens = Int32Array.from(isCut ? text : [...text, this.tokenizer.eosToken ?? 0]);
    if (tokens.length > maxTokens) throw new Error(`the script says ${tokens.length} tokens, more than ${maxTokens}`);
    return { tokens, logprobs: new Float32Array(tokens.length).fill(scriptedLogprobs.sampled), finish: isCut ? 'length' : 'stop' };
  }
}

function tell(onTokens: CallOptions['onTokens'], prompt: number, index: number, { tokens, logprobs }: SampledSequence): void {
  tokens.forEach((token, t) => onTokens?.([{ prompt, index, token, logprob: logprobs[t] as number }]));
}

function forwardResult(sequences: readonly ForwardSequence[], logprob: number): ForwardResult {
  const filled = (value: number): Float32Array[] => sequences.map(({ targets }) => new Float32Array(targets.length).fill(value));
  return { logprobs: filled(logprob), entropies: filled(1) };
}
