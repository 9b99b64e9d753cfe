/** Inference sessions made from our graphs, kept by shape and released when too many. The door to onnxruntime-node. */
import { InferenceSession, Tensor } from 'onnxruntime-node';
import type { Graph } from '../../graph/ir.ts';
import { toOnnx } from '../../graph/onnx.ts';
import { engineEnvironment, heapSetting } from './environment.ts';

export { InferenceSession, Tensor };

export interface SessionOptions {
  readonly threads: number;
}

/** A compiled graph. Feeds are read when the run executes, not when it is called: never change them before awaiting. */
export interface CompiledProgram {
  readonly graph: Graph;
  readonly session: InferenceSession;
}

/**
 * The runtime's own arena keeps the largest run of every session for itself. Where the process's heap is set up to keep what it has
 * (`engineEnvironment`) all sessions share that instead, at the same speed; elsewhere large blocks would go back to the system and be
 * faulted in again at every run.
 */
const sharesHeap = process.env[heapSetting] === engineEnvironment[heapSetting];

export async function compile(graph: Graph, options: SessionOptions): Promise<CompiledProgram> {
  const session = await InferenceSession.create(toOnnx(graph), {
    intraOpNumThreads: options.threads,
    interOpNumThreads: 1,
    graphOptimizationLevel: 'all',
    enableCpuMemArena: !sharesHeap,
    // The memory-pattern block would sit on top of the arena and double the memory.
    enableMemPattern: false,
    logSeverityLevel: 3,
    // Every session has threads of its own; spinning ones would take the processor from whichever session runs next.
    extra: { session: { intra_op: { allow_spinning: '0' } } },
  });
  return { graph, session };
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
  return fetches === undefined ? program.session.run(read) : program.session.run(read, fetches);
}

/** Copies of outputs that are let pile up. */
const largestGarbage = 32e6;
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

/** Least-recently-used programs by key. Each holds an arena as large as its largest run, so the number kept bounds memory. */
export class ProgramCache {
  private readonly programs = new Map<string, CompiledProgram>();
  private readonly capacity: number;
  private readonly options: SessionOptions;

  constructor(capacity: number, options: SessionOptions) {
    this.capacity = capacity;
    this.options = options;
  }

  async get(key: string, build: () => Graph): Promise<CompiledProgram> {
    const known = this.programs.get(key);
    if (known !== undefined) {
      this.programs.delete(key);
      this.programs.set(key, known);
      return known;
    }
    while (this.programs.size >= this.capacity) {
      const [oldest, program] = this.programs.entries().next().value as [string, CompiledProgram];
      this.programs.delete(oldest);
      await program.session.release();
    }
    const program = await compile(build(), this.options);
    this.programs.set(key, program);
    return program;
  }

  async dispose(): Promise<void> {
    for (const { session } of this.programs.values()) await session.release();
    this.programs.clear();
  }
}
