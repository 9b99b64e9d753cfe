/**
 * What a training loop asks of an engine: the operations of the Tinker API (sample, forward, forward_backward, optim_step, save and load),
 * so that one loop drives a local child process or a cluster.
 *
 * Tokens are plain ids. All logprobs are natural logarithms at temperature 1 over the full vocabulary.
 */
import type { Graph } from '../graph/ir.ts';

/** Which weights answer: the trained ones, or the frozen copy made when the model was opened. */
export type WeightsName = 'policy' | 'reference';

export interface EngineDescription {
  readonly modelType: string;
  readonly parameters: number;
  readonly trainableParameters: number;
  readonly vocabularySize: number;
  readonly maxPositions: number;
  /** Optimizer updates made so far, of the loaded state included. */
  readonly policyVersion: number;
  /** Where training and logprobs are computed: `cpu`, or an execution provider for GPUs. */
  readonly provider: string;
  /** Where tokens are sampled, if that is somewhere else. */
  readonly samplingProvider?: string;
  /** Whether the same calls give the same numbers again, bit for bit; false for machines elsewhere. Left out: they do. */
  readonly repeats?: boolean;
  readonly threads: number;
  /** Resident memory of the engine process now and at its peak, in bytes. */
  readonly residentBytes: number;
  readonly peakResidentBytes: number;
}

export interface SampleRequest {
  /** One entry a prompt; every prompt shares one prefill among its sequences. */
  readonly prompts: readonly (readonly number[])[];
  /** For each prompt, one seed a sequence. A sequence depends on its prompt, its seed and the weights only, not on its neighbors. */
  readonly seeds: readonly (readonly number[])[];
  readonly maxTokens: number;
  /** 0 is greedy. */
  readonly temperature: number;
  /** 0 keeps all tokens. */
  readonly topK: number;
  readonly topP: number;
  /** A sequence ends with the first of these; the token is part of it. */
  readonly stopTokens: readonly number[];
  readonly weights?: WeightsName;
}

export interface SampledSequence {
  readonly tokens: Int32Array;
  readonly logprobs: Float32Array;
  readonly finish: 'stop' | 'length';
}

export interface SampleResult {
  /** [prompt][sequence], in the order of the request. */
  readonly sequences: readonly (readonly SampledSequence[])[];
  readonly tokensSampled: number;
}

export interface ForwardSequence {
  readonly tokens: Int32Array;
  /** Ascending indices into `tokens` (each ≥ 1) whose logprob given all tokens before is asked for. */
  readonly targets: Int32Array;
}

export interface ForwardResult {
  /** Per sequence, one value a target. */
  readonly logprobs: readonly Float32Array[];
  /** Entropy of the distribution each target was drawn from, in nats; empty where the engine cannot tell. */
  readonly entropies: readonly Float32Array[];
}

export interface TrainSequence extends ForwardSequence {
  /** The loss program's per-token inputs by name, each as long as `targets`. */
  readonly inputs: Readonly<Record<string, Float32Array>>;
}

/**
 * A loss as a graph over flat [T] vectors of target tokens: inputs `logprobs`, `entropies` and whatever names the algorithm declares,
 * output `loss` (a scalar *sum* over tokens, so that micro-batches add up) and any further scalar sums as metrics.
 * Padding tokens arrive with all inputs 0, hence must contribute 0 (multiply by the weight).
 */
export type LossProgram = Graph;

export interface ForwardBackwardResult {
  readonly loss: number;
  /** The loss program's other outputs, summed over micro-batches. */
  readonly metrics: Readonly<Record<string, number>>;
  readonly logprobs: readonly Float32Array[];
  readonly entropies: readonly Float32Array[];
  /** Tokens that went through the network, padding not counted. */
  readonly tokens: number;
}

/** AdamW with decoupled decay (Loshchilov & Hutter 2019); matrices decay, vectors do not. */
export interface OptimStepRequest {
  readonly learningRate: number;
  readonly beta1: number;
  readonly beta2: number;
  readonly epsilon: number;
  readonly weightDecay: number;
  /** Largest global gradient norm, or null. */
  readonly gradientClip: number | null;
}

export interface OptimStepResult {
  /** Global norm before clipping. */
  readonly gradientNorm: number;
  /** Number of updates made so far: the policy version. */
  readonly policyVersion: number;
}

export interface Engine {
  describe(): Promise<EngineDescription>;
  /** `onProgress` hears the tokens sampled so far; an aborted signal ends between two token steps with an `AbortError`. */
  sample(request: SampleRequest, options?: CallOptions): Promise<SampleResult>;
  forward(sequences: readonly ForwardSequence[], options?: CallOptions & { readonly weights?: WeightsName }): Promise<ForwardResult>;
  /** Adds to the gradient; several calls accumulate until `optimStep`. */
  forwardBackward(sequences: readonly TrainSequence[], loss: LossProgram, options?: CallOptions): Promise<ForwardBackwardResult>;
  /** One update from the accumulated gradient, which is then zero. A gradient that is not finite changes nothing and throws `engine.notFinite`. */
  optimStep(request: OptimStepRequest): Promise<OptimStepResult>;
  /** Writes weights, optimizer moments and the policy version into an existing folder, or where they are kept. */
  saveState(folder: string): Promise<void>;
  loadState(folder: string): Promise<void>;
  /** Writes the policy as an ordinary Hugging Face folder (`config.json`, `model.safetensors`); a LoRA run writes merged weights or a PEFT adapter. */
  exportWeights(folder: string, form: 'merged' | 'adapter'): Promise<void>;
  dispose(): Promise<void>;
}

export interface CallOptions {
  readonly signal?: AbortSignal;
  readonly onProgress?: (done: number) => void;
  /** While sampling: the tokens of each step as they are drawn, those that end a sequence included. */
  readonly onTokens?: (tokens: readonly SampledToken[]) => void;
}

export interface SampledToken {
  readonly prompt: number;
  /** Of the sequence among those of its prompt. */
  readonly index: number;
  readonly token: number;
  readonly logprob: number;
}
