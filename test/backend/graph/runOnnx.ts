/** Runs a graph in onnxruntime as the engine does, one thread. */
import * as ort from 'onnxruntime-node';
import { type DType, type Graph, type Shape, sizeOf } from '../../../backend/graph/ir.ts';
import { toOnnx } from '../../../backend/graph/onnx.ts';
import { narrow } from '../../../backend/models/floats.ts';

export type Feeds = Readonly<Record<string, readonly number[]>>;

export const sessionOptions: ort.InferenceSession.SessionOptions = {
  graphOptimizationLevel: 'all',
  enableMemPattern: false,
  logSeverityLevel: 3,
  intraOpNumThreads: 1,
};

export interface Result {
  readonly shape: Shape;
  readonly values: readonly number[];
}

export function toTensor(dtype: DType, shape: Shape, data: readonly number[]): ort.Tensor {
  if (data.length !== sizeOf(shape)) throw new Error(`${data.length} values for [${shape.join(',')}]`);
  switch (dtype) {
    case 'f32':
      return new ort.Tensor('float32', Float32Array.from(data), shape);
    case 'f16':
      return new ort.Tensor('float16', new Uint16Array(narrow(Float32Array.from(data), 'F16').buffer), shape);
    case 'i32':
      return new ort.Tensor('int32', Int32Array.from(data), shape);
    case 'bool':
      return new ort.Tensor('bool', Uint8Array.from(data), shape);
  }
}

/** The outputs by name. Inputs that the graph does not have may be fed. */
export async function runOnnx(graph: Graph, feeds: Feeds, fused: boolean): Promise<Record<string, Result>> {
  const session = await ort.InferenceSession.create(toOnnx(graph, { fused }), sessionOptions);
  try {
    const tensors = graph.inputs.map(({ name, value }) => {
      const { dtype, shape } = graph.values[value] as Graph['values'][number];
      return [name, toTensor(dtype, shape, feeds[name] ?? [])] as const;
    });
    const results = await session.run(Object.fromEntries(tensors));
    const plain = Object.entries(results).map(([name, { dims, data }]) => [
      name,
      { shape: dims, values: Array.from(data as Iterable<number>, Number) },
    ]);
    return Object.fromEntries(plain) as Record<string, Result>;
  } finally {
    await session.release();
  }
}

/** Largest difference relative to the largest expected magnitude (at least `floor`); not-a-numbers and infinities must agree exactly. */
export function relativeError(actual: ArrayLike<number>, expected: ArrayLike<number>, floor = 1): number {
  if (actual.length !== expected.length) return Infinity;
  let scale = floor;
  let worst = 0;
  for (let i = 0; i < expected.length; i++) if (Number.isFinite(expected[i])) scale = Math.max(scale, Math.abs(expected[i] as number));
  for (let i = 0; i < expected.length; i++) {
    const [a, e] = [actual[i] as number, expected[i] as number];
    if (!Object.is(a, e) && a !== e) worst = Math.max(worst, Number.isFinite(a) && Number.isFinite(e) ? Math.abs(a - e) : Infinity);
  }
  return worst / scale;
}
