/** Runs the Python peers beside ours when `PEER_PYTHON` names an interpreter that has torch and transformers. */
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { repositoryRoot } from './sourceTree.ts';

export interface PeerResult {
  readonly medianTokensPerSecond: number;
  readonly bestTokensPerSecond: number;
  readonly peakResidentMb: number;
  readonly torch: string;
  readonly transformers: string;
}

/** The JSON line that a script of `test/peers` prints; undefined without an interpreter. */
export function runPeer<T = PeerResult>(script: string, ...scriptArguments: readonly string[]): T | undefined {
  const python = process.env['PEER_PYTHON'];
  if (python === undefined) return undefined;
  const { status, stdout, stderr } = spawnSync(python, [join(repositoryRoot, 'test/peers', script), ...scriptArguments], { encoding: 'utf8' });
  if (status !== 0) throw new Error(`${script} failed:\n${stderr}`);
  return JSON.parse(stdout.trim().split('\n').at(-1) ?? '') as T;
}

export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? (sorted[middle] as number) : ((sorted[middle - 1] as number) + (sorted[middle] as number)) / 2;
}
