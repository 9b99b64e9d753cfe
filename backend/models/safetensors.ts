/**
 * Safetensors files: 8 bytes little-endian header length, a JSON header of {name: {dtype, shape, data_offsets}}, then the raw tensors.
 * Tensors are read one by one at their offsets, so a file of any size costs only the tensor asked for.
 */
import { open, rename, type FileHandle } from 'node:fs/promises';
import { messageOf, WorkbenchError } from '../core/errors.ts';
import { sizeOf, type Shape } from '../graph/ir.ts';
import { bytesPerElement, narrow, widen, type StoredDType } from './floats.ts';

export interface TensorInfo {
  readonly name: string;
  readonly dtype: StoredDType;
  readonly shape: Shape;
  /** Absolute byte range in the file. */
  readonly start: number;
  readonly end: number;
}

/** Headers beyond this are refused by the format's reference implementation as well. */
const largestHeader = 100_000_000;

/** An opened file; close it. */
export class SafetensorsFile {
  readonly path: string;
  readonly tensors: ReadonlyMap<string, TensorInfo>;
  readonly metadata: Readonly<Record<string, string>>;
  private readonly handle: FileHandle;

  private constructor(path: string, handle: FileHandle, tensors: ReadonlyMap<string, TensorInfo>, metadata: Readonly<Record<string, string>>) {
    this.path = path;
    this.handle = handle;
    this.tensors = tensors;
    this.metadata = metadata;
  }

  /** Opens and checks the whole header. Throws `safetensors.notFound` or `safetensors.damaged`. */
  static async open(path: string): Promise<SafetensorsFile> {
    let handle: FileHandle;
    try {
      handle = await open(path, 'r');
    } catch (error) {
      throw new WorkbenchError({ code: 'safetensors.notFound', message: `The weight file ${path} cannot be opened (${messageOf(error)}).`, remedy: 'Check the path, or download the file again.', cause: error });
    }
    try {
      const { tensors, metadata } = await readHeader(path, handle);
      return new SafetensorsFile(path, handle, tensors, metadata);
    } catch (error) {
      await handle.close();
      throw error;
    }
  }

  /** A tensor as float32, into `target` when given (as long as the tensor). */
  async read(name: string, target?: Float32Array): Promise<Float32Array> {
    const info = this.tensors.get(name);
    if (info === undefined) throw new Error(`${this.path} has no tensor ${name}`);
    const values = target ?? new Float32Array(sizeOf(info.shape));
    const bytes = info.dtype === 'F32' ? new Uint8Array(values.buffer, values.byteOffset, values.byteLength) : new Uint8Array(info.end - info.start);
    await readFully(this.handle, bytes, info.start, this.path);
    if (info.dtype !== 'F32') widen(bytes, info.dtype, values);
    return values;
  }

  close(): Promise<void> {
    return this.handle.close();
  }
}

export interface NamedTensor {
  readonly name: string;
  readonly shape: Shape;
  readonly values: Float32Array;
}

/** Writes tensors in order under a temporary name, flushes them to disk, then renames: a reader never sees half a file. */
export async function writeSafetensors(path: string, tensors: readonly NamedTensor[], dtype: StoredDType, metadata: Readonly<Record<string, string>> = { format: 'pt' }): Promise<void> {
  const header: Record<string, unknown> = { __metadata__: metadata };
  let offset = 0;
  for (const { name, shape } of tensors) {
    const size = sizeOf(shape) * bytesPerElement[dtype];
    header[name] = { dtype, shape, data_offsets: [offset, offset + size] };
    offset += size;
  }
  // Spaces pad the header so that tensor data starts at a multiple of 8.
  const json = JSON.stringify(header);
  const text = Buffer.from(json.padEnd(json.length + ((8 - (Buffer.byteLength(json) % 8)) % 8)));
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(text.length));

  const temporary = `${path}.incomplete`;
  const handle = await open(temporary, 'w');
  try {
    await handle.writeFile(Buffer.concat([length, text]));
    for (const { values } of tensors) {
      const bytes = narrow(values, dtype);
      for (let at = 0; at < bytes.length; ) at += (await handle.write(bytes, at, bytes.length - at)).bytesWritten;
    }
    await handle.sync();
  } finally {
    await handle.close();
  }
  await rename(temporary, path);
}

