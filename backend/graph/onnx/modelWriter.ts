/** Collects the nodes and initializers of one ONNX model; equal initializers and casts are written once. */
import { type Shape, sizeOf } from '../ir.ts';
import type { ProtoMessage } from '../../core/protobuf.ts';
import { type Attributes, dataTypes, int, nodeProto, tensor, tensorProto, type TensorType } from './proto.ts';

/** The domain of ONNX Runtime's own operators. */
export const microsoft = 'com.microsoft';

/** Above this many elements a filled tensor is made by the runtime when it loads the file, so that it does not bloat it. */
const maxFilledElements = 1 << 12;

export class ModelWriter {
  readonly nodes: ProtoMessage[] = [];
  readonly initializers: ProtoMessage[] = [];
  private readonly shared = new Map<string, string>();
  private nTemporaries = 0;

  emit(opType: string, inputs: readonly string[], outputs: readonly string[], attributes: Attributes = {}, domain = ''): void {
    this.nodes.push(nodeProto({ opType, domain, inputs, outputs, attributes }));
  }

  /** Emits a node with one output that nothing outside its form reads; returns the name of that output. */
  temporary(opType: string, inputs: readonly string[], attributes: Attributes = {}, domain = ''): string {
    const name = `t${this.nTemporaries++}`;
    this.emit(opType, inputs, [name], attributes, domain);
    return name;
  }

  initializer(name: string, type: TensorType, shape: Shape, data: ArrayLike<number> | number): void {
    this.initializers.push(tensorProto(type, shape, data, name));
  }

  /** A tensor of one repeated number under the given name. */
  fill(name: string, type: TensorType, shape: Shape, value: number): void {
    if (sizeOf(shape) <= maxFilledElements) return this.initializer(name, type, shape, value);
    this.emit('ConstantOfShape', [this.ints(shape)], [name], { value: tensor(tensorProto(type, [1], value)) });
  }

  /** A one-dimensional i64 initializer, the form in which ONNX takes shapes and axes. */
  ints(values: readonly number[]): string {
    return this.once(`i64[${values.join(',')}]`, (name) => this.initializer(name, 'i64', [values.length], values));
  }

  scalar(type: TensorType, value: number): string {
    return this.once(`${type}:${Object.is(value, -0) ? '-0' : value}`, (name) => this.initializer(name, type, [], value));
  }

  /** 0, 1, …, width − 1 as i32 [1, width]. */
  row(width: number): string {
    return this.once(`row of ${width}`, (name) =>
      this.initializer(
        name,
        'i32',
        [1, width],
        Array.from({ length: width }, (_, i) => i),
      ),
    );
  }

  zeros(type: TensorType, shape: Shape): string {
    return this.once(`zeros ${type}[${shape.join(',')}]`, (name) => this.fill(name, type, shape, 0));
  }

  /** The named i32 value as i64. */
  asInt64(name: string): string {
    return this.once(`i64 of ${name}`, (cast) => this.emit('Cast', [name], [cast], { to: int(dataTypes.i64) }));
  }

  private once(key: string, make: (name: string) => void): string {
    const known = this.shared.get(key);
    if (known !== undefined) return known;
    const name = `c${this.shared.size}`;
    this.shared.set(key, name);
    make(name);
    return name;
  }
}
