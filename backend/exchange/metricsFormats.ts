/** The ways in which a run's numbers are written for other tools: one entry a format. */
import { writeCsv } from './metricsCsv.ts';
import type { MetricsFormat } from './metricsExport.ts';
import { writeMlflow } from './mlflow.ts';
import { writeTensorBoard } from './tensorBoard/writeTensorBoard.ts';
import { writeWandb } from './wandb.ts';

export const metricsFormats = {
  tensorboard: { summary: 'event files, one folder a run, for TensorBoard; Trackio imports them', write: writeTensorBoard },
  wandb: { summary: 'offline runs of Weights & Biases, which wandb sync uploads', write: writeWandb },
  mlflow: { summary: 'an MLflow file store, to be opened with mlflow ui', write: writeMlflow },
  csv: { summary: 'one table a run: step, time and every number; Trackio imports one a project', write: writeCsv },
} as const satisfies Record<string, MetricsFormat>;

export type MetricsFormatName = keyof typeof metricsFormats;
