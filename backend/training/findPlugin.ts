/** Looks critics and verifiers up by what people write: the file's name (`stepLevel`) or the plug-in's (`step-level`). */
import { WorkbenchError } from '../core/errors.ts';
import type { Critic } from '../critics/critic.ts';
import { critics } from '../critics/index.ts';
import { verifiers } from '../rewards/index.ts';
import type { Verifier } from '../rewards/verifier.ts';

/** Throws `critic.unknown` with the list of those there are. */
export function findCritic(name: string): Critic {
  return findNamed(critics, name, 'critic');
}

/** Throws `verifier.unknown` with the list of those there are. */
export function findVerifier(name: string): Verifier {
  return findNamed(verifiers, name, 'verifier');
}

function findNamed<T extends { readonly name: string }>(registry: Readonly<Record<string, T>>, name: string, kind: string): T {
  const found = Object.entries(registry).find(([key, entry]) => name === key || name === entry.name);
  if (found !== undefined) return found[1];
  throw new WorkbenchError({
    code: `${kind}.unknown`,
    message: `There is no ${kind} named "${name}".`,
    remedy: `Choose one of: ${Object.values(registry)
      .map((entry) => entry.name)
      .join(', ')}.`,
  });
}
