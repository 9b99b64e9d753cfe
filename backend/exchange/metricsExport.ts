/** What a format of metrics is given, and what it is. */
import type { RunView } from '../protocol/views.ts';
import type { VerdictChoice } from '../store/standingVerdicts.ts';
import type { StoreReader } from '../store/storeReader.ts';

export interface MetricsExport {
  readonly store: StoreReader;
  readonly runs: readonly RunView[];
  readonly verdicts: VerdictChoice;
  /** It is there, and empty. */
  readonly folder: string;
}

export interface MetricsFormat {
  readonly summary: string;
  /** The answer says how to look at it, `place` standing for where the folder is in the end. */
  write(what: MetricsExport): Promise<(place: string) => string>;
}
