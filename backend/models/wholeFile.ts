/** Files that are there whole or not at all: written under a temporary name, flushed to disk, then renamed. */
import { open, readFile, rename, rm, type FileHandle } from 'node:fs/promises';
import { messageOf, WorkbenchError } from '../core/errors.ts';

/** Replaces the file by what `fill` writes. Throws `file.notWritten`; a file that was there before then stays as it was. */
export async function writeWholeFile(path: string, fill: (file: FileHandle) => Promise<void>): Promise<void> {
  const temporary = `${path}.incomplete`;
  try {
    const file = await open(temporary, 'w');
    try {
      await fill(file);
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(temporary, path);
  } catch (error) {
    await rm(temporary, { force: true }).catch(() => undefined);
    // What is written may fail to be read: that is told as it is.
    if (error instanceof WorkbenchError) throw error;
    throw new WorkbenchError({
      code: 'file.notWritten',
      message: `${path} cannot be written (${messageOf(error)}).`,
      remedy: 'Check that its folder exists, may be written to, and that the disk has space left.',
      cause: error,
    });
  }
}

/** Writes a value as indented JSON. */
export function writeJson(path: string, value: unknown): Promise<void> {
  return writeWholeFile(path, (file) => file.writeFile(`${JSON.stringify(value, null, 2)}\n`));
}

/** Reads a JSON object. Throws an error of the given code and remedy that names the file and what is wrong with it; `broken` for a file that is there. */
export async function readJson(
  path: string,
  code: string,
  remedy: string,
  broken: { readonly code: string; readonly remedy: string } = { code, remedy },
): Promise<Readonly<Record<string, unknown>>> {
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (error) {
    throw new WorkbenchError({ code, message: `${path} cannot be read (${messageOf(error)}).`, remedy, cause: error });
  }
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (error) {
    throw new WorkbenchError({ ...broken, message: `${path} is no valid JSON (${messageOf(error)}).`, cause: error });
  }
  if (typeof json === 'object' && json !== null && !Array.isArray(json)) return json as Readonly<Record<string, unknown>>;
  throw new WorkbenchError({ ...broken, message: `${path} holds no JSON object.` });
}
