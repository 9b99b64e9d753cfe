/** A run on a Tinker server: what it may ask for, and how its engine is opened. */
import { lossProgram, type Algorithm } from '../algorithms/algorithm.ts';
import { WorkbenchError } from '../core/errors.ts';
import { requireRemote } from '../engine/tinker/refusals.ts';
import { TinkerEngine, type TinkerOptions } from '../engine/tinker/tinkerEngine.ts';
import { sizeOf } from '../graph/ir.ts';
import type { ModelConfig } from '../models/config.ts';
import { parameterCount } from '../models/estimate.ts';
import { adapterSpecs } from '../models/lora.ts';
import { loraTargets } from '../models/parameters.ts';
import type { RunConfig, Switches } from '../protocol/runConfig.ts';
import type { TinkerConfig } from '../protocol/tinkerConfig.ts';
import { trainedAt } from './switches.ts';

/** The variable that holds the server's key. A run file never does. */
export const tinkerKeyName = 'TINKER_API_KEY';

/** Gives the key of that name for the server there (`https://host:port`). */
export type SecretOf = (name: string, origin: string) => string | undefined;

/** Throws `engine.notRemote` for what no Tinker server can honor, `config.invalid` for settings that contradict each other; passes runs on this machine. */
export function requireRemoteRun({
  config,
  algorithm,
  switches,
}: {
  readonly config: RunConfig;
  readonly algorithm: Algorithm;
  readonly switches: Switches;
}): void {
  const { tinker } = config.engine;
  if (tinker === null) return;
  requireOneAdapter(config, tinker);
  const phases = [1, config.training.steps].map((step) => trainedAt({ algorithm, switches, config }, step));
  requireRemote({
    losses: phases.map((phase) => lossProgram(phase.algorithm, phase.switches)),
    optimizer: config.optimizer,
    keepReference: switches.klCoefficient > 0,
    loraRank: tinker.loraRank,
  });
}

export interface RemoteModelFacts {
  readonly config: RunConfig;
  /** Of the model's folder on this machine. */
  readonly model: ModelConfig;
  /** A PEFT folder that model.path led to. */
  readonly adapter: string | null;
  readonly keepReference: boolean;
  readonly willTrain: boolean;
  /** Longest context prepared for. */
  readonly maxPositions: number;
  readonly secretOf: SecretOf;
  readonly signal: AbortSignal;
}

/** Opens the run's engine. Throws `engine.…`. */
export function openRemoteEngine(tinker: TinkerConfig, facts: RemoteModelFacts): Promise<TinkerEngine> {
  return TinkerEngine.open(remoteOptions(tinker, facts));
}

export function remoteOptions(
  tinker: TinkerConfig,
  { config, model, adapter, keepReference, willTrain, maxPositions, secretOf, signal }: RemoteModelFacts,
): TinkerOptions {
  if (adapter !== null) {
    throw new WorkbenchError({
      code: 'engine.notRemote',
      message: `model.path names the adapter ${adapter}, and a Tinker server begins with its own base model.`,
      remedy: 'Name the base model as model.path, or leave engine.tinker out to go on with the adapter on this machine.',
    });
  }
  requireOneAdapter(config, tinker);
  const { baseUrl, model: baseModel, loraRank, gradientScale } = tinker;
  const key = secretOf(tinkerKeyName, new URL(baseUrl).origin)?.trim();
  const parameters = parameterCount(model);
  return {
    baseUrl,
    key: key === '' ? undefined : key,
    baseModel,
    loraRank,
    seed: config.seed,
    gradientScale,
    willTrain,
    keepReference,
    signal,
    description: {
      modelType: model.modelType,
      parameters,
      trainableParameters: loraRank === 0 ? parameters : adapterSize(model, loraRank),
      vocabularySize: model.vocabularySize,
      maxPositions: Math.min(model.maxPositions, maxPositions),
    },
  };
}

/** Of an adapter on every projection, which is what servers train. */
function adapterSize(model: ModelConfig, rank: number): number {
  return adapterSpecs(model, { rank, alpha: rank, targets: [...loraTargets] }).reduce((sum, { shape }) => sum + sizeOf(shape), 0);
}

function requireOneAdapter({ model: { lora } }: RunConfig, { loraRank }: TinkerConfig): void {
  if (lora === null) return;
  throw new WorkbenchError({
    code: 'config.invalid',
    message: `model.lora describes an adapter that is trained on this machine; the run trains on a Tinker server, with rank ${loraRank}.`,
    remedy: 'Leave model.lora out and set engine.tinker.loraRank.',
  });
}
