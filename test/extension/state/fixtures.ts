/** Made-up runs and failures for the tests of what the sidebar shows. */
import { runConfigSchema } from '../../../backend/protocol/runConfig.ts';
import type { CritiqueToReview, Progress, RunSummary, StandingFailure } from '../../../backend/protocol/views.ts';

const config = runConfigSchema.parse({ model: { path: 'model' }, data: { train: 'train.jsonl' }, training: { steps: 160 } });

export function runOf(id: string, facts: Partial<RunSummary> = {}): RunSummary {
  return {
    id,
    name: id,
    algorithm: 'critique-grpo',
    seed: 0,
    config,
    createdAt: 0,
    state: 'stopped',
    lastStep: null,
    bestPassAt1: null,
    lastPassAt1: null,
    stopMessage: null,
    secondsLeft: null,
    isHumanTouched: false,
    activity: null,
    ...facts,
  };
}

export function failureOf(problemId: string, facts: Partial<StandingFailure> = {}): StandingFailure {
  return {
    problemId,
    level: 'easy',
    question: `What is ${problemId}?`,
    visitsFailed: 2,
    lastStep: 10,
    causes: { wrongValue: 14 },
    attempts: 14,
    rescued: false,
    solvedStep: null,
    newestRolloutId: `${problemId}/rollout`,
    ...facts,
  };
}

export function toReviewOf(runId: string): CritiqueToReview {
  return {
    critique: { id: 'c', runId, rolloutId: 'r', kind: 'self', author: 'critic', text: 'Look again.', revision: 1, supersedes: null, createdAt: 0 },
    problemId: 'p',
    level: null,
    question: 'What?',
    step: 3,
    right: 0,
    total: 1,
  };
}

export function progressOf(runId: string, facts: Partial<Progress> = {}): Progress {
  return { runId, activity: 'training', step: 34, steps: 160, phase: 'sample', done: 9, total: 20, ...facts };
}
