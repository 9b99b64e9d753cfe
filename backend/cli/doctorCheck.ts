/** What a check of the doctor is, and how one is run: it gives a finding, and leaves facts for later checks. */
import { messageOf, WorkbenchError } from '../core/errors.ts';
import type { ProblemSets } from '../data/problemSets.ts';
import type { ModelFolder } from '../models/folder.ts';
import type { RunConfig } from '../protocol/runConfig.ts';
import type { Tokenizer } from '../text/tokenizer.ts';
import type { Entries } from '../training/policy.ts';

/** `skipped`: what it needs was not there. */
export type FindingStatus = 'ok' | 'warning' | 'failed' | 'skipped';

export interface Finding {
  readonly status: FindingStatus;
  readonly detail: string;
  /** What to do about it, where there is something to do. */
  readonly remedy?: string;
}

/** What is examined. */
export interface Patient {
  readonly config: RunConfig;
  /** Where the program finds its parts. */
  readonly context: { readonly entries: Entries; readonly demoFolder: string };
  readonly workspace: string;
  readonly threads: number;
  readonly signal: AbortSignal;
  /** Keys of endpoints by name; those of the environment when left out. */
  readonly secretOf?: (name: string, origin: string) => string | undefined;
}

/** What earlier checks found out. */
export interface Facts {
  model?: ModelFolder;
  /** Where the tokenizer lies, which an adapter may bring. */
  tokenizerFolder?: string;
  tokenizer?: Tokenizer;
  problems?: ProblemSets;
  /** Tokens of the longest prompt. */
  longestPrompt?: number;
  /** Bytes that the run will take, if there is room for them. */
  fittingBytes?: number;
  /** Measured tokens a second, and the seconds that a step and the run will take. */
  speed?: { readonly sampled: number; readonly trained: number; readonly stepSeconds: number; readonly runSeconds: number };
}

export interface Check {
  readonly name: string;
  readonly needs: readonly (keyof Facts)[];
  examine(patient: Patient, facts: Facts): Promise<Finding>;
}

const factNames: Readonly<Record<keyof Facts, string>> = {
  model: 'the model',
  tokenizerFolder: 'the tokenizer',
  tokenizer: 'the tokenizer',
  problems: 'the data',
  longestPrompt: 'prompts that fit',
  fittingBytes: 'enough memory',
  speed: 'the speed',
};

/** Runs one check. Whatever it throws is a finding, too; only an interruption is passed on. */
export async function runCheck({ needs, examine }: Check, patient: Patient, facts: Facts): Promise<Finding> {
  const missing = needs.filter((fact) => facts[fact] === undefined);
  if (missing.length > 0) return { status: 'skipped', detail: `not examined: it needs ${missing.map((fact) => factNames[fact]).join(' and ')}` };
  try {
    return await examine(patient, facts);
  } catch (error) {
    patient.signal.throwIfAborted();
    if (!(error instanceof WorkbenchError)) {
      return { status: 'failed', detail: messageOf(error), remedy: 'Please report it: this failure was not expected.' };
    }
    const { message, remedy } = error;
    return { status: 'failed', detail: message.endsWith(remedy) ? message.slice(0, message.length - remedy.length).trim() : message, remedy };
  }
}
