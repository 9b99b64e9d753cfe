/** The switches a run trains with, and the algorithm a step of it trains with. */
import type { Algorithm, Phase } from '../algorithms/algorithm.ts';
import { findAlgorithm } from '../algorithms/findAlgorithm.ts';
import type { RunConfig, Switches } from '../protocol/runConfig.ts';

type Switched = Pick<RunConfig, 'algorithm' | 'switches'>;

/** Every switch of a run: the algorithm's own and what the configuration overrides. Throws `algorithm.unknown`. */
export function switchesOf(config: Switched): Switches {
  return { ...findAlgorithm(config.algorithm).defaults, ...overridesOf(config) };
}

/** The last step of a run's first phase; all of them where its algorithm has one phase only. */
export function lastStepOfFirstPhase({ phases }: Pick<Algorithm, 'phases'>, { firstPhase }: Pick<Switches, 'firstPhase'>, steps: number): number {
  return phases === undefined ? steps : Math.round(firstPhase * steps);
}

/** What a step (counted from 1) trains with: the run's own algorithm and switches, or those of the phase that the step is in. */
export function trainedAt(
  {
    algorithm,
    switches,
    config,
  }: { readonly algorithm: Algorithm; readonly switches: Switches; readonly config: Switched & Pick<RunConfig, 'training'> },
  step: number,
): { readonly algorithm: Algorithm; readonly switches: Switches } {
  const { phases } = algorithm;
  if (phases === undefined) return { algorithm, switches };
  const phase: Phase = step <= lastStepOfFirstPhase(algorithm, switches, config.training.steps) ? phases[0] : phases[1];
  return { algorithm: phase.algorithm, switches: { ...phase.algorithm.defaults, ...phase.switches, ...overridesOf(config) } };
}

function overridesOf({ switches }: Switched): Partial<Switches> {
  return Object.fromEntries(Object.entries(switches).filter(([, value]) => value !== undefined));
}
