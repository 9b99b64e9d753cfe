/**
 * Tensors that stay on a GPU between runs, for providers whose binding allows it: weights, gradients and caches need not travel in each run.
 * Nothing can be read from such a tensor directly (the binding aborts the process), so copies go through programs of one operator.
 */
import { GraphBuilder } from '../../graph/builder.ts';
import { sizeOf } from '../../graph/ir.ts';
import { compile, runProgram, Tensor, type CompiledProgram, type SessionOptions } from './session.ts';

export class Device {
  private readonly options: SessionOptions;
  private readonly copies = new Map<string, Promise<CompiledProgram>>();
  private readonly zeroTensors = new Map<string, Promise<Tensor>>();
  /** By the tensor of here: the one there with the same numbers. */
  private readonly twins = new Map<Tensor, Tensor>();
  /** Gradients so far that are not yet here (`accumulating.ts`): by the tensor that they belong to, one for each place that adds to it. */
  readonly gradients = new Map<Tensor, Map<string, Tensor>>();

  constructor(options: Omit<SessionOptions, 'device'>) {
    this.options = { ...options, device: this };
  }

  /** A copy there of f32 numbers here. */
  async upload(tensor: Tensor): Promise<Tensor> {
    return (await runProgram(await this.copy(tensor.dims, true), { original: tensor }))['copy'] as Tensor;
  }

  /** The numbers of a tensor that is there. */
  async download(tensor: Tensor): Promise<Float32Array> {
    return ((await runProgram(await this.copy(tensor.dims, false), { original: tensor }))['copy'] as Tensor).data as Float32Array;
  }

  /** Zeros of that shape; never dispose of them. */
  zeros(dims: readonly number[]): Promise<Tensor> {
    const key = dims.join(',');
    const zeros = this.zeroTensors.get(key) ?? this.upload(new Tensor('float32', new Float32Array(sizeOf(dims)), dims));
    this.zeroTensors.set(key, zeros);
    return zeros;
  }

  /** The same numbers there, uploaded if they have no twin yet. */
  async twinsOf(tensors: Readonly<Record<string, Tensor>>): Promise<Record<string, Tensor>> {
    for (const tensor of Object.values(tensors)) if (!this.twins.has(tensor)) this.twins.set(tensor, await this.upload(tensor));
    return this.knownTwins(tensors);
  }

  /** As `twinsOf`, with what has no twin as it is. */
  knownTwins(tensors: Readonly<Record<string, Tensor>>): Record<string, Tensor> {
    return Object.fromEntries(Object.entries(tensors).map(([name, tensor]) => [name, this.twins.get(tensor) ?? tensor]));
  }

  /** After numbers here have changed: their twins are uploaded again when they are next asked for. */
  forget(tensors: Iterable<Tensor>): void {
    for (const tensor of tensors) {
      this.twins.get(tensor)?.dispose();
      this.twins.delete(tensor);
    }
  }

  async dispose(): Promise<void> {
    this.forget([...this.twins.keys()]);
    for (const zeros of this.zeroTensors.values()) (await zeros).dispose();
    for (const copy of this.copies.values()) await (await copy).session.release();
    this.zeroTensors.clear();
    this.copies.clear();
  }

  private copy(dims: readonly number[], isKept: boolean): Promise<CompiledProgram> {
    const key = `${isKept} ${dims.join(',')}`;
    const known = this.copies.get(key);
    if (known !== undefined) return known;
    const g = new GraphBuilder();
    const program = compile(g.finish({ copy: g.input('original', 'f32', dims) }), this.options, () => isKept);
    this.copies.set(key, program);
    return program;
  }
}
