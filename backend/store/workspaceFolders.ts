/** Where things lie in a workspace. */
import { join } from 'node:path';

/** Holds everything of ours in a workspace. */
export function storeFolder(workspace: string): string {
  return join(workspace, '.critique-grpo');
}

/** Holds a run's checkpoints and exports. */
export function runFolder(workspace: string, runId: string): string {
  return join(storeFolder(workspace), 'runs', runId);
}
