/**
 * Safetensors files: 8 bytes little-endian header length, a JSON header (`safetensorsHeader.ts`), then the raw tensors.
 * Values are read and written tensor by tensor at their offsets, so a file of any size costs only the tensor asked for.
 */
import { open, type FileHandle } from 'node:fs/promises';
import { messageOf, WorkbenchError } from '../core/errors.ts';
import { sizeOf, type Shape } from '../graph/ir.ts';
import { bytesPerElement, isStored, narrow, widen, type StoredDType } from './floats.ts';
import { damaged, parseHeader, type SafetensorsHeader, type TensorInfo } from './safetensorsHeader.ts';
import { writeWholeFile } from './wholeFile.ts';

/** Headers beyond this are refused by the format's reference implementation as well. */
const largestHeader = 100_000_000;

/** Values converted at a time, so that a large tensor needs no second copy. */
const chunkElements = 1 << 22;

/** An opened file; close it. */
export class SafetensorsFile {
  readonly path: string;
  readonly tensors: ReadonlyMap<string, TensorInfo>;
  readonly metadata: Readonly<Record<string, string>>;
  private readonly handle: FileHandle;

  private constructor(path: string, handle: FileHandle, { tensors, metadata }: SafetensorsHeader) {
    this.path = path;
    this.handle = handle;
    this.tensors = tensors;
    this.metadata = metadata;
  }

  /** Opens and checks the whole header. Throws `safetensors.notFound`, `safetensors.damaged` or `safetensors.dtype`. */
  static async open(path: string): Promise<SafetensorsFile> {
    let handle: FileHandle;
    try {
      handle = await open(path, 'r');
    } catch (error) {
      throw notFound(path, messageOf(error), error);
    }
    try {
      return new SafetensorsFile(path, handle, await readHeader(path, handle));
    } catch (error) {
      await handle.close();
      throw error;
    }
  }

  /** A tensor's values as float32, into `target` when given (of the tensor's size). Throws `safetensors.dtype` or `safetensors.damaged`. */
  async read(name: string, target?: Float32Array): Promise<Float32Array> {
    const info = this.tensors.get(name);
    if (info === undefined) throw new Error(`${this.path} has no tensor ${name}`);
    const { dtype, start } = info;
    if (!isStored(dtype)) {
      throw new WorkbenchError({
        code: 'safetensors.dtype',
        message: `Tensor ${name} of ${this.path} is stored as ${dtype}; ${Object.keys(bytesPerElement).join(', ')} can be read.`,
        remedy: 'Convert the model to bfloat16, float16 or float32.',
      });
    }
    const size = sizeOf(info.shape);
    const values = target ?? new Float32Array(size);
    if (values.length !== size) throw new Error(`tensor ${name} has ${size} values, there is room for ${values.length}`);
    if (dtype === 'F32') {
      await this.fill(new Uint8Array(values.buffer, values.byteOffset, values.byteLength), info, start);
      return values;
    }
    const width = bytesPerElement[dtype];
    const chunk = new Uint8Array(Math.min(size, chunkElements) * width);
    for (let at = 0; at < size; at += chunkElements) {
      const piece = values.subarray(at, at + chunkElements);
      const bytes = chunk.subarray(0, piece.length * width);
      await this.fill(bytes, info, start + at * width);
      widen(bytes, dtype, piece);
    }
    return values;
  }

  /** A tensor's bytes as they are stored, into `target` of their size. Throws `safetensors.damaged`. */
  async readStored(name: string, target: Uint8Array): Promise<void> {
    const info = this.tensors.get(name);
    if (info === undefined) throw new Error(`${this.path} has no tensor ${name}`);
    if (target.length !== info.end - info.start)
      throw new Error(`tensor ${name} has ${info.end - info.start} bytes, there is room for ${target.length}`);
    await this.fill(target, info, info.start);
  }

  close(): Promise<void> {
    return this.handle.close();
  }

  private async fill(into: Uint8Array, { name, end }: TensorInfo, position: number): Promise<void> {
    const read = await readFully(this.handle, into, position);
    if (read < into.length) throw damaged(this.path, `tensor ${name} ends at byte ${end}, the file has ${position + read} (it is cut off)`);
  }
}

