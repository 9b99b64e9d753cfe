/** The ways in which a run's numbers are written for other tools: one entry a format. */
import type { RunView } from '../protocol/views.ts';
import type { StoreReader } from '../store/storeReader.ts';
import { writeCsv } from './metricsCsv.ts';
import { writeMlflow } from './mlflow.ts';
import { writeTensorBoard } from './tensorBoard/writeTensorBoard.ts';

export interface MetricsFormat {
  readonly summary: string;
  /** Writes into an existing, empty folder; the answer says how to look at it, `folder` standing for its final place. */
  write(store: StoreReader, runs: readonly RunView[], folder: string): Promise<(folder: string) => string>;
}

export const metricsFormats = {
  tensorboard: { summary: 'event files, one folder a run; Weights & Biases and Trackio import them too', write: writeTensorBoard },
  mlflow: { summary: 'an MLflow file store, to be opened with mlflow ui', write: writeMlflow },
  csv: { summary: 'one table a run: step, time and every number; Trackio imports it', write: writeCsv },
} as const satisfies Record<string, MetricsFormat>;

export type MetricsFormatName = keyof typeof metricsFormats;
