/** The backend's log: lines in `.critique-grpo/backend.log` and wherever else its owner wants them. */
import { closeSync, constants, fstatSync, openSync, renameSync, writeSync } from 'node:fs';
import { messageOf } from '../core/errors.ts';

export interface Log {
  info(text: string): void;
  /** With the stack of what was thrown. */
  error(text: string, error: unknown): void;
  close(): void;
}

/** A full file becomes `backend.log.1`, so both together stay below twice this. */
const maxBytes = 2 ** 20;

/** Never follows a link: in a folder from elsewhere, the log's name might lead to another file. Works on without a file when there can be none. */
export function openLog(path: string, echo: (line: string) => void): Log {
  let file = openForAppending(path);
  let bytes = file === null ? 0 : fstatSync(file).size;
  const write = (line: string): void => {
    echo(line);
    if (file === null) return;
    try {
      if (bytes > maxBytes) {
        closeSync(file);
        file = null;
        renameSync(path, `${path}.1`);
        file = openForAppending(path);
        bytes = 0;
      }
      if (file !== null) bytes += writeSync(file, line);
    } catch {
      // A full disk must not end the backend.
    }
  };
  return {
    info: (text) => write(`${new Date().toISOString()} ${plain(text)}\n`),
    error: (text, error) => {
      const detail = error instanceof Error ? (error.stack ?? error.message) : messageOf(error);
      write(`${new Date().toISOString()} ERROR ${plain(text)}\n${plain(detail).replace(/^/gm, '  ')}\n`);
    },
    close: () => {
      if (file !== null) closeSync(file);
      file = null;
    },
  };
}

function openForAppending(path: string): number | null {
  const noFollow = process.platform === 'win32' ? 0 : constants.O_NOFOLLOW;
  try {
    return openSync(path, constants.O_WRONLY | constants.O_APPEND | constants.O_CREAT | noFollow, 0o600);
  } catch {
    return null;
  }
}

/** Control characters of texts from elsewhere made harmless; lines stay. */
function plain(text: string): string {
  return text.replace(/[\p{Cc}\p{Cf}]/gu, (character) => (character === '\n' ? character : '\u00b7'));
}
