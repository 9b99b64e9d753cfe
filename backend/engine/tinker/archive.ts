/** Reads the archive (tar.gz) in which a server hands out an adapter. It is somebody else's file: names are compared, never followed. */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { messageOf } from '../../core/errors.ts';
import { SafetensorsFile } from '../../models/safetensors.ts';
import { nonsenseError } from './errors.ts';

/** What a PEFT folder consists of. */
const wanted = { config: 'adapter_config.json', weights: 'adapter_model.safetensors' } as const;
const maxBytes = 2 ** 32 - 1;
const blockBytes = 512;

/** Throws `engine.notTinker` if either file is missing. */
export async function writeAdapterArchive(folder: string, archive: Uint8Array, server: string): Promise<void> {
  let files: ReadonlyMap<string, Uint8Array>;
  try {
    files = untar(gunzipSync(archive, { maxOutputLength: maxBytes }));
  } catch (error) {
    throw nonsenseError(server, 'archive', messageOf(error));
  }
  const [config, weights] = [wanted.config, wanted.weights].map((name) => {
    const content = files.get(name);
    if (content === undefined) throw nonsenseError(server, 'archive', `there is no ${name} in it`);
    return content;
  }) as [Uint8Array, Uint8Array];
  const weightFile = join(folder, wanted.weights);
  await writeFile(weightFile, weights);
  let completed: string;
  try {
    completed = completeConfig(config, await tensorNames(weightFile));
  } catch (error) {
    throw nonsenseError(server, 'archive', messageOf(error));
  }
  await writeFile(join(folder, wanted.config), completed);
}

/** Without the names of its modules, which SkyRL leaves out, PEFT would take two of each layer and pass over the others in silence. */
function completeConfig(config: Uint8Array, names: readonly string[]): string {
  const written = JSON.parse(Buffer.from(config).toString('utf8')) as Record<string, unknown>;
  const modules = [...new Set(names.flatMap((name) => /([A-Za-z0-9_]+)\.lora_[AB]\./.exec(name)?.[1] ?? []))].sort();
  if (modules.length === 0) throw new Error(`there is no adapter in ${wanted.weights}`);
  const completed = { ...written, target_modules: written['target_modules'] ?? modules, task_type: written['task_type'] ?? 'CAUSAL_LM' };
  return `${JSON.stringify(completed, null, 2)}\n`;
}

async function tensorNames(path: string): Promise<string[]> {
  const file = await SafetensorsFile.open(path);
  await file.close();
  return [...file.tensors.keys()];
}

/** The plain files of a tar archive (POSIX ustar) by their last name. */
export function untar(bytes: Uint8Array): Map<string, Uint8Array> {
  const files = new Map<string, Uint8Array>();
  const text = (start: number, length: number): string => {
    const field = Buffer.from(bytes.subarray(start, start + length)).toString('utf8');
    return field.split('\0')[0] ?? '';
  };
  for (let at = 0; at + blockBytes <= bytes.length && bytes[at] !== 0;) {
    const size = Number.parseInt(text(at + 124, 12).trim(), 8);
    if (!Number.isSafeInteger(size) || size < 0 || at + blockBytes + size > bytes.length) throw new Error('an archive that is cut off or no tar');
    const type = text(at + 156, 1);
    if (type === '' || type === '0') files.set(text(at, 100).split('/').at(-1) ?? '', bytes.subarray(at + blockBytes, at + blockBytes + size));
    at += blockBytes + Math.ceil(size / blockBytes) * blockBytes;
  }
  return files;
}
