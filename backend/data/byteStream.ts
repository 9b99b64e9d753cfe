/** The bytes of a text file, unpacked where it is gzip'd. */
import { createReadStream } from 'node:fs';
import { open } from 'node:fs/promises';
import { createGunzip, gunzipSync, constants } from 'node:zlib';
import { messageOf, WorkbenchError } from '../core/errors.ts';

/** In pieces. Throws `dataset.unreadable`, or `dataset.brokenFile` for a damaged or cut archive. */
export async function* readBytes(path: string): AsyncGenerator<Buffer> {
  const isPacked = isGzip(await readStart(path, 2));
  const file = createReadStream(path);
  const bytes = isPacked ? file.pipe(createGunzip()) : file;
  // A pipe does not pass errors on.
  if (isPacked) file.once('error', (error) => bytes.destroy(error));
  try {
    for await (const chunk of bytes as AsyncIterable<Buffer>) yield chunk;
  } catch (cause) {
    throw fileError(path, cause);
  } finally {
    file.destroy();
    bytes.destroy();
  }
}

/** The first bytes of a file, unpacked where it is gzip'd; at most `length`. */
export async function readHead(path: string, length: number): Promise<Buffer> {
  const start = await readStart(path, length);
  if (!isGzip(start)) return start;
  try {
    return gunzipSync(start, { finishFlush: constants.Z_SYNC_FLUSH, maxOutputLength: 1 << 24 }).subarray(0, length);
  } catch (cause) {
    throw fileError(path, cause);
  }
}

async function readStart(path: string, length: number): Promise<Buffer> {
  try {
    const file = await open(path);
    try {
      const { buffer, bytesRead } = await file.read(Buffer.alloc(length), 0, length, 0);
      return buffer.subarray(0, bytesRead);
    } finally {
      await file.close();
    }
  } catch (cause) {
    throw fileError(path, cause);
  }
}

function isGzip(start: Buffer): boolean {
  return start[0] === 0x1f && start[1] === 0x8b;
}

function fileError(path: string, cause: unknown): WorkbenchError {
  if (cause instanceof WorkbenchError) return cause;
  const isArchive = String((cause as NodeJS.ErrnoException).code).startsWith('Z_');
  return isArchive ? brokenFile(path, `its compression is damaged (${messageOf(cause)})`, cause) : unreadable(path, cause);
}

export function unreadable(path: string, cause: unknown): WorkbenchError {
  return new WorkbenchError({
    code: 'dataset.unreadable',
    message: `The dataset ${path} cannot be read: ${messageOf(cause)}.`,
    remedy: 'Check its permissions.',
    cause,
  });
}

/** A file that is damaged as a whole; no setting leaves its rest out. */
export function brokenFile(path: string, problem: string, cause?: unknown): WorkbenchError {
  return new WorkbenchError({
    code: 'dataset.brokenFile',
    message: `The dataset ${path} is broken: ${problem}.`,
    remedy: 'Write or download the file again.',
    cause,
  });
}
