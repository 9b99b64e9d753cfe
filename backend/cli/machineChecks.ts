/** What a machine must have for a run: a runtime, memory, disk space, and a store that nobody else writes. */
import { mkdtemp, rm, stat, statfs } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { messageOf } from '../core/errors.ts';
import { sizeOf } from '../graph/ir.ts';
import { estimateTrainingBytes, parameterCount } from '../models/estimate.ts';
import type { ModelFolder } from '../models/folder.ts';
import { adapterSpecs } from '../models/lora.ts';
import { openStore } from '../store/openStore.ts';
import { storeFolder } from '../store/workspaceFolders.ts';
import { WriterLock } from '../store/writerLock.ts';
import { switchesOf, type Check } from './doctorCheck.ts';

const oldestNode = [20, 20] as const;

export const nodeCheck: Check = {
  name: 'node',
  needs: [],
  async examine() {
    const { node } = process.versions;
    const [major = 0, minor = 0] = node.split('.').map(Number);
    const isNew = major > oldestNode[0] || (major === oldestNode[0] && minor >= oldestNode[1]);
    if (isNew) return { status: 'ok', detail: `Node ${node} on ${process.platform} ${process.arch}` };
    return { status: 'failed', detail: `Node ${node} is too old.`, remedy: `Install Node ${oldestNode.join('.')} or newer.` };
  },
};

/** The two processes before they hold a model: runtime, code and caches, as measured. */
const processBytes = 400 * 2 ** 20;
const cacheRows = 64;
const bytesPerValue = 4;

export const memoryCheck: Check = {
  name: 'memory',
  needs: ['model', 'longestPrompt'],
  async examine({ config: run }, facts) {
    const { config } = facts.model as ModelFolder;
    const length = (facts.longestPrompt as number) + run.sampling.maxTokens;
    const batch = Math.max(1, Math.floor(run.training.microBatchTokens / length));
    const { layerCheckpointing } = run.training;
    const training = estimateTrainingBytes(config, run.model.lora ?? undefined, {
      batch,
      length,
      nTargets: batch * run.sampling.maxTokens,
      layerCheckpointing,
    });
    // The runtime hands out each grown cache as a copy.
    const decoding = 2 * cacheRows * length * 2 * config.nLayers * config.nKvHeads * config.headDim * bytesPerValue;
    const reference = switchesOf(run).klCoefficient > 0 ? parameterCount(config) * bytesPerValue : 0;
    const needed = processBytes + training + decoding + reference;
    const available = process.availableMemory();
    const detail = `about ${size(needed)} (training ${size(training + reference)}, decoding ${size(decoding)}, programs ${size(processBytes)}) of ${size(available)} available`;
    const remedy =
      'Lower training.microBatchTokens or sampling.maxTokens, turn on training.layerCheckpointing, train an adapter (model.lora), or close other programs.';
    if (needed > available) return { status: 'failed', detail, remedy };
    facts.fittingBytes = needed;
    return needed > 0.7 * available ? { status: 'warning', detail, remedy } : { status: 'ok', detail };
  },
};

export const diskCheck: Check = {
  name: 'disk',
  needs: [],
  async examine({ config, workspace }, facts) {
    const folder = await nearestFolder(workspace);
    let trial: string;
    try {
      trial = await mkdtemp(join(folder, '.critique-grpo-doctor-'));
    } catch (error) {
      return {
        status: 'failed',
        detail: `${folder} cannot be written (${messageOf(error)}).`,
        remedy: 'Give another --workspace, or change its permissions.',
      };
    }
    await rm(trial, { recursive: true, force: true });
    const { bavail, bsize } = await statfs(folder);
    const free = bavail * bsize;
    const { model } = facts;
    if (model === undefined) return { status: 'ok', detail: `${size(free)} free; the workspace can be written` };
    const { lora } = config.model;
    const trained =
      lora === null ? parameterCount(model.config) : adapterSpecs(model.config, lora).reduce((sum, { shape }) => sum + sizeOf(shape), 0);
    // Weights and two moments, for the checkpoints kept and one more while it is written.
    const needed = 3 * trained * bytesPerValue * (config.checkpoint.keep + 1);
    const detail = `${size(free)} free; checkpoints take up to ${size(needed)}; the workspace can be written`;
    if (needed < free) return { status: 'ok', detail };
    return { status: 'failed', detail, remedy: 'Free space, lower checkpoint.keep, or give a --workspace on another disk.' };
  },
};

export const storeCheck: Check = {
  name: 'store',
  needs: [],
  async examine({ workspace }) {
    if (!(await exists(join(storeFolder(workspace), 'store.db')))) return { status: 'ok', detail: 'none yet; the first run makes it' };
    if (WriterLock.isHeld(join(storeFolder(workspace), 'writer.lock'))) {
      return {
        status: 'failed',
        detail: `Another process writes the store of ${workspace}.`,
        remedy: 'Stop that run or close that window, or give another --workspace.',
      };
    }
    const store = openStore(workspace, { readOnly: true });
    try {
      return { status: 'ok', detail: `${store.runs().length} runs; nobody writes it` };
    } finally {
      store.close();
    }
  },
};

/** The folder itself, or the nearest one above it that there is. */
async function nearestFolder(path: string): Promise<string> {
  return (await exists(path)) || dirname(path) === path ? path : nearestFolder(dirname(path));
}

async function exists(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  );
}

/** Bytes for people: `2.4 MB`. */
function size(bytes: number): string {
  const units = ['B', 'kB', 'MB', 'GB', 'TB'];
  const unit = Math.min(units.length - 1, Math.floor(Math.log10(Math.max(1, bytes)) / 3));
  const value = bytes / 1000 ** unit;
  return `${value >= 100 || unit === 0 ? Math.round(value) : value.toFixed(1)} ${units[unit]}`;
}
