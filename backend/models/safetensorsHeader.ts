/**
 * Headers of safetensors files: JSON of {name: {dtype, shape, data_offsets}} that must account for every byte of the data behind it,
 * as the format's reference implementation demands.
 */
import { messageOf, WorkbenchError } from '../core/errors.ts';
import { sizeOf, type Shape } from '../graph/ir.ts';

/** Every dtype of the format, whether or not this engine can read its values. */
const bitsPerElement = {
  BOOL: 8,
  F4: 4,
  F6_E2M3: 6,
  F6_E3M2: 6,
  U8: 8,
  I8: 8,
  F8_E5M2: 8,
  F8_E4M3: 8,
  F8_E8M0: 8,
  I16: 16,
  U16: 16,
  F16: 16,
  BF16: 16,
  I32: 32,
  U32: 32,
  F32: 32,
  C64: 64,
  F64: 64,
  I64: 64,
  U64: 64,
} as const;

export type TensorDType = keyof typeof bitsPerElement;

export interface TensorInfo {
  readonly name: string;
  readonly dtype: TensorDType;
  readonly shape: Shape;
  /** Absolute byte range in the file. */
  readonly start: number;
  readonly end: number;
}

export interface SafetensorsHeader {
  /** In the order of the data. */
  readonly tensors: ReadonlyMap<string, TensorInfo>;
  readonly metadata: Readonly<Record<string, string>>;
}

/** The header `text` of a file of `fileSize` bytes whose data begin at `dataStart`. Throws `safetensors.damaged` or `safetensors.dtype`. */
export function parseHeader(path: string, text: Uint8Array, dataStart: number, fileSize: number): SafetensorsHeader {
  const entries = Object.entries(parseEntries(path, text));
  const metadata = entries.find(([name]) => name === '__metadata__')?.[1] ?? {};
  if (!isMetadata(metadata)) throw damaged(path, 'its "__metadata__" should map names to texts');
  const tensors = entries.filter(([name]) => name !== '__metadata__').map(([name, entry]) => tensorInfo(path, name, entry, dataStart));
  // An empty tensor stands before the one that begins where it does.
  tensors.sort((a, b) => a.start - b.start || a.end - b.end);
  checkCoverage(path, tensors, dataStart, fileSize);
  return { tensors: new Map(tensors.map((tensor) => [tensor.name, tensor])), metadata };
}

export function damaged(path: string, problem: string): WorkbenchError {
  return new WorkbenchError({
    code: 'safetensors.damaged',
    message: `The weight file ${path} is damaged: ${problem}.`,
    remedy: 'Download or copy it again.',
  });
}

function parseEntries(path: string, bytes: Uint8Array): Record<string, unknown> {
  let json: unknown;
  let repeated: string | undefined;
  try {
    const text = new TextDecoder('utf-8', { fatal: true }).decode(bytes);
    json = JSON.parse(text);
    repeated = repeatedKey(text);
  } catch (error) {
    throw damaged(path, `its header is no JSON (${messageOf(error)})`);
  }
  if (typeof json !== 'object' || json === null || Array.isArray(json)) throw damaged(path, 'its header is no JSON object');
  if (repeated !== undefined) throw damaged(path, `its header has the key "${repeated}" twice`);
  return json as Record<string, unknown>;
}

/** The first key that an object of a valid JSON text has twice; `JSON.parse` would keep the last silently. */
function repeatedKey(text: string): string | undefined {
  const open: Set<string>[] = [];
  for (const [token, colon] of text.matchAll(/"(?:[^"\\]|\\.)*"(\s*:)?|[{}]/g)) {
    if (token === '{') open.push(new Set());
    else if (token === '}') open.pop();
    else if (colon !== undefined) {
      const key = JSON.parse(token.slice(0, -colon.length)) as string;
      const keys = open.at(-1);
      if (keys?.has(key) === true) return key;
      keys?.add(key);
    }
  }
  return undefined;
}

function tensorInfo(path: string, name: string, entry: unknown, dataStart: number): TensorInfo {
  const { dtype, shape, data_offsets: offsets } = (entry ?? {}) as { dtype?: unknown; shape?: unknown; data_offsets?: unknown };
  if (typeof dtype !== 'string' || !isSizes(shape) || !isSizes(offsets) || offsets.length !== 2) {
    throw damaged(path, `the entry of tensor ${name} is malformed: ${JSON.stringify(entry).slice(0, 200)}`);
  }
  if (!isDType(dtype)) {
    throw new WorkbenchError({
      code: 'safetensors.dtype',
      message: `Tensor ${name} of ${path} is stored as ${dtype}, which is no dtype of the format.`,
      remedy: 'Convert the model to bfloat16, float16 or float32.',
    });
  }
  const [start, end] = offsets as [number, number];
  const wanted = (sizeOf(shape) * bitsPerElement[dtype]) / 8;
  if (end - start !== wanted) {
    throw damaged(path, `tensor ${name} (${dtype} [${shape.join(', ')}]) takes ${wanted} bytes, its offsets ${start} to ${end} span ${end - start}`);
  }
  return { name, dtype, shape, start: dataStart + start, end: dataStart + end };
}

/** Tensors must follow each other without overlap or gap up to the end of the file. */
function checkCoverage(path: string, tensors: readonly TensorInfo[], dataStart: number, fileSize: number): void {
  let at = dataStart;
  for (const [i, { name, start, end }] of tensors.entries()) {
    if (start < at) throw damaged(path, `tensors ${tensors[i - 1]?.name ?? ''} and ${name} overlap in bytes ${start} to ${Math.min(at, end)}`);
    if (start > at) throw damaged(path, `bytes ${at} to ${start} before tensor ${name} belong to no tensor`);
    if (end > fileSize) throw damaged(path, `tensor ${name} ends at byte ${end}, the file has ${fileSize} (it is cut off)`);
    at = end;
  }
  if (at < fileSize) throw damaged(path, `its last tensor ends at byte ${at}, the file has ${fileSize}`);
}

function isDType(dtype: string): dtype is TensorDType {
  return Object.hasOwn(bitsPerElement, dtype);
}

function isSizes(value: unknown): value is number[] {
  return Array.isArray(value) && value.every((size) => Number.isSafeInteger(size) && size >= 0);
}

function isMetadata(value: unknown): value is Record<string, string> {
  return typeof value === 'object' && value !== null && Object.values(value).every((text) => typeof text === 'string');
}
