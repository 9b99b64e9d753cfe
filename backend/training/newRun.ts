/** What a new run is called, and whether the plug-ins it names are there. */
import { findAlgorithm } from '../algorithms/findAlgorithm.ts';
import type { RunConfig } from '../protocol/runConfig.ts';
import { longestRunId } from '../store/runIds.ts';
import type { Store } from '../store/store.ts';
import { findCritic, findVerifier } from './findPlugin.ts';

/** Misspelled names are found before anything is loaded. Throws `algorithm.unknown`, `critic.unknown`, `verifier.unknown`. */
export function requirePlugins({ algorithm, critic, verifier }: RunConfig): void {
  findAlgorithm(algorithm);
  findCritic(critic);
  findVerifier(verifier);
}

/** Shown in lists. */
export function nameOf({ name, algorithm, seed }: RunConfig): string {
  return name ?? `${algorithm}-seed${seed}`;
}

export function newRunId(store: Store, config: RunConfig): string {
  return freeRunId(store, nameOf(config));
}

/** The name as a folder can have it, numbered where it is taken. */
export function freeRunId(store: Store, name: string): string {
  const taken = new Set(store.runs().map(({ id }) => id));
  const plain =
    name
      .replace(/[^A-Za-z0-9._-]+/g, '-')
      .replace(/^[^A-Za-z0-9]+/, '')
      // With room for a number.
      .slice(0, longestRunId - 10) || 'run';
  let id = plain;
  for (let n = 2; taken.has(id); n++) id = `${plain}-${n}`;
  return id;
}
