/** Every check of the doctor, in the order in which later ones need what earlier ones found out. */
import { criticCheck } from './criticCheck.ts';
import type { Check } from './doctorCheck.ts';
import { engineCheck, speedCheck } from './engineChecks.ts';
import { dataCheck, modelCheck, promptCheck, tokenizerCheck, verifierCheck } from './inputChecks.ts';
import { diskCheck, memoryCheck, nodeCheck, storeCheck } from './machineChecks.ts';

export const doctorChecks: readonly Check[] = [
  nodeCheck,
  engineCheck,
  modelCheck,
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
