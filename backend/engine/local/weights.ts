/**
 * The parameters of an opened model: one Float32Array each, the single source of truth. Every session takes them as inputs without a copy,
 * so an optimizer step in place is seen by the next rollout at once.
 */
import { Tensor } from './session.ts';
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

  /** `tables` are further constant inputs of every program (rotary tables). */
  constructor(
    specs: readonly ParameterSpec[],
    policy: ReadonlyMap<string, Float32Array>,
    tables: Readonly<Record<string, Tensor>>,
    keepReference: boolean,
  ) {
    this.specs = specs;
    this.policy = policy;
    const valuesOf = (spec: ParameterSpec): Float32Array => {
      const values = policy.get(spec.name);
      if (values === undefined) throw new Error(`no values for parameter ${spec.name}`);
      return values;
    };
    const tensorOf = (spec: ParameterSpec, values: Float32Array): Tensor => new Tensor('float32', values, spec.shape);
    this.policyFeeds = { ...tables, ...Object.fromEntries(specs.map((spec) => [spec.name, tensorOf(spec, valuesOf(spec))])) };
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

  /** A layer's parameters, and the tables, under the names that the programs of one layer have for them (`layerPrograms.ts`). */
  layerFeeds(name: WeightsName, layer: number): Readonly<Record<string, Tensor>> {
    return Object.fromEntries(
      Object.entries(this.feeds(name)).flatMap(([parameter, tensor]) => {
        const place = layerOf(parameter);
        if (place === undefined) return parameter === 'cos' || parameter === 'sin' ? [[parameter, tensor] as const] : [];
        return place.layer === layer ? [[place.inLayer, tensor] as const] : [];
      }),
    );
  }

  clearGradients(): void {
    for (const { gradient } of this.trainable) gradient.fill(0);
  }
}
