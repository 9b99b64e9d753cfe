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

/** A run whose model is on another machine asks its server in place of this one's engine. */
export function checksFor({ engine }: Pick<RunConfig, 'engine'>): readonly Check[] {
  const isLocal = engine.tinker === null;
  return [
    nodeCheck,
    ...(isLocal ? [engineCheck, modelCheck, gpuCheck] : [modelCheck, serverCheck]),
    tokenizerCheck,
    dataCheck,
    verifierCheck,
    promptCheck,
    criticCheck,
    memoryCheck,
    diskCheck,
    storeCheck,
    ...(isLocal ? [speedCheck] : []),
  ];
}
