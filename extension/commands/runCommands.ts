/** Every command about runs and views; those about critiques are listed in `extension/critiques/commands.ts`. */
import type { Command } from '../services.ts';
import { chooseCritic } from './chooseCritic.ts';
import { compareRuns } from './compareRuns.ts';
import { doctor } from './doctor.ts';
import { editCriticPrompt } from './editCriticPrompt.ts';
import { evaluateRun } from './evaluateRun.ts';
import { filterFailures } from './filterFailures.ts';
import { openExperiment } from './openExperiment.ts';
import { openRollouts } from './openRollouts.ts';
import { openRun } from './openRun.ts';
import { pauseExperiment } from './pauseExperiment.ts';
import { pauseRun } from './pauseRun.ts';
import { previewCritic } from './previewCritic.ts';
import { previewData } from './previewData.ts';
import { refresh } from './refresh.ts';
import { rescoreRun } from './rescoreRun.ts';
import { restartBackend } from './restartBackend.ts';
import { resumeRun } from './resumeRun.ts';
import { selectRun } from './selectRun.ts';
import { setCriticKey } from './setCriticKey.ts';
import { settleRight, settleWrong } from './settleVerdict.ts';
import { showLog } from './showLog.ts';
import { sortFailures } from './sortFailures.ts';
import { startExperiment } from './startExperiment.ts';
import { startTraining } from './startTraining.ts';
import { stopRun } from './stopRun.ts';

export const runCommands: readonly Command[] = [
  startTraining,
  pauseRun,
  resumeRun,
  stopRun,
  evaluateRun,
  compareRuns,
  openRun,
  openRollouts,
  selectRun,
  sortFailures,
  filterFailures,
  refresh,
  showLog,
  doctor,
  restartBackend,
  previewData,
  chooseCritic,
  editCriticPrompt,
  previewCritic,
  setCriticKey,
  rescoreRun,
  settleRight,
  settleWrong,
  startExperiment,
  pauseExperiment,
  openExperiment,
];
