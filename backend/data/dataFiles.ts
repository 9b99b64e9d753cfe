/** Which files a path of the run file stands for: a file, the shards of a folder, or those that match a pattern. */
import { readdir, stat } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { WorkbenchError } from '../core/errors.ts';
import { readHead, unreadable } from './byteStream.ts';
import type { DataSource } from './source.ts';
import { sources } from './sources/index.ts';

export interface DataFile {
  readonly path: string;
  readonly bytes: number;
  readonly source: DataSource;
}

/** What the problems are for; decides among the splits of a folder. */
export type DataRole = 'train' | 'heldOut';

/**
 * In the order of their names. Throws `dataset.notFound`, `dataset.noFiles`, `dataset.missingShard`, `dataset.severalSplits`,
 * `dataset.unknownFormat`.
 */
export async function findDataFiles(path: string, role: DataRole): Promise<DataFile[]> {
  const kind = await kindOf(path);
  if (kind === 'file') return [await dataFile(path)];
  const paths = kind === 'folder' ? await filesOfFolder(path, role) : await filesOfPattern(path);
  // Whoever writes a number in a pattern chooses among the shards.
  if (kind === 'folder' || !/\d/u.test(basename(path))) requireWholeSet(paths);
  const files: DataFile[] = [];
  for (const each of paths) files.push(await dataFile(each));
  return files;
}

