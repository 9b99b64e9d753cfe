/** What a machine must have for a run: a runtime, memory, disk space, and a store that nobody else writes. */
import { mkdtemp, rm, stat, statfs } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { messageOf } from '../core/errors.ts';
import type { ProblemSets } from '../data/problemSets.ts';
import { availableBytes } from '../engine/local/memoryBudget.ts';
import { sizeOf } from '../graph/ir.ts';
import { parameterCount } from '../models/estimate.ts';
import type { ModelFolder } from '../models/folder.ts';
import { adapterSpecs } from '../models/lora.ts';
import { loraSchema, type RunConfig } from '../protocol/runConfig.ts';
import { openStore } from '../store/openStore.ts';
import { storeFolder } from '../store/workspaceFolders.ts';
import { WriterLock } from '../store/writerLock.ts';
import { bytesText, estimateRunMemory, holdingOf, memoryAdvice, memoryRemedy, sequencesAtOnce, type RunMemory } from '../training/memory.ts';
import { switchesOf } from '../training/switches.ts';
import type { Check } from './doctorCheck.ts';

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

export const memoryCheck: Check = {
  name: 'memory',
  needs: ['model', 'problems', 'longestPrompt'],
  async examine({ config }, facts) {
    const model = (facts.model as ModelFolder).config;
    const longestPrompt = facts.longestPrompt as number;
    const { train, heldOut } = facts.problems as ProblemSets;
    const switches = switchesOf(config);
    const sequences = sequencesAtOnce(config, switches, { train: train.length, heldOut: heldOut.length });
    const estimate = (changed: RunConfig): RunMemory => estimateRunMemory(changed, switches, model, longestPrompt, sequences);
    const of = (lora: RunConfig['model']['lora']): RunMemory => estimate({ ...config, model: { ...config.model, lora } });
    const adapter = config.model.lora ?? loraSchema.parse({});
    const [run, full, small] = [of(config.model.lora), of(null), of(adapter)];
    const available = availableBytes();
    if (config.engine.tinker !== null) {
      return {
        status: 'ok',
        detail: `about ${bytesText(run.total)} of ${bytesText(available)} available; the model is on ${config.engine.tinker.baseUrl}`,
      };
    }
    const detail = [
      `about ${bytesText(run.total)} of ${bytesText(available)} available`,
      `training ${bytesText(full.training)} with all weights, ${bytesText(small.training)} with an adapter of rank ${adapter.rank}`,
      `rollouts ${bytesText(run.decoding)}`,
      ...(holdingOf(config, switches, model).layerwise === true ? ['trained one layer at a time'] : []),
    ].join('; ');
    if (run.total > available) {
      const longest = longestPrompt + config.sampling.maxTokens;
      return { status: 'failed', detail, remedy: memoryAdvice(config, model, { available, longest, totalOf: (changed) => estimate(changed).total }) };
    }
    facts.fittingBytes = run.total;
    return run.total > 0.7 * available ? { status: 'warning', detail, remedy: memoryRemedy } : { status: 'ok', detail };
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
    // Checkpoints of a run on a server are there.
    if (model === undefined || config.engine.tinker !== null)
      return { status: 'ok', detail: `${bytesText(free)} free; the workspace can be written` };
    const { lora } = config.model;
    const trained =
      lora === null ? parameterCount(model.config) : adapterSpecs(model.config, lora).reduce((sum, { shape }) => sum + sizeOf(shape), 0);
    // Weights and two moments of four bytes each, for the checkpoints kept and one more while it is written.
    const needed = 12 * trained * (config.checkpoint.keep + 1);
    const detail = `${bytesText(free)} free; checkpoints take up to ${bytesText(needed)}; the workspace can be written`;
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
