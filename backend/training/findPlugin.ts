/** Looks critics and verifiers up by what people write: the file's name (`stepLevel`) or the plug-in's (`step-level`), or a program's path. */
import { WorkbenchError } from '../core/errors.ts';
import type { Critic } from '../critics/critic.ts';
import { critics } from '../critics/index.ts';
import { verifiers } from '../rewards/index.ts';
import { isFunctionPath, ownFunction } from '../rewards/ownFunction/ownFunction.ts';
import type { Verifier } from '../rewards/verifier.ts';

/** Throws `critic.unknown` with the list of those there are. */
export function findCritic(name: string): Critic {
  return findNamed(critics, name, 'critic', 'one of');
}

/** A verifier by its name, or the reward function in that file. Throws `verifier.unknown` with the list of those there are, `verifier.missing`. */
export function findVerifier(name: string): Verifier {
  return isFunctionPath(name)
    ? ownFunction(name)
    : findNamed(verifiers, name, 'verifier', 'the path of a reward function (*.py, *.js, *.ts) or one of');
}

function findNamed<T extends { readonly name: string }>(registry: Readonly<Record<string, T>>, name: string, kind: string, choice: string): T {
  const found = Object.entries(registry).find(([key, entry]) => name === key || name === entry.name);
  if (found !== undefined) return found[1];
  throw new WorkbenchError({
    code: `${kind}.unknown`,
    message: `There is no ${kind} named "${name}".`,
    remedy: `Choose ${choice}: ${Object.values(registry)
      .map((entry) => entry.name)
      .join(', ')}.`,
  });
}
