/** Turns what SQLite and the file system throw into errors that say what to do. */
import { WorkbenchError } from '../core/errors.ts';

interface Remedy {
  readonly code: string;
  readonly problem: string;
  readonly remedy: string;
}

const diskFull: Remedy = {
  code: 'store.diskFull',
  problem: 'the disk is full',
  remedy: 'Free some space, then resume the run; everything announced so far is safe.',
};
const readOnly: Remedy = {
  code: 'store.readOnly',
  problem: 'it cannot be written',
  remedy: 'Give this user write permission on the folder, or open another workspace.',
};
const corrupt: Remedy = {
  code: 'store.corrupt',
  problem: 'the file is damaged or is no database',
  remedy: 'Move the file away (keep it) and open the workspace again to start a new one; checkpoints are separate and stay usable.',
};
const cannotOpen: Remedy = {
  code: 'store.cannotOpen',
  problem: 'it cannot be opened',
  remedy: 'Check that the path exists, is a plain file and is readable by this user.',
};
const busy: Remedy = { code: 'store.busy', problem: 'another process keeps it locked', remedy: 'Close the other process, or wait and try again.' };
const failing: Remedy = {
  code: 'store.ioFailed',
  problem: 'reading or writing failed',
  remedy: 'Check the disk and its connection, then open the workspace again.',
};

/** Primary SQLite result codes (sqlite.org/rescode.html). */
const bySqliteCode: Readonly<Record<number, Remedy>> = {
  3: readOnly,
  5: busy,
  6: busy,
  8: readOnly,
  10: failing,
  11: corrupt,
  13: diskFull,
  14: cannotOpen,
  26: corrupt,
};

const byFileCode: Readonly<Record<string, Remedy>> = {
  ENOSPC: diskFull,
  EDQUOT: diskFull,
  EACCES: readOnly,
  EPERM: readOnly,
  EROFS: readOnly,
  EIO: failing,
  ENOENT: cannotOpen,
  ENOTDIR: cannotOpen,
  EISDIR: cannotOpen,
};

const noSpaceErrno = 28;

/** The error to throw for `error`, met while handling `path`; a bug (bad SQL, a type error) comes back as it is. */
export function storageError(error: unknown, path: string): unknown {
  if (!(error instanceof Error) || error instanceof WorkbenchError) {
    return error;
  }
  const { errcode, systemErrno, code } = error as Error & { errcode?: number; systemErrno?: number; code?: string };
  const remedy =
    typeof errcode === 'number'
      ? systemErrno === noSpaceErrno
        ? diskFull
        : bySqliteCode[errcode & 0xff]
      : code === undefined
        ? undefined
        : byFileCode[code];
  if (remedy === undefined) {
    return error;
  }
  return new WorkbenchError({
    code: remedy.code,
    message: `${path}: ${remedy.problem} (${error.message}).`,
    remedy: remedy.remedy,
    cause: error,
  });
}
