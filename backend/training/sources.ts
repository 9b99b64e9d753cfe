/** Where a run's model and data come from: the bundled demonstration, a folder, a PEFT adapter, the hub's cache or the hub itself. */
import { stat } from 'node:fs/promises';
import { isAbsolute, join, resolve } from 'node:path';
import { WorkbenchError } from '../core/errors.ts';
import { downloadFile, downloadModel, type DownloadOptions } from '../hub/download.ts';
import { isHubAddress, isRepositoryId, parseHubAddress, type HubAddress } from '../hub/hubAddress.ts';
import { currentSnapshot } from '../hub/hubCache.ts';
import type { ModelPart } from '../hub/modelFiles.ts';
import { readPin, writePin } from './modelPins.ts';
import { adapterFile, readAdapterConfig } from '../models/adapterConfig.ts';
import type { LoraSpec } from '../models/parameters.ts';
import type { LoraConfig, RunConfig } from '../protocol/runConfig.ts';

export interface SourceOptions extends DownloadOptions {
  /** What `demo:` in paths stands for. */
  readonly demoFolder: string;
  /** What of a model must be there: all of it if left out. */
  readonly part?: ModelPart;
  /** Folder of a run that goes on with the commit it began with, wherever the hub's branch is by now. */
  readonly pinFolder?: string;
}

export interface DataOptions extends SourceOptions {
  /** A commit of the hub in place of what the address says, and the files that are read of it. */
  readonly pinned?: { readonly commit: string; readonly files: readonly string[] };
}

export interface ModelSource {
  /** The Hugging Face folder of the weights: of the base where the run starts from an adapter. */
  readonly folder: string;
  /** The PEFT folder whose adapter the run goes on with; null for a new one or none. */
  readonly adapter: string | null;
  /** Where tokenizer and chat template lie: beside the adapter if it brings its own. */
  readonly tokenizerFolder: string;
  /** The run's settings with the adapter's form in them. */
  readonly config: RunConfig;
}

/**
 * The folder of a run's model, downloaded if it is on the hub and not there yet. Throws `hub.…`, `adapter.…`, `model.notFound` for a base
 * that is nowhere, or an `AbortError`.
 */
export async function resolveModel(config: RunConfig, options: SourceOptions): Promise<ModelSource> {
  const folder = await modelFolder(config.model.path, options);
  if (!(await exists(join(folder, adapterFile))) || (await exists(join(folder, 'config.json'))))
    return { folder, adapter: null, tokenizerFolder: folder, config };
  const { lora, base, revision } = await readAdapterConfig(folder);
  const own = sameForm(config.model.lora, lora, folder);
  const baseFolder = await modelFolder(await baseAddress(base, revision, folder), options);
  return {
    folder: baseFolder,
    adapter: folder,
    tokenizerFolder: (await exists(join(folder, 'tokenizer.json'))) ? folder : baseFolder,
    config: { ...config, model: { ...config.model, lora: own } },
  };
}

/** A data file on this machine, downloaded if it is on the hub and not there yet. Throws `hub.…`, or an `AbortError`. */
export async function resolveData(path: string, options: DataOptions): Promise<string> {
  return isHubAddress(path) ? downloadFile(dataAddress(path, options), options) : resolveDemo(path, options.demoFolder);
}

export function dataAddress(path: string, { pinned }: DataOptions): HubAddress {
  const address = parseHubAddress(path);
  return pinned === undefined ? address : { ...address, revision: pinned.commit };
}

/** `demo:train.jsonl` lies in the bundled demonstration; other paths are as they are. */
export function resolveDemo(path: string, demoFolder: string): string {
  return path.startsWith('demo:') ? join(demoFolder, path.slice('demo:'.length)) : path;
}

async function modelFolder(path: string, options: SourceOptions): Promise<string> {
  if (!isHubAddress(path)) return currentSnapshot(resolveDemo(path, options.demoFolder));
  const address = parseHubAddress(path);
  if (address.kind === 'dataset' || address.path !== null) {
    throw new WorkbenchError({
      code: 'hub.address',
      message: `${path} is no model: it names ${address.kind === 'dataset' ? 'a data set' : 'a file in a repository'}.`,
      remedy: 'Write hf://owner/name, with @revision behind it if it is not the main branch.',
    });
  }
  const { pinFolder, part = 'all' } = options;
  const pinned = pinFolder === undefined ? undefined : await readPin(pinFolder, path);
  const { folder, commit } = await downloadModel(pinned === undefined ? address : { ...address, revision: pinned }, part, options);
  if (pinFolder !== undefined && pinned === undefined) await writePin(pinFolder, path, commit);
  return folder;
}

/** PEFT names the base by a path, which may be relative to the adapter's folder, or by its name on the hub. */
async function baseAddress(base: string, revision: string | null, adapter: string): Promise<string> {
  const isPlain = base.startsWith('demo:') || isHubAddress(base);
  const local = isAbsolute(base) ? base : resolve(adapter, base);
  if (isPlain || (await exists(local))) return isPlain ? base : local;
  if (isRepositoryId(base)) return `hf://${base}${revision === null ? '' : `@${revision}`}`;
  throw new WorkbenchError({
    code: 'adapter.noBase',
    message: `The adapter in ${adapter} belongs to the base model ${base}, which is not there.`,
    remedy: `Correct "base_model_name_or_path" in its ${adapterFile}: a path as seen from the adapter's folder, or owner/name on the hub.`,
  });
}

function sameForm(asked: LoraConfig | null, { rank, alpha, targets }: LoraSpec, folder: string): LoraConfig {
  const own: LoraConfig = { rank, alpha, targets: [...targets] as LoraConfig['targets'] };
  const isSame = asked === null || (asked.rank === rank && asked.alpha === alpha && [...asked.targets].sort().join() === [...targets].sort().join());
  if (isSame) return own;
  throw new WorkbenchError({
    code: 'adapter.otherForm',
    message: `The run asks for an adapter of rank ${asked.rank}, alpha ${asked.alpha} on ${asked.targets.join(', ')}; the one in ${folder} has rank ${rank}, alpha ${alpha} on ${targets.join(', ')}.`,
    remedy: 'Leave model.lora out to go on with that adapter, or name its base model as model.path to train a new one.',
  });
}

async function exists(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  );
}
