/** The switches a run trains with. */
import { findAlgorithm } from '../algorithms/findAlgorithm.ts';
import type { RunConfig, Switches } from '../protocol/runConfig.ts';

/** Every switch of a run: the algorithm's own and what the configuration overrides. Throws `algorithm.unknown`. */
export function switchesOf(config: Pick<RunConfig, 'algorithm' | 'switches'>): Switches {
  const overrides = Object.fromEntries(Object.entries(config.switches).filter(([, value]) => value !== undefined));
  return { ...findAlgorithm(config.algorithm).defaults, ...overrides };
}
