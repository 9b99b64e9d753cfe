/** Which failed rollout a command means, from whatever the editor hands to it. */
import { documentScheme, parseAddress } from './documentAddress.ts';

export interface Target {
  readonly runId: string;
  readonly rolloutId: string;
}

/** The parts of a uri that matter here. */
export interface Uri {
  readonly scheme: string;
  readonly query: string;
}

/**
 * Understands a target, anything that has one (a comment, a tree item), a document's address, a comment thread on such a document, and a
 * reply to a thread. Null for everything else, and when there is no argument.
 */
export function targetOf(argument: unknown): Target | null {
  if (!isObject(argument)) return null;
  if (typeof argument['runId'] === 'string' && typeof argument['rolloutId'] === 'string') {
    return { runId: argument['runId'], rolloutId: argument['rolloutId'] };
  }
  if (argument['scheme'] === documentScheme && typeof argument['query'] === 'string') return targetOfQuery(argument['query']);
  return targetOf(argument['target']) ?? targetOf(argument['uri']) ?? targetOf(argument['thread']);
}

export function targetOfUri(uri: Uri): Target | null {
  return uri.scheme === documentScheme ? targetOfQuery(uri.query) : null;
}

export function isSameTarget(a: Target, b: Target): boolean {
  return a.runId === b.runId && a.rolloutId === b.rolloutId;
}

export function targetKey({ runId, rolloutId }: Target): string {
  return JSON.stringify([runId, rolloutId]);
}

function targetOfQuery(query: string): Target | null {
  const address = parseAddress(query);
  return address === null ? null : { runId: address.runId, rolloutId: address.rolloutId };
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null;
}
