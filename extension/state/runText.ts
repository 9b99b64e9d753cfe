/** A run in a few words. */
import type { Activity, Progress, RunState, RunSummary } from '../../backend/protocol/views.ts';

const activityWords: Readonly<Record<Activity, string>> = {
  opening: 'loading the model',
  training: 'training',
  pausing: 'pausing after this step',
  paused: 'paused',
  evaluating: 'evaluating',
  refining: 'refining',
  stopping: 'stopping',
};
const stateWords: Readonly<Record<RunState, string>> = { running: 'running', stopped: 'stopped', finished: 'finished', failed: 'failed' };

export function runStateText({ state, activity }: Pick<RunSummary, 'state' | 'activity'>): string {
  return activity === null ? stateWords[state] : activityWords[activity];
}

/** `training · 34/160 · pass@1 0.52 · 3 min left` */
export function runDescription(run: RunSummary): string {
  const { config, lastStep, bestPassAt1, secondsLeft, activity } = run;
  const parts = [
    runStateText(run),
    `${lastStep ?? 0}/${config.training.steps}`,
    bestPassAt1 === null ? null : `best pass@1 ${bestPassAt1.toFixed(2)}`,
    activity === 'training' && secondsLeft !== null ? `${durationText(secondsLeft)} left` : null,
  ];
  return parts.filter((part) => part !== null).join(' · ');
}

/** Codicon of the state. */
export function runIcon({ state, activity }: Pick<RunSummary, 'state' | 'activity'>): string {
  if (activity === 'paused' || activity === 'pausing') return 'debug-pause';
  if (activity !== null) return 'sync~spin';
  return { running: 'sync', stopped: 'stop-circle', finished: 'pass', failed: 'error' }[state];
}

/** `step 34/160 · sampling 45 %` */
export function progressText({ step, steps, phase, done, total }: Progress): string {
  const share = total === null || total === 0 ? '' : ` ${Math.min(100, Math.round((100 * done) / total))} %`;
  return `step ${step}/${steps} · ${phase}${share}`;
}

export function durationText(seconds: number): string {
  if (seconds < 90) return `${Math.max(1, Math.round(seconds))} s`;
  if (seconds < 90 * 60) return `${Math.round(seconds / 60)} min`;
  return `${(seconds / 3600).toFixed(1)} h`;
}
