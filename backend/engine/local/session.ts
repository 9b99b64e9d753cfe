/** Inference sessions made from our graphs, kept by shape and released when too many. The door to onnxruntime-node. */
import { InferenceSession, Tensor } from 'onnxruntime-node';
import type { Graph } from '../../graph/ir.ts';
import { toOnnx } from '../../graph/onnx.ts';

export { InferenceSession, Tensor };

export interface SessionOptions {
  readonly threads: number;
}

/** A compiled graph. Feeds are read when the run executes, not when it is called: never change them before awaiting. */
export interface CompiledProgram {
  readonly graph: Graph;
  readonly session: InferenceSession;
}

export async function compile(graph: Graph, options: SessionOptions): Promise<CompiledProgram> {
  const session = await InferenceSession.create(toOnnx(graph), {
    intraOpNumThreads: options.threads,
    interOpNumThreads: 1,
    graphOptimizationLevel: 'all',
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
): Promise<InferenceSession.ReturnType> {
  const read: Record<string, Tensor> = {};
  for (const name of program.session.inputNames) {
    const tensor = feeds[name];
    if (tensor === undefined) throw new Error(`program input ${name} is not fed`);
    read[name] = tensor;
  }
  return fetches === undefined ? program.session.run(read) : program.session.run(read, fetches);
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