async function readHeader(path: string, handle: FileHandle): Promise<{ tensors: Map<string, TensorInfo>; metadata: Record<string, string> }> {
  const { size } = await handle.stat();
  const damaged = (problem: string): never => {
    throw new WorkbenchError({ code: 'safetensors.damaged', message: `The weight file ${path} is damaged: ${problem}.`, remedy: 'Download or copy it again.' });
  };
  if (size < 8) damaged(`it has ${size} bytes, fewer than its header's length takes`);
  const prefix = Buffer.alloc(8);
  await readFully(handle, prefix, 0, path);
  const headerLength = Number(prefix.readBigUInt64LE());
  if (headerLength > largestHeader || 8 + headerLength > size) damaged(`its header should have ${headerLength} bytes, the file has ${size}`);
  const text = Buffer.alloc(headerLength);
  await readFully(handle, text, 8, path);
  let json: unknown;
  try {
    json = JSON.parse(text.toString('utf8'));
  } catch (error) {
    return damaged(`its header is no JSON (${messageOf(error)})`);
  }
  if (typeof json !== 'object' || json === null || Array.isArray(json)) return damaged('its header is no JSON object');

  const tensors = new Map<string, TensorInfo>();
  let metadata: Record<string, string> = {};
  for (const [name, entry] of Object.entries(json as Record<string, unknown>)) {
    if (name === '__metadata__') {
      metadata = entry as Record<string, string>;
      continue;
    }
    const { dtype, shape, data_offsets: offsets } = (entry ?? {}) as { dtype?: unknown; shape?: unknown; data_offsets?: unknown };
    if (typeof dtype !== 'string' || !isSizes(shape) || !isSizes(offsets) || offsets.length !== 2) return damaged(`the entry of tensor ${name} is malformed`);
    if (!(dtype in bytesPerElement)) {
      throw new WorkbenchError({
        code: 'safetensors.dtype',
        message: `Tensor ${name} of ${path} is stored as ${dtype}; ${Object.keys(bytesPerElement).join(', ')} can be read.`,
        remedy: 'Convert the model to bfloat16, float16 or float32.',
      });
    }
    const [start, end] = offsets as [number, number];
    const wanted = sizeOf(shape) * bytesPerElement[dtype as StoredDType];
    if (end - start !== wanted) damaged(`tensor ${name} of shape [${shape.join(', ')}] takes ${wanted} bytes, its offsets span ${end - start}`);
    if (8 + headerLength + end > size) damaged(`tensor ${name} ends at byte ${8 + headerLength + end}, the file has ${size} (it is cut off)`);
    tensors.set(name, { name, dtype: dtype as StoredDType, shape, start: 8 + headerLength + start, end: 8 + headerLength + end });
  }
  const ordered = [...tensors.values()].sort((a, b) => a.start - b.start);
  ordered.forEach((tensor, i) => {
    const next = ordered[i + 1];
    if (next !== undefined && next.start < tensor.end) damaged(`tensors ${tensor.name} and ${next.name} overlap`);
  });
  return { tensors, metadata };
}

function isSizes(value: unknown): value is number[] {
  return Array.isArray(value) && value.every((size) => Number.isSafeInteger(size) && size >= 0);
}

/** Fills `into` from the file at `position`; one call of the system may give less, or at most 2 GB. */
async function readFully(handle: FileHandle, into: Uint8Array, position: number, path: string): Promise<void> {
  for (let done = 0; done < into.length; ) {
    const { bytesRead } = await handle.read(into, done, Math.min(into.length - done, 1 << 30), position + done);
    if (bytesRead === 0) {
      throw new WorkbenchError({ code: 'safetensors.damaged', message: `The weight file ${path} ends at byte ${position + done}, inside a tensor.`, remedy: 'Download or copy it again.' });
    }
    done += bytesRead;
  }
}
