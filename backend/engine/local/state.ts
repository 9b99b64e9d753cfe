/** What a training process needs beyond the weights to go on exactly: AdamW's moments and the number of updates. */
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { messageOf, WorkbenchError } from '../../core/errors.ts';
import { sameShape } from '../../graph/ir.ts';
import { fillParameters, readModelConfig, type ModelFolder } from '../../models/folder.ts';
import { loadAdapter } from '../../models/lora.ts';
import { parameterSpecs, type LoraSpec } from '../../models/parameters.ts';
import { SafetensorsFile, writeSafetensors } from '../../models/safetensors.ts';
import type { ModelWeights } from './weights.ts';

const momentsFile = 'optimizer.safetensors';
const stateFile = 'engine.json';

export async function saveState(folder: string, weights: ModelWeights, policyVersion: number): Promise<void> {
  const moments = weights.trainable.flatMap(({ spec, firstMoment, secondMoment }) => [
    { name: `first:${spec.name}`, shape: spec.shape, values: firstMoment },
    { name: `second:${spec.name}`, shape: spec.shape, values: secondMoment },
  ]);
  await writeSafetensors(join(folder, momentsFile), moments, 'F32');
  await writeFile(join(folder, stateFile), `${JSON.stringify({ policyVersion }, null, 2)}\n`);
}

/** Fills weights and moments in place; returns the policy version. Throws `checkpoint.…` naming what does not fit. */
export async function loadState(folder: string, weights: ModelWeights, model: ModelFolder, lora: LoraSpec | undefined): Promise<number> {
  const policyVersion = await readPolicyVersion(folder);
  const file = await SafetensorsFile.open(join(folder, momentsFile));
  try {
    for (const { spec } of weights.trainable) {
      const found = file.tensors.get(`first:${spec.name}`)?.shape;
      if (found === undefined || !sameShape(found, spec.shape)) {
        throw new WorkbenchError({
          code: 'checkpoint.otherModel',
          message: `The checkpoint ${folder} has ${found === undefined ? 'nothing' : `shape [${found.join(', ')}]`} for ${spec.name}; this model has [${spec.shape.join(', ')}].`,
          remedy: 'It belongs to another model or another adapter; resume with the configuration it was made with.',
        });
      }
    }
    await loadWeights(folder, weights, model, lora);
    for (const { spec, firstMoment, secondMoment } of weights.trainable) {
      await file.read(`first:${spec.name}`, firstMoment);
      await file.read(`second:${spec.name}`, secondMoment);
    }
  } finally {
    await file.close();
  }
  return policyVersion;
}

async function loadWeights(folder: string, weights: ModelWeights, model: ModelFolder, lora: LoraSpec | undefined): Promise<void> {
  if (lora !== undefined) return loadAdapter(folder, model.config, lora, weights.policy);
  return fillParameters(await readModelConfig(folder), parameterSpecs(model.config), weights.policy);
}

async function readPolicyVersion(folder: string): Promise<number> {
  const path = join(folder, stateFile);
  try {
    const { policyVersion } = JSON.parse(await readFile(path, 'utf8')) as { policyVersion?: unknown };
    if (typeof policyVersion === 'number' && Number.isSafeInteger(policyVersion)) return policyVersion;
    throw new Error('it names no policyVersion');
  } catch (error) {
    throw new WorkbenchError({
      code: 'checkpoint.damaged',
      message: `The checkpoint's ${path} cannot be used (${messageOf(error)}).`,
      remedy: 'Resume from an earlier checkpoint.',
    });
  }
}
