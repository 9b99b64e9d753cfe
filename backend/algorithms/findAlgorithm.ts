/** Looks an algorithm up by what people write in run files and on the command line. */
import { WorkbenchError } from '../core/errors.ts';
import type { Algorithm } from './algorithm.ts';
import { algorithms } from './index.ts';

/** By registry key (`critiqueGrpo`) or by name (`critique-grpo`). Throws `algorithm.unknown` with the list of those there are. */
export function findAlgorithm(name: string): Algorithm {
  for (const [key, algorithm] of Object.entries(algorithms)) {
    if (name === key || name === algorithm.name) return algorithm;
  }
  throw new WorkbenchError({
    code: 'algorithm.unknown',
    message: `There is no algorithm named "${name}".`,
    remedy: `Choose one of: ${Object.values(algorithms)
      .map((algorithm) => algorithm.name)
      .join(', ')}.`,
  });
}
