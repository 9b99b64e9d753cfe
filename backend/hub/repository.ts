/** What a repository on the hub holds at a revision: its commit and its files. */
import { WorkbenchError } from '../core/errors.ts';
import { addressText, isCommit, isPlainPath, type HubAddress } from './hubAddress.ts';
import { ask, askJson, type HubAccess } from './hubRequest.ts';

export interface HubFile {
  /** Relative to the repository, with `/`. */
  readonly path: string;
  /** null where a server does not say. */
  readonly size: number | null;
  /** The name of its content: its sha256 where it is a large file (64 digits), git's sha1 otherwise (40); null where a server does not say. */
  readonly etag: string | null;
}

export interface HubRepository {
  readonly address: HubAddress;
  /** 40 hexadecimal digits: where the revision points to. */
  readonly commit: string;
  readonly files: readonly HubFile[];
}

/** Throws `hub.…`; `hub.answer` for an answer that is no repository. */
export async function readRepository(address: HubAddress, access: HubAccess): Promise<HubRepository> {
  const { endpoint } = access.settings;
  const url = `${endpoint}/api/${address.kind}s/${address.id}/revision/${encodeURIComponent(address.revision)}?blobs=true`;
  const what = addressText({ ...address, path: null });
  const json = (await askJson({ url, what, page: repositoryPage(address, endpoint) }, access)) as { sha?: unknown; siblings?: unknown } | null;
  const { sha, siblings } = json ?? {};
  if (typeof sha !== 'string' || !isCommit(sha) || !Array.isArray(siblings)) {
    throw new WorkbenchError({
      code: 'hub.answer',
      message: `${what}: ${new URL(endpoint).host} answers with something that describes no repository.`,
      remedy: 'Check HF_ENDPOINT.',
    });
  }
  return { address, commit: sha, files: siblings.flatMap((entry: unknown) => fileOf(entry) ?? []) };
}

/** Size and name of the content from the headers of the file itself, where the listing did not say. */
export async function withHeaders({ address, commit }: HubRepository, file: HubFile, access: HubAccess): Promise<HubFile> {
  if (file.etag !== null && file.size !== null) return file;
  const { endpoint } = access.settings;
  const asked = {
    what: addressText({ ...address, path: file.path }),
    page: repositoryPage(address, endpoint),
    method: 'HEAD' as const,
    stayOnHub: true,
  };
  const { response, end } = await ask({ ...asked, url: fileUrl(address, commit, file.path, endpoint) }, access);
  end();
  const header = (...names: string[]): string | null => names.map((name) => response.headers.get(name)).find((value) => value !== null) ?? null;
  // A redirect has a length of its own.
  const size = Number(header('x-linked-size', ...(response.ok ? ['content-length'] : [])) ?? NaN);
  const etag = header('x-linked-etag', 'etag')?.replace(/^W\//, '').replaceAll('"', '');
  return { path: file.path, size: Number.isSafeInteger(size) ? size : file.size, etag: contentName(etag) ?? file.etag };
}

export function fileUrl({ kind, id }: HubAddress, commit: string, path: string, endpoint: string): string {
  return `${endpoint}/${kind === 'dataset' ? 'datasets/' : ''}${id}/resolve/${commit}/${path.split('/').map(encodeURIComponent).join('/')}`;
}

/** For people. */
export function repositoryPage({ kind, id }: HubAddress, endpoint: string): string {
  return `${endpoint}/${kind === 'dataset' ? 'datasets/' : ''}${id}`;
}

/** A name that could lead elsewhere is left out: it comes from a server. */
function fileOf(entry: unknown): HubFile | undefined {
  const { rfilename, size, blobId, lfs } = (entry ?? {}) as { rfilename?: unknown; size?: unknown; blobId?: unknown; lfs?: unknown };
  if (typeof rfilename !== 'string' || !isPlainPath(rfilename)) return undefined;
  const large = (lfs ?? {}) as { sha256?: unknown; oid?: unknown; size?: unknown };
  const bytes = [large.size, size].find((value) => typeof value === 'number' && Number.isSafeInteger(value) && value >= 0);
  return {
    path: rfilename,
    size: (bytes as number | undefined) ?? null,
    etag: contentName(large.sha256) ?? contentName(large.oid) ?? contentName(blobId),
  };
}

function contentName(value: unknown): string | null {
  return typeof value === 'string' && /^(?:[0-9a-f]{40}|[0-9a-f]{64})$/.test(value) ? value : null;
}
