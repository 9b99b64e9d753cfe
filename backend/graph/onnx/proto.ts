/** The ONNX messages that a generated model needs, with the field numbers of onnx.proto. */
import type { DType, Shape } from '../ir.ts';
import { ProtoMessage } from '../../core/protobuf.ts';

/** `i64` exists only inside a model, where ONNX wants 64-bit indexes. */
export type TensorType = DType | 'i64';

/** TensorProto.DataType. */
export const dataTypes: { readonly [T in TensorType]: number } = { f32: 1, i32: 6, i64: 7, bool: 9, f16: 10 };

export type Attribute =
  | { readonly kind: 'float'; readonly value: number }
  | { readonly kind: 'int'; readonly value: number }
  | { readonly kind: 'ints'; readonly value: readonly number[] }
  | { readonly kind: 'text'; readonly value: string }
  | { readonly kind: 'tensor'; readonly value: ProtoMessage };

export const float = (value: number): Attribute => ({ kind: 'float', value });
export const int = (value: number): Attribute => ({ kind: 'int', value });
export const ints = (value: readonly number[]): Attribute => ({ kind: 'ints', value });
export const text = (value: string): Attribute => ({ kind: 'text', value });
export const tensor = (value: ProtoMessage): Attribute => ({ kind: 'tensor', value });

export type Attributes = Readonly<Record<string, Attribute>>;

export interface OnnxNode {
  readonly opType: string;
  readonly domain: string;
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  readonly attributes: Attributes;
}

/** NodeProto, named after its first output so that profiles and messages of a runtime point back at a value. */
export function nodeProto(node: OnnxNode): ProtoMessage {
  const message = new ProtoMessage();
  for (const input of node.inputs) message.text(1, input);
  for (const output of node.outputs) message.text(2, output);
  message.text(3, `${node.opType}:${node.outputs[0] ?? ''}`).text(4, node.opType);
  for (const [name, attribute] of Object.entries(node.attributes)) message.message(5, attributeProto(name, attribute));
  if (node.domain !== '') message.text(7, node.domain);
  return message;
}

function attributeProto(name: string, attribute: Attribute): ProtoMessage {
  const message = new ProtoMessage().text(1, name);
  switch (attribute.kind) {
    case 'float':
      return message.float(2, attribute.value).int(20, 1);
    case 'int':
      return message.int(3, attribute.value).int(20, 2);
    case 'text':
      return message.text(4, attribute.value).int(20, 3);
    case 'tensor':
      return message.message(5, attribute.value).int(20, 4);
    case 'ints':
      return message.ints(8, attribute.value).int(20, 7);
    default:
      return attribute satisfies never;
  }
}

/** TensorProto with raw data; `data` is one number for every element or a row-major list. */
export function tensorProto(type: TensorType, shape: Shape, data: ArrayLike<number> | number, name?: string): ProtoMessage {
  const message = new ProtoMessage().ints(1, shape).int(2, dataTypes[type]);
  if (name !== undefined) message.text(8, name);
  return message.bytes(
    9,
    rawData(
      type,
      shape.reduce((product, size) => product * size, 1),
      data,
    ),
  );
}

/** Little-endian element bytes; every platform that Node runs this product on is little-endian. */
function rawData(type: TensorType, length: number, data: ArrayLike<number> | number): Uint8Array {
  if (typeof data !== 'number' && data.length !== length) throw new Error(`tensor of ${length} elements has ${data.length} values`);
  if (type === 'i64') {
    const values = new BigInt64Array(length);
    for (let i = 0; i < length; i++) values[i] = BigInt(typeof data === 'number' ? data : (data[i] as number));
    return new Uint8Array(values.buffer);
  }
  if (type === 'f16') throw new Error('f16 is for inputs; constants are f32');
  const values = type === 'f32' ? new Float32Array(length) : type === 'i32' ? new Int32Array(length) : new Uint8Array(length);
  if (typeof data === 'number') values.fill(data);
  else values.set(data);
  return new Uint8Array(values.buffer);
}

/** ValueInfoProto of a dense tensor with a static shape. */
export function valueInfoProto(name: string, type: TensorType, shape: Shape): ProtoMessage {
  const dimensions = new ProtoMessage();
  for (const size of shape) dimensions.message(1, new ProtoMessage().int(1, size));
  const tensorType = new ProtoMessage().int(1, dataTypes[type]).message(2, dimensions);
  return new ProtoMessage().text(1, name).message(2, new ProtoMessage().message(1, tensorType));
}

export interface OnnxModel {
  readonly irVersion: number;
  readonly opsets: Readonly<Record<string, number>>;
  readonly nodes: readonly ProtoMessage[];
  readonly initializers: readonly ProtoMessage[];
  readonly inputs: readonly ProtoMessage[];
  readonly outputs: readonly ProtoMessage[];
}

export function modelProto(model: OnnxModel): ProtoMessage {
  const graph = new ProtoMessage();
  for (const node of model.nodes) graph.message(1, node);
  graph.text(2, 'graph');
  for (const initializer of model.initializers) graph.message(5, initializer);
  for (const input of model.inputs) graph.message(11, input);
  for (const output of model.outputs) graph.message(12, output);
  const message = new ProtoMessage().int(1, model.irVersion).text(2, 'critique-grpo-workbench').message(7, graph);
  for (const [domain, version] of Object.entries(model.opsets)) message.message(8, new ProtoMessage().text(1, domain).int(2, version));
  return message;
}
