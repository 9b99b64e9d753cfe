/**
 * The parameters of an opened model: one Float32Array each, the single source of truth. Every session takes them as inputs without a copy,
 * so an optimizer step in place is seen by the next rollout at once. Frozen ones may be kept at half precision instead, and are widened in
 * the programs of one layer.
 */
import { Tensor } from './session.ts';
import { widenHalves, type HalfArray } from '../../models/floats.ts';
import { layerOf } from '../../models/layerPrograms.ts';
import type { ParameterSpec } from '../../models/parameters.ts';
import { scaleInput } from '../../models/programs.ts';
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
  /** Of parameters kept at half precision, by name: values and scale. */
  private readonly half: ReadonlyMap<string, readonly [Tensor, Tensor]>;

  /** `tables` are further constant inputs of every program (rotary tables). */
  constructor(
    specs: readonly ParameterSpec[],
    { policy, half = new Map() }: { readonly policy: ReadonlyMap<string, Float32Array>; readonly half?: ReadonlyMap<string, HalfArray> },
    tables: Readonly<Record<string, Tensor>>,
    keepReference: boolean,
  ) {
    this.specs = specs;
    this.policy = policy;
    this.half = new Map(
      specs.flatMap(({ name, shape }) => {
        const array = half.get(name);
        if (array === undefined) return [];
        return [[name, [new Tensor('float16', array.halves, shape), new Tensor('float32', Float32Array.of(array.scale), [])]] as const];
      }),
    );
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

  /** The parameters kept at half precision, by their names in the programs of one layer (`ProgramModel.half`). */
  get halfInLayer(): ReadonlySet<string> {
    return new Set([...this.half.keys()].flatMap((name) => layerOf(name)?.inLayer ?? []));
  }

  /** A layer's parameters, and the tables, under the names that the programs of one layer have for them (`layerPrograms.ts`). */
  layerFeeds(name: WeightsName, layer: number): Readonly<Record<string, Tensor>> {
    const feeds = this.feeds(name);
    const own: Record<string, Tensor> = { cos: feeds['cos'] as Tensor, sin: feeds['sin'] as Tensor };
    for (const spec of this.specs) {
      const place = layerOf(spec.name);
      if (place?.layer !== layer) continue;
      const [values, scale] = this.half.get(spec.name) ?? [feeds[spec.name] as Tensor];
      own[place.inLayer] = values;
      if (scale !== undefined) own[scaleInput(place.inLayer)] = scale;
    }
    return own;
  }

  /** Rows of the embedding, [tokens, d]. */
  embed(name: WeightsName, tokens: Int32Array): Float32Array {
    const half = this.half.get('embedding');
    const table = half?.[0] ?? (this.feeds(name)['embedding'] as Tensor);
    const width = table.dims[1] as number;
    const rows = new Float32Array(tokens.length * width);
    tokens.forEach((token, i) => {
      const [from, into] = [
        (table.data as Float32Array | Uint16Array).subarray(token * width, (token + 1) * width),
        rows.subarray(i * width, (i + 1) * width),
      ];
      if (half === undefined) into.set(from as Float32Array);
      else widenHalves({ halves: from as Uint16Array, scale: (half[1].data as Float32Array)[0] as number }, into);
    });
    return rows;
  }

  clearGradients(): void {
    for (const { gradient } of this.trainable) gradient.fill(0);
  }
}
