/** The settings of the section `critiqueGrpo`, read when they are needed. */
import { userInfo } from 'node:os';
import * as vscode from 'vscode';

export interface Settings {
  /** Executable of the backend; empty for the editor's own Node. */
  readonly nodePath: string;
  /** Processor threads of the engine; 0 for all. */
  readonly threads: number;
  readonly idleMinutes: number;
  /** Refinements a trial. */
  readonly trialSamples: number;
  readonly trainOnSave: boolean;
  readonly openDiffAfterRefine: boolean;
  /** Never empty. */
  readonly author: string;
}

export function readSettings(): Settings {
  const section = vscode.workspace.getConfiguration('critiqueGrpo');
  return {
    nodePath: section.get('nodePath', '').trim(),
    threads: section.get('threads', 0),
    idleMinutes: section.get('idleMinutes', 10),
    trialSamples: section.get('trialSamples', 8),
    trainOnSave: section.get('trainOnSave', false),
    openDiffAfterRefine: section.get('openDiffAfterRefine', true),
    author: section.get('author', '').trim() || userName(),
  };
}

function userName(): string {
  try {
    return userInfo().username || 'researcher';
  } catch {
    return 'researcher';
  }
}
