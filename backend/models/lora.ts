/** Low-rank adapters as files: PEFT folders, and their merge into the weights. */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { WorkbenchError } from '../core/errors.ts';
import { sameShape } from '../graph/ir.ts';
import type { ModelConfig } from './config.ts';
import { namedTensors, partView, type ModelFolder } from './folder.ts';
import { parameterSpecs, type LoraSpec, type ParameterSpec } from './parameters.ts';
import { SafetensorsFile, writeSafetensors } from './safetensors.ts';

/** adapter_config.json and adapter_model.safetensors, as `peft` writes them. */
export async function saveAdapterFolder(path: string, folder: ModelFolder, lora: LoraSpec, parameters: ReadonlyMap<string, Float32Array>): Promise<void> {
  const config = {
    peft_type: 'LORA',
    task_type: 'CAUSAL_LM',
    base_model_name_or_path: folder.json['_name_or_path'] ?? null,
    r: lora.rank,
    lora_alpha: lora.alpha,
    lora_dropout: 0,
    target_modules: lora.targets,
    bias: 'none',
    fan_in_fan_out: false,
    inference_mode: true,
  };
  await writeFile(join(path, 'adapter_config.json'), `${JSON.stringify(config, null, 2)}\n`);
  await writeSafetensors(join(path, 'adapter_model.safetensors'), namedTensors(adapterSpecs(folder.config, lora), parameters), 'F32');
}

/** Fills the adapter's parameters from a PEFT folder. */
export async function loadAdapter(path: string, config: ModelConfig, lora: LoraSpec, parameters: ReadonlyMap<string, Float32Array>): Promise<void> {
  const file = await SafetensorsFile.open(join(path, 'adapter_model.safetensors'));
  try {
    for (const spec of adapterSpecs(config, lora)) {
      for (const part of spec.parts) {
        const found = file.tensors.get(part.name)?.shape;
        if (found === undefined || !sameShape(found, part.shape)) {
          throw new WorkbenchError({
            code: 'adapter.mismatch',
            message: `The adapter in ${path} has ${found === undefined ? 'no' : `shape [${found.join(', ')}] for`} ${part.name}; [${part.shape.join(', ')}] is wanted.`,
            remedy: 'Use the rank and target modules that the adapter was trained with, and its base model.',
          });
        }
        await file.read(part.name, partView(spec, part, parameters.get(spec.name) as Float32Array));
      }
    }
  } finally {
    await file.close();
  }
}

/** W + (alpha / rank) B A for every adapted projection; the result has the base's parameters only. */
export function mergeLora(config: ModelConfig, lora: LoraSpec, parameters: ReadonlyMap<string, Float32Array>): Map<string, Float32Array> {
  const base = parameterSpecs(config);
  const merged = new Map(base.map((spec) => [spec.name, (parameters.get(spec.name) as Float32Array).slice()]));
  for (const spec of base) {
    for (const part of spec.parts) {
      const found = /^model\.layers\.(\d+)\.\w+\.(\w+)\.weight$/.exec(part.name);
      if (found === null || !lora.targets.includes(found[2] as string)) continue;
      const a = parameters.get(`layers.${found[1]}.${found[2]}.loraA`) as Float32Array;
      const b = parameters.get(`layers.${found[1]}.${found[2]}.loraB`) as Float32Array;
      addProduct(partView(spec, part, merged.get(spec.name) as Float32Array), b, a, part.shape[0] as number, lora.rank, part.shape[1] as number, lora.alpha / lora.rank);
    }
  }
  return merged;
}

export function adapterSpecs(config: ModelConfig, lora: LoraSpec): ParameterSpec[] {
  return parameterSpecs(config, lora).filter(({ trainable }) => trainable);
}

/** into [rows, columns] += scale · b [rows, rank] · a [rank, columns], summed in double precision. */
function addProduct(into: Float32Array, b: Float32Array, a: Float32Array, rows: number, rank: number, columns: number, scale: number): void {
  for (let row = 0; row < rows; row++) {
    for (let column = 0; column < columns; column++) {
      let total = 0;
      for (let r = 0; r < rank; r++) total += (b[row * rank + r] as number) * (a[r * columns + column] as number);
      into[row * columns + column] = (into[row * columns + column] as number) + scale * total;
    }
  }
}
