/** Where a path of a run file's data lies on this machine: a file, a folder or a pattern, here or downloaded from the hub. */
import { join } from 'node:path';
import { chooseFiles, isDataFile, patternOf, type DataRole } from '../data/dataFiles.ts';
import { downloadFolder } from '../hub/download.ts';
import { isHubAddress } from '../hub/hubAddress.ts';
import { dataAddress, resolveData, type DataOptions } from './sources.ts';

/**
 * Of the hub only those files are downloaded that the path stands for: `hf://datasets/owner/name/data/train-00000-of-00002.parquet`,
 * `…/data/train-*.parquet`, or a folder, of which `role` decides the split. Throws `hub.…`, or an `AbortError`.
 */
export async function locateData(path: string, role: DataRole, asked: DataOptions): Promise<string> {
  const options = { ...asked, ...(asked.pinned === undefined ? {} : { known: asked.pinned.files }) };
  if (!isHubAddress(path)) return resolveData(path, options);
  const parts = path.split('/');
  const first = parts.findIndex((part) => /[*?{]/u.test(part));
  if (first < 0 && isDataFile(parts.at(-1) ?? '')) return resolveData(path, options);
  if (first < 0) return downloadFolder(dataAddress(path, options), (paths) => chooseFiles(paths, role), options);
  const pattern = parts.slice(first);
  const segments = pattern.map(patternOf);
  const isWanted = (names: readonly string[]): boolean =>
    names.length === segments.length && segments.every((segment, i) => segment.test(names[i] ?? ''));
  const folder = await downloadFolder(
    dataAddress(parts.slice(0, first).join('/'), options),
    (paths) => paths.filter((file) => isWanted(file.split('/'))),
    options,
  );
  return join(folder, ...pattern);
}