async function kindOf(path: string): Promise<'file' | 'folder' | 'pattern'> {
  try {
    return (await stat(path)).isDirectory() ? 'folder' : 'file';
  } catch (cause) {
    const isMissing = ['ENOENT', 'ENOTDIR'].includes((cause as NodeJS.ErrnoException).code ?? '');
    if (!isMissing) throw unreadable(path, cause);
    if (/[*?{]/u.test(path)) return 'pattern';
    throw new WorkbenchError({
      code: 'dataset.notFound',
      message: `There is no dataset at ${path}.`,
      remedy: 'Correct the path in the run file; it is relative to that file.',
      cause,
    });
  }
}

async function dataFile(path: string): Promise<DataFile> {
  const { size } = await stat(path);
  const extension = extensionOf(path);
  const all = Object.values(sources);
  const named = all.find(({ extensions }) => extensions.includes(extension));
  if (named !== undefined) return { path, bytes: size, source: named };
  const head = await readHead(path, 4096);
  const source = head.length === 0 ? all[0] : all.find((each) => each.matches(head));
  if (source !== undefined) return { path, bytes: size, source };
  throw new WorkbenchError({
    code: 'dataset.unknownFormat',
    message: `${path} is of no known format.`,
    remedy: `Give it one of the endings ${all.flatMap(({ extensions }) => extensions.map((ending) => `.${ending}`)).join(', ')}.`,
  });
}

function extensionOf(path: string): string {
  return /\.([^.]+)$/u.exec(path.toLowerCase().replace(/\.gz$/u, ''))?.[1] ?? '';
}

export function isDataFile(name: string): boolean {
  return !name.startsWith('.') && Object.values(sources).some(({ extensions }) => extensions.includes(extensionOf(name)));
}

/** Names that data sets give their splits, those to train on and those to score on by preference. */
const splitNames: Readonly<Record<DataRole, readonly string[]>> = {
  train: ['train'],
  heldOut: ['test', 'validation', 'valid', 'val', 'dev', 'eval', 'heldout'],
};

/** A folder's own files, or those of its `data` folder; where they are of several splits, the one for the role. */
async function filesOfFolder(folder: string, role: DataRole): Promise<string[]> {
  const own = await dataFilesIn(folder);
  const paths = own.length > 0 ? own : await dataFilesIn(join(folder, 'data'));
  const wanted = splitFor(paths, role);
  if (paths.length === 0) {
    throw new WorkbenchError({
      code: 'dataset.noFiles',
      message: `The folder ${folder} holds no data files.`,
      remedy: 'Name a file, or a folder with JSONL, JSON, CSV or Parquet files in it.',
    });
  }
  if (wanted.length > 0) return [...wanted];
  const bySplit = groupBySplit(paths);
  throw new WorkbenchError({
    code: 'dataset.severalSplits',
    message: `The folder ${folder} holds ${[...bySplit].map(([split, files]) => `${split} (${files.length} ${files.length === 1 ? 'file' : 'files'})`).join(', ')}, and nothing says which to take as ${role === 'train' ? 'training' : 'held-out'} problems.`,
    remedy: `Name a file or a pattern, for example ${join(dirname(paths[0] ?? folder), `${[...bySplit.keys()][0] ?? ''}*`)}.`,
  });
}

/** Of the files below a folder by relative path, those that its name stands for; none where nothing says which. */
export function chooseFiles(paths: readonly string[], role: DataRole): readonly string[] {
  const below = (folder: string): string[] =>
    paths.filter((path) => path.startsWith(folder) && !path.slice(folder.length).includes('/') && isDataFile(basename(path)));
  const own = below('');
  return splitFor(own.length > 0 ? own : below('data/'), role);
}

function splitFor(paths: readonly string[], role: DataRole): readonly string[] {
  const bySplit = groupBySplit(paths);
  const wanted = splitNames[role].find((name) => bySplit.has(name));
  if (wanted !== undefined) return bySplit.get(wanted) ?? [];
  // A lone split of the other kind is what is left of a set, as in a cache that holds a part of it.
  const isOther = Object.values(splitNames)
    .flat()
    .some((name) => bySplit.has(name));
  return bySplit.size === 1 && !isOther ? paths : [];
}

/** Split as the file's name begins: `train-00000-of-00004.parquet`, `test.jsonl`; a name of its own otherwise. */
function groupBySplit(paths: readonly string[]): Map<string, string[]> {
  const known = Object.values(splitNames).flat();
  const groups = new Map<string, string[]>();
  for (const path of paths) {
    const stem = basename(path).toLowerCase().split('.')[0] ?? '';
    const first = stem.split(/[-_]/u)[0] ?? '';
    const split = known.includes(first) ? first : stem.replace(/[-_]?\d+([-_]of[-_]\d+)?$/u, '');
    groups.set(split, [...(groups.get(split) ?? []), path]);
  }
  return groups;
}

async function dataFilesIn(folder: string): Promise<string[]> {
  const names = await readdir(folder).catch(() => []);
  return sortedByName(names.filter(isDataFile)).map((name) => join(folder, name));
}

/** `*` and `?` stand for characters of one name, `{a,b}` for either text. */
async function filesOfPattern(pattern: string): Promise<string[]> {
  const parts = pattern.split('/');
  let found = [parts[0] === '' ? '/' : '.'];
  for (const part of parts) {
    if (part === '' || part === '.') continue;
    if (!/[*?{]/u.test(part)) {
      found = found.map((folder) => join(folder, part));
      continue;
    }
    const wanted = patternOf(part);
    const next: string[] = [];
    for (const folder of found) {
      const names = await readdir(folder).catch(() => []);
      next.push(...sortedByName(names.filter((name) => wanted.test(name) && !name.startsWith('.'))).map((name) => join(folder, name)));
    }
    found = next;
  }
  const files: string[] = [];
  for (const path of found) if (await isFile(path)) files.push(path);
  if (files.length > 0) return files;
  throw new WorkbenchError({
    code: 'dataset.notFound',
    message: `No file matches ${pattern}.`,
    remedy: 'Correct the pattern in the run file; it is relative to that file.',
  });
}

async function isFile(path: string): Promise<boolean> {
  return stat(path).then(
    (found) => found.isFile(),
    () => false,
  );
}

/** One segment of a pattern as a regular expression of a whole name. */
export function patternOf(part: string): RegExp {
  const source = part.replace(/\{([^{}]*)\}|[\\^$.*+?()[\]{}|]/gu, (special, alternatives: string | undefined) => {
    if (alternatives !== undefined)
      return `(?:${alternatives
        .split(',')
        .map((text) => text.replace(/[\\^$.*+?()[\]{}|]/gu, '\\$&'))
        .join('|')})`;
    if (special === '*') return '[^/]*';
    return special === '?' ? '[^/]' : `\\${special}`;
  });
  return new RegExp(`^${source}$`, 'u');
}

function sortedByName(names: readonly string[]): string[] {
  return [...names].sort((a, b) => (a < b ? -1 : 1));
}

/** Shards say how many they are; one that is missing would go unnoticed. */
function requireWholeSet(paths: readonly string[]): void {
  const sets = new Map<string, { readonly present: Set<number>; readonly total: number; readonly width: number }>();
  for (const path of paths) {
    const shard = /^(.*?)-?(\d+)-of-(\d+)(.*)$/u.exec(basename(path));
    if (shard === null) continue;
    const [, before = '', index = '', total = '', after = ''] = shard;
    const key = join(dirname(path), `${before}-*-of-${total}${after}`);
    const set = sets.get(key) ?? { present: new Set<number>(), total: Number(total), width: index.length };
    set.present.add(Number(index));
    sets.set(key, set);
  }
  for (const [key, { present, total, width }] of sets) {
    const missing = Array.from({ length: Math.min(total, maxShards) }, (_, i) => i).filter((i) => !present.has(i));
    // Some writers count from 1.
    if (missing.length === 0 || (missing.length === 1 && missing[0] === 0 && present.has(total))) continue;
    throw new WorkbenchError({
      code: 'dataset.missingShard',
      message: `Of ${key}, ${missing.length} of ${total} files are missing, the first is number ${String(missing[0]).padStart(width, '0')}.`,
      remedy: 'Download the missing files, or name the files to read one by one with a pattern.',
    });
  }
}

const maxShards = 100_000;
