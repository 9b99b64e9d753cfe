/** Notices that a training was cut off because its backend ended. */
import type { RunSummary } from '../../backend/protocol/views.ts';
import { activeRun, type Workbench } from './workbench.ts';

export class InterruptionWatch {
  #cutOffId: string | null = null;

  /** The run that was cut off, once, as soon as a backend is there again that knows how it stands. */
  see(state: Workbench, before: Workbench): RunSummary | null {
    const isConnected = state.connection.state === 'connected';
    if (before.connection.state === 'connected' && !isConnected) this.#cutOffId = activeRun(before)?.id ?? null;
    if (this.#cutOffId === null || !isConnected || state.runs === before.runs) return null;
    const run = state.runs?.find(({ id }) => id === this.#cutOffId);
    this.#cutOffId = null;
    return run?.activity === null && run.state !== 'finished' ? run : null;
  }
}
