/** Low-rank adapters as files: PEFT folders, and their merge into the weights. */
import { join } from 'node:path';
import { WorkbenchError } from '../core/errors.ts';
import { sameShape } from '../graph/ir.ts';
import type { ModelConfig } from './config.ts';
import { namedTensors, partView, type ModelFolder } from './folder.ts';
import { loraTargets, parameterSpecs, type LoraSpec, type ParameterSpec } from './parameters.ts';
import { SafetensorsFile, writeSafetensors } from './safetensors.ts';
import { readJson, writeJson } from './wholeFile.ts';

const configFile = 'adapter_config.json';
const weightsFile = 'adapter_model.safetensors';

/** adapter_config.json and adapter_model.safetensors, as `peft` writes them. Throws `file.notWritten`. */
export async function saveAdapterFolder(
  path: string,
  folder: ModelFolder,
  lora: LoraSpec,
  parameters: ReadonlyMap<string, Float32Array>,
): Promise<void> {
  await writeSafetensors(join(path, weightsFile), namedTensors(adapterSpecs(folder.config, lora), parameters), 'F32');
  await writeJson(join(path, configFile), {
    peft_type: 'LORA',
    task_type: 'CAUSAL_LM',
    base_model_name_or_path: folder.json['_name_or_path'] ?? folder.path,
    r: lora.rank,
    lora_alpha: lora.alpha,
    lora_dropout: 0,
    target_modules: [...lora.targets].sort(),
    bias: 'none',
    fan_in_fan_out: false,
    inference_mode: true,
  });
}

/** What adapters may have beyond W + (alpha / r) B A on whole projections of every layer, and this engine has not. */
const unsupportedSwitches = [
  'alora_invocation_tokens',
  'alpha_pattern',
  'arrow_config',
  'exclude_modules',
  'fan_in_fan_out',
  'kasa_config',
  'layer_replication',
  'layers_to_transform',
  'lora_bias',
  'modules_to_save',
  'monteclora_config',
  'rank_pattern',
  'target_parameters',
  'trainable_token_indices',
  'use_bdlora',
  'use_dora',
  'use_qalora',
  'use_rslora',
];

/** Initializations that leave the base's weights as they were; with others (pissa, olora, …) the adapter belongs to a changed base. */
const plainInitializations: readonly unknown[] = [undefined, null, true, false, 'gaussian', 'eva', 'orthogonal'];

/** The form of the adapter in a PEFT folder. Throws `adapter.config` or `adapter.unsupported`. */
export async function readAdapterConfig(path: string): Promise<LoraSpec> {
  const file = join(path, configFile);
  const json = await readJson(file, 'adapter.config', 'Give the path of a folder that PEFT wrote.');
  const { peft_type: type, r, lora_alpha: alpha, target_modules: modules, bias = 'none' } = json;
  const unsupported = [
    ...(type === 'LORA' ? [] : ['peft_type']),
    ...(bias === 'none' ? [] : ['bias']),
    ...(plainInitializations.includes(json['init_lora_weights']) ? [] : ['init_lora_weights']),
    ...unsupportedSwitches.filter((key) => isSet(json[key])),
  ];
  if (unsupported.length > 0) {
    throw new WorkbenchError({
      code: 'adapter.unsupported',
      message: `${file} asks for ${unsupported.map((key) => `"${key}": ${JSON.stringify(json[key])}`).join(', ')}, which this engine does not do.`,
      remedy: 'Use a plain LoRA adapter, or merge this one into its base model with PEFT.',
    });
  }
  const targets = modules === 'all-linear' ? loraTargets : modules;
  if (!isSize(r) || typeof alpha !== 'number' || !(alpha > 0) || !Array.isArray(targets)) {
    throw new WorkbenchError({
      code: 'adapter.config',
      message: `${file} is not usable: "r" is ${JSON.stringify(r)}, "lora_alpha" ${JSON.stringify(alpha)}, "target_modules" ${JSON.stringify(modules)}.`,
      remedy: 'The first two should be positive numbers, the last a list of projections.',
    });
  }
  return { rank: r, alpha, targets: targets.map(String) };
}

/** Fills the adapter's parameters from a PEFT folder. Throws `adapter.mismatch` and what opening the file throws. */
export async function loadAdapter(path: string, config: ModelConfig, lora: LoraSpec, parameters: ReadonlyMap<string, Float32Array>): Promise<void> {
  const specs = adapterSpecs(config, lora);
  const file = await SafetensorsFile.open(join(path, weightsFile));
  try {
    checkAdapter(file, specs);
    for (const spec of specs) {
      const values = parameters.get(spec.name);
      if (values === undefined) throw new Error(`no values for parameter ${spec.name}`);
      for (const part of spec.parts) await file.read(part.name, partView(spec, part, values));
    }
  } finally {
    await file.close();
  }
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

/** W + (alpha / rank) B A for every adapted projection; the result has the base's parameters only, as copies. */
export function mergeLora(config: ModelConfig, lora: LoraSpec, parameters: ReadonlyMap<string, Float32Array>): Map<string, Float32Array> {
  const valuesOf = (name: string): Float32Array => {
    const values = parameters.get(name);
    if (values === undefined) throw new Error(`no values for parameter ${name}`);
    return values;
  };
  return new Map(
    parameterSpecs(config).map((spec) => {
      const merged = valuesOf(spec.name).slice();
      for (const part of spec.parts) {
        const [, layer, target] = /^model\.layers\.(\d+)\.\w+\.(\w+)\.weight$/.exec(part.name) ?? [];
        if (layer === undefined || target === undefined || !lora.targets.includes(target)) continue;
        const at = `layers.${layer}.${target}`;
        addProduct(partView(spec, part, merged), valuesOf(`${at}.loraB`), valuesOf(`${at}.loraA`), lora);
      }
      return [spec.name, merged];
    }),
  );
}

/** The adapter's parameters alone. */
export function adapterSpecs(config: ModelConfig, lora: LoraSpec): ParameterSpec[] {
  return parameterSpecs(config, lora).filter(({ trainable }) => trainable);
}

/** into [rows, columns] += (alpha / rank) · b [rows, rank] · a [rank, columns], summed in double precision. */
function addProduct(into: Float32Array, b: Float32Array, a: Float32Array, { rank, alpha }: LoraSpec): void {
  const rows = b.length / rank;
  const columns = a.length / rank;
  for (let row = 0; row < rows; row++) {
    for (let column = 0; column < columns; column++) {
      let total = 0;
      for (let r = 0; r < rank; r++) total += (b[row * rank + r] as number) * (a[r * columns + column] as number);
      into[row * columns + column] = (into[row * columns + column] as number) + (alpha / rank) * total;
    }
  }
}

/** A switch that is neither absent, null, false nor empty. */
function isSet(value: unknown): boolean {
  return value !== undefined && value !== null && value !== false && !(typeof value === 'object' && Object.keys(value).length === 0);
}

function isSize(value: unknown): value is number {
  return typeof value === 'number' && Number.isInteger(value) && value > 0;
}
