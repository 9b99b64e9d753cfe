/** Golden model folders, and temporary ones made from them with a fault put in. */
import { cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { readdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { SafetensorsFile, type NamedTensor } from '../../../backend/models/safetensors.ts';

const goldenModels = fileURLToPath(new URL('../../golden/models', import.meta.url));

export type Json = Record<string, unknown>;

export function goldenFolder(name: string): string {
  return join(goldenModels, name);
}

/** Golden cases that are whole models (an adapter is not). */
export const goldenNames = readdirSync(goldenModels).filter((name) => readdirSync(goldenFolder(name)).includes('config.json'));

/** Calls `use` with an empty folder, which is removed afterwards. */
export async function withFolder<T>(use: (folder: string) => Promise<T>): Promise<T> {
  const folder = await mkdtemp(join(tmpdir(), 'models-test-'));
  try {
    return await use(folder);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** Calls `use` with a copy of a golden folder, which is removed afterwards. */
export function withCopy<T>(name: string, use: (folder: string) => Promise<T>): Promise<T> {
  return withFolder(async (folder) => {
    await cp(goldenFolder(name), folder, { recursive: true });
    return use(folder);
  });
}

/** Every tensor of a file, sorted by name. */
export async function readTensors(path: string): Promise<NamedTensor[]> {
  const file = await SafetensorsFile.open(path);
  try {
    const tensors: NamedTensor[] = [];
    for (const name of [...file.tensors.keys()].sort())
      tensors.push({ name, shape: file.tensors.get(name)?.shape ?? [], values: await file.read(name) });
    return tensors;
  } finally {
    await file.close();
  }
}

export async function readJsonFile(path: string): Promise<Json> {
  return JSON.parse(await readFile(path, 'utf8')) as Json;
}

export async function changeJson(path: string, change: (json: Json) => Json): Promise<void> {
  await writeFile(path, JSON.stringify(change(await readJsonFile(path))));
}
