/** Hugging Face model folders: config.json and weights, read into stored parameters and written back. */
import { copyFile, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { WorkbenchError } from '../core/errors.ts';
import { sameShape, sizeOf, type Shape } from '../graph/ir.ts';
import type { ModelConfig } from './config.ts';
import { families } from './families/index.ts';
import type { ConfigJson } from './family.ts';
import { asHalves, type HalfArray, type StoredDType } from './floats.ts';
import { layerOf } from './layerPrograms.ts';
import { parameterSpecs, type ParameterPart, type ParameterSpec } from './parameters.ts';
import type { NamedTensor, SafetensorsFile, TensorSource } from './safetensors.ts';
import { openWeights, writeWeights, type WeightFiles } from './weightFiles.ts';
import { readJson, writeJson } from './wholeFile.ts';

export interface ModelFolder {
  readonly path: string;
  readonly config: ModelConfig;
  /** config.json as it was read; written back with what this engine does not know. */
  readonly json: ConfigJson;
}

/** Reads and understands config.json. Throws `model.notFound`, `model.config`, `model.unsupported` or `model.unknownArchitecture`. */
export async function readModelConfig(path: string): Promise<ModelFolder> {
  const file = join(path, 'config.json');
  const broken = { code: 'model.config', remedy: 'Take the config.json that belongs to the weights, or download it again.' };
  const json = await readJson(file, 'model.notFound', 'Give the path of a Hugging Face model folder.', broken);
  const type = json['model_type'];
  const family = Object.values(families).find(({ name }) => name === type);
  if (family === undefined) {
    const known = Object.values(families).map(({ name, summary }) => `${name} (${summary})`);
    throw new WorkbenchError({
      code: 'model.unknownArchitecture',
      message: `The model in ${path} is of type ${JSON.stringify(type ?? null)}, which this engine does not know.`,
      remedy: `Known are ${known.join(', ')}.`,
    });
  }
  try {
    return { path, json, config: family.parse(json) };
  } catch (error) {
    throw error instanceof WorkbenchError ? inFile(file, error) : error;
  }
}

/** A family reads values and does not know where they come from. */
function inFile(file: string, { code, message, remedy, cause }: WorkbenchError): WorkbenchError {
  return new WorkbenchError({ code, message: `${file}: ${message.slice(0, message.length - remedy.length).trimEnd()}`, remedy, cause });
}

/** The values of the given base parameters, each in one array. Throws as `fillParameters`. */
export async function loadParameters(folder: ModelFolder, specs: readonly ParameterSpec[]): Promise<Map<string, Float32Array>> {
  return withTensors(folder, specs, async (weights) => {
    const parameters = new Map<string, Float32Array>();
    for (const spec of specs) {
      const values = new Float32Array(sizeOf(spec.shape));
      await readParts(weights, spec, values);
      parameters.set(spec.name, values);
    }
    return parameters;
  });
}

/**
 * Reads the given base parameters into arrays that are there, without a second copy. All tensors are checked before any is read.
 * Throws `model.tensorMissing`, `model.tensorShape`, `model.tensorUnexpected` with tensor, shapes and file, and what `openWeights` throws.
 */
export async function fillParameters(
  folder: ModelFolder,
  specs: readonly ParameterSpec[],
  parameters: ReadonlyMap<string, Float32Array>,
): Promise<void> {
  await withTensors(folder, specs, async (weights) => {
    for (const spec of specs) await readParts(weights, spec, parameterOf(parameters, spec.name));
  });
}

/**
 * As `loadParameters`, but those that `staysHalf` names are kept at half precision where the files store them so: in every layer, as one
 * program serves all layers.
 */
export async function loadHalfParameters(
  folder: ModelFolder,
  specs: readonly ParameterSpec[],
  staysHalf: (spec: ParameterSpec) => boolean,
): Promise<{ readonly whole: Map<string, Float32Array>; readonly half: Map<string, HalfArray> }> {
  return withTensors(folder, specs, async (weights) => {
    const whole = new Map<string, Float32Array>();
    const half = new Map<string, HalfArray>();
    const halfDType = ({ parts }: ParameterSpec): 'BF16' | 'F16' | undefined => {
      const [dtype, ...others] = new Set(parts.map(({ name }) => weights.where.get(name)?.tensors.get(name)?.dtype));
      return others.length === 0 && (dtype === 'BF16' || dtype === 'F16') ? dtype : undefined;
    };
    const kindOf = ({ name }: ParameterSpec): string => layerOf(name)?.inLayer ?? name;
    const whollyStored = new Set(specs.filter((spec) => halfDType(spec) === undefined).map(kindOf));
    for (const spec of specs) {
      const dtype = halfDType(spec);
      if (dtype !== undefined && staysHalf(spec) && !whollyStored.has(kindOf(spec))) {
        const halves = new Uint16Array(sizeOf(spec.shape));
        const row = sizeOf(spec.shape.slice(1));
        for (const { name, rows } of spec.parts) {
          const own = halves.subarray(rows[0] * row, rows[1] * row);
          await weights.where.get(name)?.readStored(name, new Uint8Array(own.buffer, own.byteOffset, own.byteLength));
        }
        half.set(spec.name, asHalves(halves, dtype));
      } else {
        const values = new Float32Array(sizeOf(spec.shape));
        await readParts(weights, spec, values);
        whole.set(spec.name, values);
      }
    }
    return { whole, half };
  });
}

/** Calls `use` with every tensor of the model as it lies in its files, read when its values are asked for. Throws as `fillParameters`. */
export async function withStoredTensors<T>(folder: ModelFolder, use: (tensors: readonly TensorSource[]) => Promise<T>): Promise<T> {
  const specs = parameterSpecs(folder.config);
  return withTensors(folder, specs, ({ where }) => {
    const read = (name: string): Promise<Float32Array> => (where.get(name) as SafetensorsFile).read(name);
    return use(specs.flatMap(({ parts }) => parts.map(({ name, shape }) => ({ name, shape, values: () => read(name) }))));
  });
}

async function withTensors<T>(folder: ModelFolder, specs: readonly ParameterSpec[], use: (weights: WeightFiles) => Promise<T>): Promise<T> {
  const weights = await openWeights(folder.path);
  try {
    checkTensors(folder, weights, specs);
    return await use(weights);
  } finally {
    await weights.close();
  }
}

async function readParts({ where }: WeightFiles, spec: ParameterSpec, values: Float32Array): Promise<void> {
  for (const part of spec.parts) await where.get(part.name)?.read(part.name, partView(spec, part, values));
}

/** A missing one is a mistake of the caller's. */
export function parameterOf(parameters: ReadonlyMap<string, Float32Array>, name: string): Float32Array {
  const values = parameters.get(name);
  if (values === undefined) throw new Error(`no values for parameter ${name}`);
  return values;
}

/** Where a part's values lie in its parameter's array. */
export function partView(spec: ParameterSpec, part: ParameterPart, values: Float32Array): Float32Array {
  const row = sizeOf(spec.shape.slice(1));
  return values.subarray(part.rows[0] * row, part.rows[1] * row);
}

/** Parameters as Hugging Face tensors, in the order of the specs; views, not copies. */
export function namedTensors(specs: readonly ParameterSpec[], parameters: ReadonlyMap<string, Float32Array>): NamedTensor[] {
  return specs.flatMap((spec) => {
    const values = parameterOf(parameters, spec.name);
    return spec.parts.map((part) => ({ name: part.name, shape: part.shape, values: partView(spec, part, values) }));
  });
}

export interface SaveOptions {
  readonly dtype?: StoredDType;
  /** Larger models are written as several files with an index. */
  readonly maxShardBytes?: number;
}

/** As transformers' own limit was for long. */
export const usualShardBytes = 5e9;

/** Writes parameters (no adapters) and config.json. See `saveTensors`. */
export function saveModelFolder(
  path: string,
  folder: ModelFolder,
  parameters: ReadonlyMap<string, Float32Array>,
  options: SaveOptions = {},
): Promise<void> {
  return saveTensors(path, folder, namedTensors(parameterSpecs(folder.config), parameters), options);
}

/**
 * Writes the model's tensors (a tied head is left out, as elsewhere) and config.json into an existing folder, in place of a model there.
 * Each file is whole or absent; a folder that must be whole as one is the caller's to write aside and rename. Throws `file.notWritten`.
 */
export async function saveTensors(
  path: string,
  folder: ModelFolder,
  tensors: readonly TensorSource[],
  { dtype = 'F32', maxShardBytes = usualShardBytes }: SaveOptions = {},
): Promise<void> {
  await writeWeights(path, tensors, dtype, maxShardBytes);
  const dtypeKey = 'dtype' in folder.json ? 'dtype' : 'torch_dtype';
  await writeJson(join(path, 'config.json'), { ...folder.json, [dtypeKey]: { F32: 'float32', F16: 'float16', BF16: 'bfloat16' }[dtype] });
}

const sideFile = /^((tokenizer.*|special_tokens_map|added_tokens|vocab|generation_config|chat_template)\.(json|model|jinja)|merges\.txt)$/;

/** Copies tokenizer, chat template and generation settings from one folder to another, whatever of them there is. */
export async function copySideFiles(from: string, to: string): Promise<void> {
  for (const name of await readdir(from)) if (sideFile.test(name)) await copyFile(join(from, name), join(to, name));
}

function checkTensors({ path, config }: ModelFolder, { where, listing }: WeightFiles, specs: readonly ParameterSpec[]): void {
  const parts = specs.flatMap((spec) => spec.parts);
  const missing = parts.filter(({ name }) => !where.has(name)).map(({ name, shape }) => `${name} ${text(shape)}`);
  if (missing.length > 0) {
    throw new WorkbenchError({
      code: 'model.tensorMissing',
      message: `The model in ${path} needs ${list(missing)}, which ${listing} does not have.`,
      remedy: 'config.json and weights belong to different models, or a weight file is missing; download the model again.',
    });
  }
  for (const { name, shape } of parts) {
    const file = where.get(name);
    const found = file?.tensors.get(name)?.shape ?? [];
    if (!sameShape(found, shape)) {
      throw new WorkbenchError({
        code: 'model.tensorShape',
        message: `Tensor ${name} in ${file?.path ?? path} has shape ${text(found)}; config.json asks for ${text(shape)}.`,
        remedy: 'Use the config.json that belongs to these weights.',
      });
    }
  }
  const known = new Set(parameterSpecs(config).flatMap((spec) => spec.parts.map(({ name }) => name)));
  const unexpected = [...where].filter(([name]) => !known.has(name) && !isRedundant(name, config));
  if (unexpected.length > 0) {
    throw new WorkbenchError({
      code: 'model.tensorUnexpected',
      message: `${list(unexpected.map(([name, file]) => `${name} ${text(file.tensors.get(name)?.shape ?? [])} in ${file.path}`))} has no place in the model that config.json describes.`,
      remedy: 'Use the config.json that belongs to these weights.',
    });
  }
}

/** Tensors that some versions of other tools store although config.json implies them: a tied head, the rotary frequencies. */
function isRedundant(name: string, config: ModelConfig): boolean {
  return (config.tiedEmbeddings && name === 'lm_head.weight') || name.endsWith('.rotary_emb.inv_freq');
}

function text(shape: Shape): string {
  return `[${shape.join(', ')}]`;
}

/** The first few, and how many more. */
function list(names: readonly string[]): string {
  return names.length <= 3 ? names.join(', ') : `${names.slice(0, 3).join(', ')} and ${names.length - 3} more`;
}
