/** Every check of the doctor, in the order in which later ones need what earlier ones found out. */
import { criticCheck } from './criticCheck.ts';
import type { Check } from './doctorCheck.ts';
import { engineCheck } from './engineChecks.ts';
import { gpuCheck } from './gpuCheck.ts';
import { dataCheck, modelCheck, promptCheck, tokenizerCheck, verifierCheck } from './inputChecks.ts';
import type { RunConfig } from '../protocol/runConfig.ts';
import { diskCheck, memoryCheck, nodeCheck, storeCheck } from './machineChecks.ts';
import { serverCheck } from './serverCheck.ts';
import { speedCheck } from './speedCheck.ts';

export const doctorChecks: readonly Check[] = [
  nodeCheck,
  engineCheck,
  modelCheck,
  gpuCheck,
  tokenizerCheck,
  dataCheck,
  verifierCheck,
  promptCheck,
  criticCheck,
  memoryCheck,
  diskCheck,
  storeCheck,
  speedCheck,
];

/** Of a run whose model is on another machine. */
const remoteChecks: readonly Check[] = [
  nodeCheck,
  modelCheck,
  serverCheck,
  tokenizerCheck,
  dataCheck,
  verifierCheck,
  promptCheck,
  criticCheck,
  memoryCheck,
  diskCheck,
  storeCheck,
];

export function checksFor({ engine }: Pick<RunConfig, 'engine'>): readonly Check[] {
  return engine.tinker === null ? doctorChecks : remoteChecks;
}
