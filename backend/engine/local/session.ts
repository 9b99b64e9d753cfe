/** Inference sessions made from our graphs, kept by shape and released when too many. The door to onnxruntime-node. */
import { InferenceSession, listSupportedBackends, Tensor } from 'onnxruntime-node';
import { largestGarbage } from '../../models/estimate.ts';
import { gradientPrefix } from '../../models/programs.ts';
import type { Graph } from '../../graph/ir.ts';
import { toOnnx } from '../../graph/onnx.ts';
import type { Device } from './device.ts';
import { engineEnvironment, heapSetting } from './environment.ts';
import { providerError } from './providerErrors.ts';
import { providerTraits, type ProviderName } from './providers.ts';

export { InferenceSession, listSupportedBackends, Tensor };

export interface SessionOptions {
  readonly threads: number;
  /** The CPU if left out. */
  readonly provider?: ProviderName;
  /** What lies on the provider's device between runs, where it keeps tensors there. */
  readonly device?: Device;
}

/** A compiled graph. Feeds are read when the run executes, not when it is called: never change them before awaiting. */
export interface CompiledProgram {
  readonly graph: Graph;
  readonly session: InferenceSession;
  readonly options: SessionOptions;
}

/**
 * The runtime's own arena keeps the largest run of every session for itself. Where the process's heap is set up to keep what it has
 * (`engineEnvironment`) all sessions share that instead, at the same speed; elsewhere large blocks would go back to the system and be
 * faulted in again at every run.
 */
export const sharesHeap = process.env[heapSetting] === engineEnvironment[heapSetting];

const isGradient = (output: string): boolean => output.startsWith(gradientPrefix);

/** `kept` outputs, gradients if left out, stay on the device, if there is one; whoever asks for them disposes of them. */
export async function compile(graph: Graph, options: SessionOptions, kept: (output: string) => boolean = isGradient): Promise<CompiledProgram> {
  const { provider = 'cpu' } = options;
  const session = await InferenceSession.create(toOnnx(graph, { fused: provider === 'cpu' }), {
    intraOpNumThreads: options.threads,
    interOpNumThreads: 1,
    graphOptimizationLevel: 'all',
    enableCpuMemArena: !sharesHeap,
    // The memory-pattern block would sit on top of the arena and double the memory.
    enableMemPattern: false,
    logSeverityLevel: 3,
    // Waiting threads spin for as long as the next node of a small program is away, which makes decoding a quarter faster, and no longer:
    // every session has threads of its own, and others want the processor too.
    extra: { session: { intra_op: { allow_spinning: '1', spin_duration_us: '20' }, force_spinning_stop: '1' } },
    ...(provider === 'cpu' ? {} : onProvider(provider, options.device === undefined ? [] : graph.outputs.map(({ name }) => name).filter(kept))),
  }).catch((error: unknown) => {
    throw providerError(error, provider);
  });
  globalThis.gc?.();
  return { graph, session, options };
}

function onProvider(provider: ProviderName, kept: readonly string[]): InferenceSession.SessionOptions {
  return {
    executionProviders: [{ name: provider, ...providerTraits[provider].options }],
    ...(kept.length === 0 ? {} : { preferredOutputLocation: Object.fromEntries(kept.map((name) => [name, 'gpu-buffer' as const])) }),
  };
}

/** Runs a program on the feeds it reads; others are ignored (a graph drops inputs that reach no output, such as the head in prefill). */
export async function runProgram(
  program: CompiledProgram,
  feeds: Readonly<Record<string, Tensor>>,
  fetches?: Readonly<Record<string, Tensor | null>>,
): Promise<Record<string, Tensor>> {
  const read: Record<string, Tensor> = {};
  for (const name of program.session.inputNames) {
    const tensor = feeds[name];
    if (tensor === undefined) throw new Error(`program input ${name} is not fed`);
    read[name] = tensor;
  }
  try {
    return await (fetches === undefined ? program.session.run(read) : program.session.run(read, fetches));
  } catch (error) {
    throw providerError(error, program.options.provider ?? 'cpu');
  }
}

let copied = 0;

/**
 * A run hands out a copy of every output, of those too that were written where they belong. Called after such copies of `bytes` have
 * gone out of reach, it collects them before they are many; it needs `engineArguments`.
 */
export function letCopiesGo(bytes: number): void {
  copied += bytes;
  if (copied < largestGarbage) return;
  copied = 0;
  globalThis.gc?.();
}

/** Least-recently-used programs by key. */
export class ProgramCache {
  private readonly programs = new Map<string, CompiledProgram>();
  private readonly capacity: number;
  private readonly options: SessionOptions;
  private readonly requireMemory: (graph: Graph, title: string) => void;

  /** `requireMemory` throws if a program is too large to run. */
  constructor(capacity: number, options: SessionOptions, requireMemory: (graph: Graph, title: string) => void) {
    this.capacity = capacity;
    this.options = options;
    this.requireMemory = requireMemory;
  }

  /** `title` says what the program does, as the begin of a sentence; with the variant it is the key. `kept` as of `compile`. */
  async get(title: string, variant: string, build: () => Graph, kept?: (output: string) => boolean): Promise<CompiledProgram> {
    const key = `${title} ${variant}`;
    const known = this.programs.get(key);
    if (known !== undefined) {
      this.programs.delete(key);
      this.programs.set(key, known);
      return known;
    }
    const graph = build();
    this.requireMemory(graph, title);
    while (this.programs.size >= this.capacity) {
      const [oldest, program] = this.programs.entries().next().value as [string, CompiledProgram];
      this.programs.delete(oldest);
      await program.session.release();
    }
    const program = await compile(graph, this.options, kept);
    this.programs.set(key, program);
    return program;
  }

  async dispose(): Promise<void> {
    for (const { session } of this.programs.values()) await session.release();
    this.programs.clear();
  }
}