export interface NamedTensor {
  readonly name: string;
  readonly shape: Shape;
  readonly values: Float32Array;
}

/** A tensor to write. Values given as a function are made when they are written and let go afterwards, so that one is in memory at a time. */
export interface TensorSource {
  readonly name: string;
  readonly shape: Shape;
  readonly values: Float32Array | (() => Float32Array | Promise<Float32Array>);
}

export async function valuesOf({ name, shape, values: given }: TensorSource): Promise<Float32Array> {
  const values = typeof given === 'function' ? await given() : given;
  if (values.length !== sizeOf(shape)) throw new Error(`tensor ${name} of shape [${shape.join(', ')}] has ${values.length} values`);
  return values;
}

/** Writes tensors in the given order, rounded to `dtype`; a reader never sees half a file. Throws `file.notWritten`, and what making values throws. */
export async function writeSafetensors(
  path: string,
  tensors: readonly TensorSource[],
  dtype: StoredDType,
  metadata: Readonly<Record<string, string>> = { format: 'pt' },
): Promise<void> {
  const header = headerBytes(path, tensors, dtype, metadata);
  await writeWholeFile(path, async (file) => {
    await writeFully(file, header);
    for (const tensor of tensors) {
      const values = await valuesOf(tensor);
      for (let at = 0; at < values.length; at += chunkElements) await writeFully(file, narrow(values.subarray(at, at + chunkElements), dtype));
    }
  });
}

function headerBytes(path: string, tensors: readonly TensorSource[], dtype: StoredDType, metadata: Readonly<Record<string, string>>): Uint8Array {
  const entries = new Map<string, unknown>([['__metadata__', metadata]]);
  let offset = 0;
  for (const { name, shape } of tensors) {
    if (entries.has(name)) throw new Error(`${path} would hold tensor ${name} twice`);
    const end = offset + sizeOf(shape) * bytesPerElement[dtype];
    entries.set(name, { dtype, shape, data_offsets: [offset, end] });
    offset = end;
  }
  const json = Buffer.from(JSON.stringify(Object.fromEntries(entries)));
  // Spaces pad the header so that the data begin at a multiple of 8.
  const length = Math.ceil(json.length / 8) * 8;
  const bytes = Buffer.alloc(8 + length, ' ');
  bytes.writeBigUInt64LE(BigInt(length));
  json.copy(bytes, 8);
  return bytes;
}

async function readHeader(path: string, handle: FileHandle): Promise<SafetensorsHeader> {
  const status = await handle.stat();
  if (!status.isFile()) throw notFound(path, 'it is no file');
  const { size } = status;
  const prefix = Buffer.alloc(8);
  if ((await readFully(handle, prefix, 0)) < 8) throw damaged(path, `it has ${size} bytes, fewer than the length of its header takes`);
  const length = Number(prefix.readBigUInt64LE());
  if (length > largestHeader) throw damaged(path, `its header should have ${length} bytes; is it a safetensors file?`);
  const text = Buffer.alloc(Math.min(length, size));
  const read = await readFully(handle, text, 8);
  if (read < length) throw damaged(path, `its header ends at byte ${8 + length}, the file has ${size} (it is cut off)`);
  return parseHeader(path, text, 8 + length, size);
}

function notFound(path: string, problem: string, cause?: unknown): WorkbenchError {
  return new WorkbenchError({
    code: 'safetensors.notFound',
    message: `The weight file ${path} cannot be opened (${problem}).`,
    remedy: 'Check the path, or download the file again.',
    cause,
  });
}

/** Fills `into` from the file at `position`, as far as the file goes; returns how far. One call of the system may give less than asked, and at most 2 GB. */
async function readFully(handle: FileHandle, into: Uint8Array, position: number): Promise<number> {
  let done = 0;
  while (done < into.length) {
    const { bytesRead } = await handle.read(into, done, Math.min(into.length - done, 1 << 30), position + done);
    if (bytesRead === 0) break;
    done += bytesRead;
  }
  return done;
}

async function writeFully(handle: FileHandle, bytes: Uint8Array): Promise<void> {
  for (let done = 0; done < bytes.length;) done += (await handle.write(bytes, done, bytes.length - done)).bytesWritten;
}
