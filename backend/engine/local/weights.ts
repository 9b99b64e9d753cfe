/**
 * The parameters of an opened model: one Float32Array each, the single source of truth. Every session takes them as inputs without a copy,
 * so an optimizer step in place is seen by the next rollout at once. Frozen ones may be kept at half precision instead and are widened a
 * layer at a time.
 */
import { Tensor } from './session.ts';
import { sizeOf } from '../../graph/ir.ts';
import { widenArray, type HalfArray } from '../../models/floats.ts';
import { layerOf } from '../../models/layerPrograms.ts';
import type { ParameterSpec } from '../../models/parameters.ts';
import type { WeightsName } from '../contract.ts';

export interface TrainableParameter {
  readonly spec: ParameterSpec;
  readonly values: Float32Array;
  /** Gradient accumulated since the last update, and AdamW's moments. */
  readonly gradient: Float32Array;
  readonly gradientTensor: Tensor;
  readonly firstMoment: Float32Array;
  readonly secondMoment: Float32Array;
}

export class ModelWeights {
  readonly specs: readonly ParameterSpec[];
  readonly policy: ReadonlyMap<string, Float32Array>;
  readonly trainable: readonly TrainableParameter[];
  private readonly policyFeeds: Readonly<Record<string, Tensor>>;
  private readonly referenceFeeds: Readonly<Record<string, Tensor>> | undefined;
  private readonly half: ReadonlyMap<string, HalfArray>;
  /** Where the half parameters of one layer are widened, by their name in its programs. */
  private readonly widened = new Map<string, Tensor>();

  /** `tables` are further constant inputs of every program (rotary tables). */
  constructor(
    specs: readonly ParameterSpec[],
    { policy, half = new Map() }: { readonly policy: ReadonlyMap<string, Float32Array>; readonly half?: ReadonlyMap<string, HalfArray> },
    tables: Readonly<Record<string, Tensor>>,
    keepReference: boolean,
  ) {
    this.specs = specs;
    this.policy = policy;
    this.half = half;
    const valuesOf = (spec: ParameterSpec): Float32Array => {
      const values = policy.get(spec.name);
      if (values === undefined) throw new Error(`no values for parameter ${spec.name}`);
      return values;
    };
    const tensorOf = (spec: ParameterSpec, values: Float32Array): Tensor => new Tensor('float32', values, spec.shape);
    const whole = specs.filter(({ name }) => !half.has(name));
    this.policyFeeds = { ...tables, ...Object.fromEntries(whole.map((spec) => [spec.name, tensorOf(spec, valuesOf(spec))])) };
    // Frozen parameters are shared with the reference; only what trains needs a copy.
    this.referenceFeeds = keepReference
      ? {
          ...this.policyFeeds,
          ...Object.fromEntries(specs.filter((spec) => spec.trainable).map((spec) => [spec.name, tensorOf(spec, valuesOf(spec).slice())])),
        }
      : undefined;
    this.trainable = specs
      .filter((spec) => spec.trainable)
      .map((spec) => {
        const values = valuesOf(spec);
        const gradient = new Float32Array(values.length);
        return {
          spec,
          values,
          gradient,
          gradientTensor: tensorOf(spec, gradient),
          firstMoment: new Float32Array(values.length),
          secondMoment: new Float32Array(values.length),
        };
      });
  }

  feeds(name: WeightsName): Readonly<Record<string, Tensor>> {
    if (name === 'policy') return this.policyFeeds;
    if (this.referenceFeeds === undefined) throw new Error('this engine was opened without a reference copy');
    return this.referenceFeeds;
  }

  /** Whether some parameters are there a layer at a time only. */
  get isHalf(): boolean {
    return this.half.size > 0;
  }

  /**
   * A layer's parameters, and the tables, under the names that the programs of one layer have for them (`layerPrograms.ts`). What is widened
   * is valid until another layer is asked for.
   */
  layerFeeds(name: WeightsName, layer: number): Readonly<Record<string, Tensor>> {
    const feeds = this.feeds(name);
    const own: Record<string, Tensor> = { cos: feeds['cos'] as Tensor, sin: feeds['sin'] as Tensor };
    for (const spec of this.specs) {
      const place = layerOf(spec.name);
      if (place?.layer !== layer) continue;
      const array = this.half.get(spec.name);
      own[place.inLayer] = array === undefined ? (feeds[spec.name] as Tensor) : this.widen(place.inLayer, spec, array);
    }
    return own;
  }

  private widen(inLayer: string, { shape }: ParameterSpec, array: HalfArray): Tensor {
    const tensor = this.widened.get(inLayer) ?? new Tensor('float32', new Float32Array(sizeOf(shape)), shape);
    this.widened.set(inLayer, tensor);
    widenArray(array, tensor.data as Float32Array);
    return tensor;
  }

  clearGradients(): void {
    for (const { gradient } of this.trainable) gradient.fill(0);
  }
}
