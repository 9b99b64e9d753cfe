/** Hugging Face model folders: config.json and weights in one or several safetensors files, read into stored parameters and written back. */
import { readFile, readdir, copyFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { messageOf, WorkbenchError } from '../core/errors.ts';
import { sameShape, sizeOf } from '../graph/ir.ts';
import type { ModelConfig } from './config.ts';
import { families } from './families/index.ts';
import type { ConfigJson } from './family.ts';
import type { StoredDType } from './floats.ts';
import { parameterSpecs, type ParameterPart, type ParameterSpec } from './parameters.ts';
import { SafetensorsFile, writeSafetensors, type NamedTensor } from './safetensors.ts';

export interface ModelFolder {
  readonly path: string;
  readonly config: ModelConfig;
  /** config.json as it was read; written back unchanged. */
  readonly json: ConfigJson;
}

/** Reads and understands config.json. Throws `model.notFound`, `model.config`, `model.unsupported` or `model.unknownArchitecture`. */
export async function readModelConfig(path: string): Promise<ModelFolder> {
  const json = await readJson(join(path, 'config.json'), 'model.notFound', 'Give the path of a Hugging Face model folder.');
  const type = json['model_type'];
  const family = Object.values(families).find(({ name }) => name === type);
  if (family === undefined) {
    throw new WorkbenchError({
      code: 'model.unknownArchitecture',
      message: `The model in ${path} is of type ${JSON.stringify(type ?? null)}, which this engine does not know.`,
      remedy: `Known are ${Object.values(families).map(({ name, summary }) => `${name} (${summary})`).join(', ')}.`,
    });
  }
  return { path, json, config: family.parse(json) };
}

/** The values of every given parameter, each in one array. Throws `model.tensor…` with tensor, shapes and file. */
export async function loadParameters(folder: ModelFolder, specs: readonly ParameterSpec[]): Promise<Map<string, Float32Array>> {
  const files = await openWeights(folder.path);
  try {
    const where = new Map(files.flatMap((file) => [...file.tensors.keys()].map((name) => [name, file] as const)));
    const parameters = new Map<string, Float32Array>();
    for (const spec of specs) {
      const values = new Float32Array(sizeOf(spec.shape));
      for (const part of spec.parts) await readPart(folder, where, spec, part, values);
      parameters.set(spec.name, values);
    }
    return parameters;
  } finally {
    for (const file of files) await file.close();
  }
}

/** Where a part's values lie in its parameter's array. */
export function partView(spec: ParameterSpec, part: ParameterPart, values: Float32Array): Float32Array {
  const row = sizeOf(spec.shape.slice(1));
  return values.subarray(part.rows[0] * row, part.rows[1] * row);
}

/** Parameters as Hugging Face tensors, in the order of the specs. */
export function namedTensors(specs: readonly ParameterSpec[], parameters: ReadonlyMap<string, Float32Array>): NamedTensor[] {
  return specs.flatMap((spec) => {
    const values = parameters.get(spec.name);
    if (values === undefined) throw new Error(`no values for parameter ${spec.name}`);
    return spec.parts.map((part) => ({ name: part.name, shape: part.shape, values: partView(spec, part, values) }));
  });
}

export interface SaveOptions {
  readonly dtype?: StoredDType;
  /** Larger models are written as several files with an index. */
  readonly maxShardBytes?: number;
}

/** Writes config.json and the weights (no adapters) into an existing folder. */
export async function saveModelFolder(path: string, folder: ModelFolder, parameters: ReadonlyMap<string, Float32Array>, { dtype = 'F32', maxShardBytes = 4e9 }: SaveOptions = {}): Promise<void> {
  const dtypeName = { F32: 'float32', F16: 'float16', BF16: 'bfloat16' }[dtype];
  const key = 'dtype' in folder.json ? 'dtype' : 'torch_dtype';
  await writeFile(join(path, 'config.json'), `${JSON.stringify({ ...folder.json, [key]: dtypeName }, null, 2)}\n`);
  const tensors = namedTensors(parameterSpecs(folder.config), parameters);
  const shards: NamedTensor[][] = [[]];
  let filled = 0;
  for (const tensor of tensors) {
    const bytes = tensor.values.length * (dtype === 'F32' ? 4 : 2);
    if (filled > 0 && filled + bytes > maxShardBytes) {
      shards.push([]);
      filled = 0;
    }
    (shards.at(-1) as NamedTensor[]).push(tensor);
    filled += bytes;
  }
  if (shards.length === 1) return writeSafetensors(join(path, 'model.safetensors'), tensors, dtype);

  const weightMap: Record<string, string> = {};
  for (const [i, shard] of shards.entries()) {
    const number = (n: number): string => String(n).padStart(5, '0');
    const name = `model-${number(i + 1)}-of-${number(shards.length)}.safetensors`;
    await writeSafetensors(join(path, name), shard, dtype);
    for (const tensor of shard) weightMap[tensor.name] = name;
  }
  const totalSize = tensors.reduce((sum, { values }) => sum + values.length * (dtype === 'F32' ? 4 : 2), 0);
  await writeFile(join(path, 'model.safetensors.index.json'), `${JSON.stringify({ metadata: { total_size: totalSize }, weight_map: weightMap }, null, 2)}\n`);
}

/** Copies tokenizer, chat template and generation settings from one folder to another, whatever of them there is. */
export async function copySideFiles(from: string, to: string): Promise<void> {
  for (const name of await readdir(from)) {
    if (/^(tokenizer.*|special_tokens_map|added_tokens|vocab|generation_config|chat_template)\.(json|model|jinja)$|^merges\.txt$/.test(name)) await copyFile(join(from, name), join(to, name));
  }
}

async function openWeights(path: string): Promise<SafetensorsFile[]> {
  const names = await readdir(path);
  if (names.includes('model.safetensors.index.json')) {
    const index = await readJson(join(path, 'model.safetensors.index.json'), 'model.index', 'Download the model again.');
    const map = index['weight_map'];
    if (typeof map !== 'object' || map === null) {
      throw new WorkbenchError({ code: 'model.index', message: `${join(path, 'model.safetensors.index.json')} has no "weight_map".`, remedy: 'Download the model again.' });
    }
    const files: SafetensorsFile[] = [];
    try {
      for (const name of [...new Set(Object.values(map as Record<string, string>))].sort()) files.push(await SafetensorsFile.open(join(path, name)));
      for (const [tensor, name] of Object.entries(map as Record<string, string>)) {
        if (!files.some((file) => file.path === join(path, name) && file.tensors.has(tensor))) {
          throw new WorkbenchError({ code: 'model.index', message: `The index of ${path} says that ${name} holds ${tensor}, but it does not.`, remedy: 'Index and weight files belong to different models; download the model again.' });
        }
      }
    } catch (error) {
      for (const file of files) await file.close();
      throw error;
    }
    return files;
  }
  if (!names.includes('model.safetensors')) {
    throw new WorkbenchError({
      code: 'model.noWeights',
      message: `The model folder ${path} has no model.safetensors and no model.safetensors.index.json.`,
      remedy: names.some((name) => name.endsWith('.bin')) ? 'Convert its pytorch_model.bin to safetensors.' : 'Download the weights, or give another folder.',
    });
  }
  return [await SafetensorsFile.open(join(path, 'model.safetensors'))];
}

async function readPart(folder: ModelFolder, where: ReadonlyMap<string, SafetensorsFile>, spec: ParameterSpec, part: ParameterPart, values: Float32Array): Promise<void> {
  const file = where.get(part.name);
  if (file === undefined) {
    throw new WorkbenchError({
      code: 'model.tensorMissing',
      message: `The weights in ${folder.path} lack the tensor ${part.name} of shape [${part.shape.join(', ')}].`,
      remedy: 'config.json and weights belong to different models, or a weight file is missing; download the model again.',
    });
  }
  const found = file.tensors.get(part.name)?.shape ?? [];
  if (!sameShape(found, part.shape)) {
    throw new WorkbenchError({
      code: 'model.tensorShape',
      message: `Tensor ${part.name} in ${file.path} has shape [${found.join(', ')}]; config.json asks for [${part.shape.join(', ')}].`,
      remedy: 'Use the config.json that belongs to these weights.',
    });
  }
  await file.read(part.name, partView(spec, part, values));
}

export async function readJson(path: string, code: string, remedy: string): Promise<ConfigJson> {
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (error) {
    throw new WorkbenchError({ code, message: `${path} cannot be read (${messageOf(error)}).`, remedy, cause: error });
  }
  try {
    const json = JSON.parse(text) as unknown;
    if (typeof json === 'object' && json !== null && !Array.isArray(json)) return json as ConfigJson;
  } catch (error) {
    throw new WorkbenchError({ code, message: `${path} is no valid JSON (${messageOf(error)}).`, remedy, cause: error });
  }
  throw new WorkbenchError({ code, message: `${path} holds no JSON object.`, remedy });
}
