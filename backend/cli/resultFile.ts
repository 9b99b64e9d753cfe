/** The file that `--json` names. */
import { mkdir, stat, writeFile } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { messageOf, WorkbenchError } from '../core/errors.ts';

/**
 * Made ready before the work begins, so that a result of hours does not find its folder missing. Returns how to write the result; nothing is
 * written where no file was asked for. Throws `output.unwritable`.
 */
export async function resultFile(path: string | undefined): Promise<(result: unknown) => Promise<void>> {
  if (path === undefined) return () => Promise.resolve();
  const file = resolve(path);
  try {
    await mkdir(dirname(file), { recursive: true });
  } catch (error) {
    throw unwritable(file, messageOf(error));
  }
  if (await isFolder(file)) throw unwritable(file, 'it is a folder');
  return async (result) => {
    try {
      // In place, not renamed over: the path may be a device such as /dev/stdout.
      await writeFile(file, `${JSON.stringify(result, null, 2)}\n`);
    } catch (error) {
      throw unwritable(file, messageOf(error));
    }
  };
}

async function isFolder(path: string): Promise<boolean> {
  return stat(path).then(
    (found) => found.isDirectory(),
    () => false,
  );
}

function unwritable(file: string, reason: string): WorkbenchError {
  return new WorkbenchError({
    code: 'output.unwritable',
    message: `${file} cannot be written (${reason}).`,
    remedy: 'Give the path of a file that may be written, with --json.',
  });
}
