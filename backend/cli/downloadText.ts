/** How far a download is, in words: `owner/name: 1.2 of 3.1 GB, 24.0 MB/s, 1:20 left (2 of 9 files)`. */
import type { DownloadProgress } from '../hub/downloadProgress.ts';
import type { CliOutput } from './command.ts';
import { clock, cut, harmless } from './terminalText.ts';

/** One line, safe to print. */
export function downloadText({ repository, filesDone, filesTotal, bytesDone, bytesTotal, bytesPerSecond, secondsLeft }: DownloadProgress): string {
  const unit = unitOf(bytesTotal);
  const amount = `${(bytesDone / unit.bytes).toFixed(1)} of ${sizeText(bytesTotal)}`;
  const rate = bytesPerSecond > 0 ? `, ${sizeText(bytesPerSecond)}/s` : '';
  const left = secondsLeft === null || filesDone === filesTotal ? '' : `, ${clock(secondsLeft)} left`;
  return harmless(`${repository}: ${amount}${rate}${left} (${filesDone} of ${filesTotal} files)`);
}

export function sizeText(bytes: number): string {
  const { bytes: size, name } = unitOf(bytes);
  return `${(bytes / size).toFixed(1)} ${name}`;
}

/** A listener that keeps one line up to date on a terminal, and elsewhere writes one now and then, and when all is there. `now` in milliseconds. */
export function downloadLines(output: CliOutput, now: () => number): (progress: DownloadProgress) => void {
  let written = -Infinity;
  return (progress) => {
    const isDone = progress.filesDone === progress.filesTotal;
    if (output.isTerminal) output.write(`\r\u001b[K${cut(downloadText(progress), output.columns() - 1)}${isDone ? '\n' : ''}`);
    else if (isDone || now() - written >= plainEveryMs) {
      written = now();
      output.write(`${downloadText(progress)}\n`);
    }
  };
}

const plainEveryMs = 10_000;

function unitOf(bytes: number): { readonly bytes: number; readonly name: string } {
  if (bytes >= 1e9) return { bytes: 1e9, name: 'GB' };
  return bytes >= 1e6 ? { bytes: 1e6, name: 'MB' } : { bytes: 1e3, name: 'kB' };
}
