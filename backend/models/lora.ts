/** Low-rank adapters as files: PEFT folders, and their merge into the weights. */
import { join } from 'node:path';
import { WorkbenchError } from '../core/errors.ts';
import { sameShape, sizeOf } from '../graph/ir.ts';
import { writeAdapterConfig } from './adapterConfig.ts';
import type { ModelConfig } from './config.ts';
import { namedTensors, parameterOf, partView, type ModelFolder } from './folder.ts';
import { parameterSpecs, type LoraSpec, type ParameterSpec } from './parameters.ts';
import { SafetensorsFile, valuesOf, writeSafetensors, type TensorSource } from './safetensors.ts';

export const adapterWeightsFile = 'adapter_model.safetensors';

/** Where PEFT is to find the base model; the folder it was read from if left out. */
export interface AdapterBase {
  readonly base: string;
  readonly revision: string | null;
}

/** adapter_config.json and adapter_model.safetensors, as `peft` writes them. Throws `file.notWritten`. */
export async function saveAdapterFolder(
  path: string,
  folder: ModelFolder,
  lora: LoraSpec,
  parameters: ReadonlyMap<string, Float32Array>,
  base: AdapterBase = { base: folder.path, revision: null },
): Promise<void> {
  await writeSafetensors(join(path, adapterWeightsFile), namedTensors(adapterSpecs(folder.config, lora), parameters), 'F32');
  await writeAdapterConfig(path, { lora, ...base });
}

/** Fills the adapter's parameters from a PEFT folder. Throws `adapter.mismatch` and what opening the file throws. */
export async function loadAdapter(path: string, config: ModelConfig, lora: LoraSpec, parameters: ReadonlyMap<string, Float32Array>): Promise<void> {
  const specs = adapterSpecs(config, lora);
  const file = await SafetensorsFile.open(join(path, adapterWeightsFile));
  try {
    checkAdapter(file, specs);
    for (const spec of specs) {
      const values = parameterOf(parameters, spec.name);
      for (const part of spec.parts) await file.read(part.name, partView(spec, part, values));
    }
  } finally {
    await file.close();
  }
}

/** The adapter of a PEFT folder as parameters of its own. Throws as `loadAdapter`. */
export async function readAdapter(path: string, config: ModelConfig, lora: LoraSpec): Promise<Map<string, Float32Array>> {
  const parameters = new Map(adapterSpecs(config, lora).map(({ name, shape }) => [name, new Float32Array(sizeOf(shape))]));
  await loadAdapter(path, config, lora, parameters);
  return parameters;
}

function checkAdapter(file: SafetensorsFile, specs: readonly ParameterSpec[]): void {
  const mismatch = (problem: string): WorkbenchError =>
    new WorkbenchError({
      code: 'adapter.mismatch',
      message: `The adapter in ${file.path} ${problem}.`,
      remedy: 'Use the rank and target modules that the adapter was trained with, and its base model.',
    });
  const parts = specs.flatMap((spec) => spec.parts);
  for (const { name, shape } of parts) {
    const found = file.tensors.get(name)?.shape;
    if (found === undefined) throw mismatch(`has no ${name}; [${shape.join(', ')}] is wanted`);
    if (!sameShape(found, shape)) throw mismatch(`has shape [${found.join(', ')}] for ${name}; [${shape.join(', ')}] is wanted`);
  }
  const known = new Set(parts.map(({ name }) => name));
  const unexpected = [...file.tensors.keys()].find((name) => !known.has(name));
  if (unexpected !== undefined) throw mismatch(`has ${unexpected}, for which the model has no adapter`);
}

/** The base's tensors with W + (alpha / rank) B A for W where there is an adapter. A sum is made when it is asked for; the base stays as it is. */
export function mergeLora(tensors: readonly TensorSource[], lora: LoraSpec, adapter: ReadonlyMap<string, Float32Array>): TensorSource[] {
  return tensors.map((tensor) => {
    const [, layer, target] = /^model\.layers\.(\d+)\.\w+\.(\w+)\.weight$/.exec(tensor.name) ?? [];
    if (layer === undefined || target === undefined || !lora.targets.includes(target)) return tensor;
    const [a, b] = ['loraA', 'loraB'].map((factor) => parameterOf(adapter, `layers.${layer}.${target}.${factor}`)) as [Float32Array, Float32Array];
    const merged = async (): Promise<Float32Array> => {
      const sum = (await valuesOf(tensor)).slice();
      addProduct(sum, b, a, lora);
      return sum;
    };
    return { ...tensor, values: merged };
  });
}

/** The adapter's parameters alone. */
export function adapterSpecs(config: ModelConfig, lora: LoraSpec): ParameterSpec[] {
  return parameterSpecs(config, lora).filter(({ trainable }) => trainable);
}

/** into [rows, columns] += (alpha / rank) · b [rows, rank] · a [rank, columns], summed in double precision. */
function addProduct(into: Float32Array, b: Float32Array, a: Float32Array, { rank, alpha }: LoraSpec): void {
  const rows = b.length / rank;
  const columns = a.length / rank;
  const product = new Float64Array(columns);
  for (let row = 0; row < rows; row++) {
    product.fill(0);
    for (let r = 0; r < rank; r++) {
      const factor = b[row * rank + r] as number;
      for (let column = 0; column < columns; column++) product[column] = (product[column] as number) + factor * (a[r * columns + column] as number);
    }
    for (let column = 0; column < columns; column++) {
      const at = row * columns + column;
      into[at] = (into[at] as number) + (alpha / rank) * (product[column] as number);
    }
  }
}
