/** The weights of a Hugging Face folder: one safetensors file, or several with an index that says which tensor is where. */
import { readdir, rm } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { messageOf, WorkbenchError } from '../core/errors.ts';
import { sizeOf } from '../graph/ir.ts';
import { bytesPerElement, type StoredDType } from './floats.ts';
import { SafetensorsFile, writeSafetensors, type TensorSource } from './safetensors.ts';
import { readJson, writeJson } from './wholeFile.ts';

export const singleFile = 'model.safetensors';
export const indexFile = 'model.safetensors.index.json';

/** Opened weight files; close them. */
export interface WeightFiles {
  /** The file that says which tensors there are. */
  readonly listing: string;
  /** Tensor name → the file that holds it. */
  readonly where: ReadonlyMap<string, SafetensorsFile>;
  close(): Promise<void>;
}

/**
 * Opens and checks every weight file of a folder; as elsewhere, `model.safetensors` comes before an index.
 * Throws `model.notFound`, `model.noWeights`, `model.index` or `safetensors.…`.
 */
export async function openWeights(folder: string): Promise<WeightFiles> {
  const names = await fileNames(folder);
  if (names.includes(singleFile)) {
    const file = await SafetensorsFile.open(join(folder, singleFile));
    return { listing: file.path, where: new Map([...file.tensors.keys()].map((name) => [name, file])), close: () => file.close() };
  }
  if (names.includes(indexFile)) return openShards(folder);
  throw new WorkbenchError({
    code: 'model.noWeights',
    message: `The model folder ${folder} has no ${singleFile} and no ${indexFile}.`,
    remedy: names.some((name) => name.endsWith('.bin'))
      ? 'Convert its pytorch_model.bin to safetensors.'
      : 'Download the weights, or give another folder.',
  });
}

/** Writes tensors in their order, as several files with an index when they take more than `maxShardBytes`; then removes weights of before. */
export async function writeWeights(folder: string, tensors: readonly TensorSource[], dtype: StoredDType, maxShardBytes: number): Promise<void> {
  const shards = shardsOf(tensors, dtype, maxShardBytes);
  const written = new Set<string>();
  const weightMap: Record<string, string> = {};
  for (const [i, shard] of shards.entries()) {
    const name = shards.length === 1 ? singleFile : `model-${fiveDigits(i + 1)}-of-${fiveDigits(shards.length)}.safetensors`;
    await writeSafetensors(join(folder, name), shard, dtype);
    written.add(name);
    for (const tensor of shard) weightMap[tensor.name] = name;
  }
  if (shards.length > 1) {
    await writeJson(join(folder, indexFile), {
      metadata: { total_size: sum(tensors.map((tensor) => bytesOf(tensor, dtype))) },
      weight_map: weightMap,
    });
    written.add(indexFile);
  }
  // Left in place they could be read instead of the new ones.
  for (const name of await fileNames(folder)) {
    if (/^model(-\d{5}-of-\d{5})?\.safetensors(\.index\.json)?$/.test(name) && !written.has(name)) await rm(join(folder, name));
  }
}

async function openShards(folder: string): Promise<WeightFiles> {
  const listing = join(folder, indexFile);
  const weightMap = (await readJson(listing, 'model.index', downloadAgain))['weight_map'];
  if (typeof weightMap !== 'object' || weightMap === null || Array.isArray(weightMap)) throw indexError(`${listing} has no "weight_map"`);
  const shards = new Map<string, SafetensorsFile>();
  const close = async (): Promise<void> => {
    for (const shard of shards.values()) await shard.close();
  };
  try {
    const where = new Map<string, SafetensorsFile>();
    for (const [tensor, name] of Object.entries(weightMap as Record<string, unknown>)) {
      // A file beside the index and nowhere else.
      if (typeof name !== 'string' || name !== basename(name))
        throw indexError(`${listing} gives ${JSON.stringify(name)} as the file of tensor ${tensor}`);
      const shard = shards.get(name) ?? (await SafetensorsFile.open(join(folder, name)));
      shards.set(name, shard);
      if (!shard.tensors.has(tensor)) throw indexError(`${listing} says that ${name} holds tensor ${tensor}, but it does not`);
      where.set(tensor, shard);
    }
    checkUnique(where, shards);
    return { listing, where, close };
  } catch (error) {
    await close();
    throw error;
  }
}

/** A tensor in two shards may be of two models, whichever the index names. */
function checkUnique(where: ReadonlyMap<string, SafetensorsFile>, shards: ReadonlyMap<string, SafetensorsFile>): void {
  for (const shard of shards.values()) {
    for (const tensor of shard.tensors.keys()) {
      const other = where.get(tensor);
      if (other !== undefined && other !== shard) throw indexError(`Tensor ${tensor} is in two weight files, ${other.path} and ${shard.path}`);
    }
  }
}

async function fileNames(folder: string): Promise<string[]> {
  try {
    return await readdir(folder);
  } catch (error) {
    throw new WorkbenchError({
      code: 'model.notFound',
      message: `The model folder ${folder} cannot be read (${messageOf(error)}).`,
      remedy: 'Give the path of a Hugging Face model folder.',
      cause: error,
    });
  }
}

/** Consecutive runs of tensors of at most `maxShardBytes`; a larger tensor gets a shard of its own. */
function shardsOf(tensors: readonly TensorSource[], dtype: StoredDType, maxShardBytes: number): TensorSource[][] {
  let shard: TensorSource[] = [];
  let filled = 0;
  const shards = [shard];
  for (const tensor of tensors) {
    const bytes = bytesOf(tensor, dtype);
    if (filled > 0 && filled + bytes > maxShardBytes) {
      shard = [];
      filled = 0;
      shards.push(shard);
    }
    shard.push(tensor);
    filled += bytes;
  }
  return shards;
}

function bytesOf({ shape }: TensorSource, dtype: StoredDType): number {
  return sizeOf(shape) * bytesPerElement[dtype];
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}

function fiveDigits(n: number): string {
  return String(n).padStart(5, '0');
}

const downloadAgain = 'Index and weight files may belong to different models; download the model again.';

function indexError(problem: string): WorkbenchError {
  return new WorkbenchError({ code: 'model.index', message: `${problem}.`, remedy: downloadAgain });
}
