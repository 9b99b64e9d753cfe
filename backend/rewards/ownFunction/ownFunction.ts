/** A researcher's own reward function as a verifier: a program that a run file names by its path. */
import { existsSync } from 'node:fs';
import { basename, resolve } from 'node:path';
import { WorkbenchError } from '../../core/errors.ts';
import type { Verifier } from '../verifier.ts';

/** It is judged in processes of its own (`FunctionGrader`), never here. */
export interface OwnFunction extends Verifier {
  /** Absolute. */
  readonly path: string;
}

const ending = /\.(?:py|[mc]?js|m?ts)$/i;

/** Whether a run file's `verifier` names a program and no verifier of ours. */
export function isFunctionPath(name: string): boolean {
  return ending.test(name);
}

export function isOwnFunction(verifier: Verifier): verifier is OwnFunction {
  return 'path' in verifier;
}

/** Runs nothing. Throws `verifier.missing`. */
export function ownFunction(file: string): OwnFunction {
  const path = resolve(file);
  if (!existsSync(path)) {
    throw new WorkbenchError({
      code: 'verifier.missing',
      message: `There is no reward function at ${path}.`,
      remedy: 'Correct "verifier": relative paths in a run file are from the folder of that file.',
    });
  }
  return {
    name: basename(path),
    summary: `Your own reward function in ${path}, run in a process of its own with your rights.`,
    path,
    isBounded: false,
    knowsGold: false,
    readsWhole: true,
    verify: () => {
      throw new Error(`the reward function ${path} runs in its own process only`);
    },
  };
}
