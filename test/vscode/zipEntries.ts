/** The list of files in a ZIP archive, read from its central directory. */
import { readFileSync } from 'node:fs';

export interface ZipEntry {
  readonly path: string;
  /** Bytes, unpacked. */
  readonly size: number;
}

const endSignature = 0x06054b50;
const entrySignature = 0x02014b50;

/** Files in order of the archive. ZIP64 is refused: no package of ours is that large. */
export function zipEntries(archive: string): ZipEntry[] {
  const bytes = readFileSync(archive);
  let end = bytes.length - 22;
  while (end >= 0 && bytes.readUInt32LE(end) !== endSignature) end--;
  if (end < 0) throw new Error(`${archive} is no ZIP archive.`);
  const count = bytes.readUInt16LE(end + 10);
  let at = bytes.readUInt32LE(end + 16);
  if (count === 0xffff || at === 0xffffffff) throw new Error(`${archive} is a ZIP64 archive.`);
  const entries: ZipEntry[] = [];
  for (let i = 0; i < count; i++) {
    if (bytes.readUInt32LE(at) !== entrySignature) throw new Error(`${archive} has a broken directory at byte ${at}.`);
    const nameLength = bytes.readUInt16LE(at + 28);
    const path = bytes.toString('utf8', at + 46, at + 46 + nameLength);
    if (!path.endsWith('/')) entries.push({ path, size: bytes.readUInt32LE(at + 24) });
    at += 46 + nameLength + bytes.readUInt16LE(at + 30) + bytes.readUInt16LE(at + 32);
  }
  return entries;
}
