/** Addresses on a model hub: `hf://owner/name[@revision]`, `hf://datasets/owner/name[@revision]/path/to/file`. */
import { WorkbenchError } from '../core/errors.ts';

export interface HubAddress {
  readonly kind: 'model' | 'dataset';
  /** `owner/name` */
  readonly id: string;
  /** A branch, a tag or a commit. */
  readonly revision: string;
  /** Of one file in the repository; null for all of it. */
  readonly path: string | null;
}

const scheme = 'hf://';
const repositoryId = /^[A-Za-z0-9_][\w.-]*\/[A-Za-z0-9_][\w.-]*$/;
const commitId = /^[0-9a-f]{40}$/;

export function isHubAddress(path: string): boolean {
  return path.startsWith(scheme);
}

/** Throws `hub.address` with the form that is wanted. */
export function parseHubAddress(text: string): HubAddress {
  const malformed = (problem: string): WorkbenchError =>
    new WorkbenchError({
      code: 'hub.address',
      message: `${text} is no address on the hub: ${problem}.`,
      remedy: 'Write hf://owner/name or hf://datasets/owner/name/path/to/file, with @revision behind the name if it is not the main branch.',
    });
  if (!isHubAddress(text)) throw malformed(`it does not begin with ${scheme}`);
  const [first, ...others] = text.slice(scheme.length).split('/');
  const isDataset = first === 'datasets';
  if (first === 'spaces') throw malformed('spaces hold neither models nor data sets');
  const [owner, named = '', ...rest] = isDataset || first === 'models' ? others : [first, ...others];
  const [name, ...revisions] = named.split('@');
  const id = `${owner}/${name}`;
  if (!repositoryId.test(id) || id.includes('..')) throw malformed('it names no owner and repository');
  let revision = 'main';
  if (revisions.length > 0) {
    revision = decoded(revisions.join('@'));
    // The hub's own branches have slashes in their names: refs/pr/3, refs/convert/parquet.
    if (revision === 'refs' && rest.length >= 2) revision = ['refs', ...rest.splice(0, 2)].join('/');
    if (!isPlainPath(revision)) throw malformed(`its revision "${revision}" cannot be one`);
  }
  const path = rest.filter((part) => part !== '').join('/');
  if (path !== '' && !isPlainPath(path)) throw malformed(`the path "${path}" leads out of the repository`);
  return { kind: isDataset ? 'dataset' : 'model', id, revision, path: path === '' ? null : path };
}

/** As it is written, for messages. */
export function addressText({ kind, id, revision, path }: HubAddress): string {
  return `${scheme}${kind === 'dataset' ? 'datasets/' : ''}${id}${revision === 'main' ? '' : `@${revision}`}${path === null ? '' : `/${path}`}`;
}

export function isRepositoryId(text: string): boolean {
  return repositoryId.test(text) && !text.includes('..');
}

export function isCommit(revision: string): boolean {
  return commitId.test(revision);
}

/** A relative path with `/` that stays below where it begins, on every system: names come from servers. */
export function isPlainPath(path: string): boolean {
  return path !== '' && !/[\\:*?"<>|\u0000-\u001f]/.test(path) && path.split('/').every((part) => part !== '' && part !== '.' && part !== '..');
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
