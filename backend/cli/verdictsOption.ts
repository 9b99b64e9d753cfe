/** By which verdicts a command exports: as they stand now, or as the run trained on. */
import { Option } from 'commander';
import type { VerdictChoice } from '../store/standingVerdicts.ts';

const choices: readonly VerdictChoice[] = ['current', 'original'];

export function verdictsOption(): Option {
  return new Option('--verdicts <which>', 'current: settled by a person, else rescored, else the run’s; original: what the run trained on')
    .choices(choices)
    .default('current');
}
