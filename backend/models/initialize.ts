/** Random starting values: of a whole small model, and of a new adapter. */
import { Rng } from '../core/rng.ts';
import { sizeOf } from '../graph/ir.ts';
import type { ModelConfig } from './config.ts';
import { parameterSpecs, type ParameterSpec } from './parameters.ts';

/** Gain of the normal initialization of matrices, over √(inputs); the branches that end in the residual stream share it over all layers. */
const gain = 0.6;

export function initializeParameters(config: ModelConfig, seed: number): Map<string, Float32Array> {
  return new Map(
    parameterSpecs(config).map((spec) => {
      const values = new Float32Array(sizeOf(spec.shape));
      const [, inputs] = spec.shape;
      if (spec.name.endsWith('bias')) return [spec.name, values];
      if (inputs === undefined) return [spec.name, values.fill(1)];
      const isResidual = spec.name.endsWith('output.weight') || spec.name.endsWith('down.weight');
      const deviation = spec.name === 'embedding' || spec.name === 'head' ? 0.05 : gain / Math.sqrt(inputs * (isResidual ? 2 * config.nLayers : 1));
      const rng = Rng.of(seed, 'initialize', spec.name);
      for (let i = 0; i < values.length; i++) values[i] = deviation * rng.normal();
      return [spec.name, values];
    }),
  );
}

/** A uniform in ±1/√inputs (Kaiming with a = √5, as PEFT does), B zero: the adapted model starts as the base. */
export function initializeAdapter(specs: readonly ParameterSpec[], seed: number): Map<string, Float32Array> {
  return new Map(
    specs
      .filter(({ name }) => name.endsWith('.loraA') || name.endsWith('.loraB'))
      .map((spec) => {
        const values = new Float32Array(sizeOf(spec.shape));
        if (spec.name.endsWith('.loraB')) return [spec.name, values];
        const bound = 1 / Math.sqrt(spec.shape[1] as number);
        const rng = Rng.of(seed, 'adapter', spec.name);
        for (let i = 0; i < values.length; i++) values[i] = bound * (2 * rng.uniform() - 1);
        return [spec.name, values];
      }),
  );
}
