/** What shows a run while it happens: a live view on a terminal, plain lines elsewhere. */
import type { RunConfig } from '../protocol/runConfig.ts';
import type { RunObserver } from '../training/run.ts';

export interface RunHeader {
  readonly runId: string;
  readonly config: RunConfig;
  readonly isResumed: boolean;
  readonly folder: string;
}

export interface RunView extends Required<RunObserver> {
  begin(header: RunHeader): void;
  /** The first Ctrl-C was heard: the step in progress is dropped and a checkpoint written. */
  interrupting(): void;
  /** Gives the terminal back; nothing is drawn afterwards. */
  end(): void;
}
