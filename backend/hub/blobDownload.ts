/** One file's content: resumed where a download of before ended, checked against its name, and in place only when it is right. */
import { createHash, type Hash } from 'node:crypto';
import { open, rename, type FileHandle } from 'node:fs/promises';
import { WorkbenchError } from '../core/errors.ts';
import { onDisk } from './hubCache.ts';
import { unreachable } from './hubErrors.ts';
import { askOnce, broken, Passing, retried, type HubAccess } from './hubRequest.ts';
import { claimPartial, leavePartial } from './partialFile.ts';

export interface BlobRequest {
  readonly url: string;
  /** For messages. */
  readonly what: string;
  readonly page: string;
  readonly size: number;
  /** sha256 (64 digits) or git's sha1 (40) of the content. */
  readonly etag: string;
  /** Where the content goes. */
  readonly path: string;
  /** Told the bytes that are there, first those of an earlier download. Falls when they turn out to be wrong. */
  readonly onBytes: (bytes: number) => void;
}

/** Throws `hub.…` or an `AbortError`; what came so far stays for the next time. */
export async function downloadBlob(request: BlobRequest, access: HubAccess): Promise<void> {
  const { path } = request;
  const partial = await onDisk(path, () => claimPartial(path));
  try {
    const file = await onDisk(path, () => open(partial, 'a+'));
    try {
      await fill(new Content(file, request), request, access);
      await onDisk(path, () => file.sync());
    } finally {
      await file.close();
    }
    await onDisk(path, () => rename(partial, path));
  } catch (error) {
    await leavePartial(partial, path);
    throw error;
  }
}

/** Reads on until the content is whole; if it is not what its name says, once more from the start. */
async function fill(content: Content, request: BlobRequest, access: HubAccess): Promise<void> {
  await content.readBack();
  for (let wrong = 0; ; wrong++) {
    if (!content.isWhole) {
      await retried(
        access,
        () => readOn(content, request, access),
        () => content.length,
      );
    }
    if (content.isRight()) return;
    await content.clear();
    if (wrong === 0) continue;
    throw new WorkbenchError({
      code: 'hub.corrupted',
      message: `${request.what} came twice with other bytes than the checksum ${request.etag} stands for.`,
      remedy: 'Try again later, or with another HF_ENDPOINT; a proxy on the way may change what it passes on.',
    });
  }
}

/** One connection: asks for what is missing and appends what comes. Throws `Passing` when it ends too early. */
async function readOn(content: Content, request: BlobRequest, access: HubAccess): Promise<void> {
  const range: Record<string, string> = content.length === 0 ? {} : { range: `bytes=${content.length}-` };
  const { url, what, page, size } = request;
  const asked = { url, what, page, headers: range, accept: [416] };
  const { response, touch, end } = await askOnce(asked, access);
  const reader = (response.body as ReadableStream<Uint8Array> | null)?.getReader();
  try {
    // Servers may ignore a range, and give the whole or another one.
    const start = response.status === 206 ? Number(/^bytes (\d+)-/.exec(response.headers.get('content-range') ?? '')?.[1]) : 0;
    if (start !== content.length) await content.clear();
    if (response.status === 416 || (start !== 0 && start !== content.length))
      throw broken(asked, access, new Error('it gives another range than was asked for'));
    for (;;) {
      const piece = await reader?.read().catch((error: unknown) => Promise.reject(broken(asked, access, error) as Error));
      if (piece === undefined || piece.done) break;
      touch();
      await content.append(piece.value);
      // Content that is too long is wrong; that is found by its checksum.
      if (content.isWhole) return;
    }
    throw new Passing(unreachable(new URL(url).host, what, `the connection ended at byte ${content.length} of ${size}`, undefined));
  } finally {
    end();
    await reader?.cancel().catch(() => undefined);
  }
}

/** The bytes that are there, and their checksum so far. */
class Content {
  length = 0;
  private readonly file: FileHandle;
  private readonly request: BlobRequest;
  private hash: Hash;

  constructor(file: FileHandle, request: BlobRequest) {
    this.file = file;
    this.request = request;
    this.hash = newHash(request);
  }

  get isWhole(): boolean {
    return this.length >= this.request.size;
  }

  /** Takes in what an earlier download wrote. */
  async readBack(): Promise<void> {
    const chunk = Buffer.alloc(1 << 20);
    for (;;) {
      const { bytesRead } = await onDisk(this.request.path, () => this.file.read(chunk, 0, chunk.length, this.length));
      if (bytesRead === 0) break;
      this.hash.update(chunk.subarray(0, bytesRead));
      this.length += bytesRead;
    }
    this.request.onBytes(this.length);
  }

  async append(bytes: Uint8Array): Promise<void> {
    await onDisk(this.request.path, () => this.file.appendFile(bytes));
    this.hash.update(bytes);
    this.length += bytes.length;
    this.request.onBytes(this.length);
  }

  async clear(): Promise<void> {
    await onDisk(this.request.path, () => this.file.truncate(0));
    this.hash = newHash(this.request);
    this.length = 0;
    this.request.onBytes(0);
  }

  isRight(): boolean {
    return this.length === this.request.size && this.hash.copy().digest('hex') === this.request.etag;
  }
}

/** Git's name of a content is the checksum of a header and the content. */
function newHash({ etag, size }: BlobRequest): Hash {
  return etag.length === 64 ? createHash('sha256') : createHash('sha1').update(`blob ${size}\0`);
}
