/** A run as its observer hears it, without training: the same numbers every time. */
import type { CliOutput } from '../../../backend/cli/command.ts';
import type { RunHeader, RunView } from '../../../backend/cli/runView.ts';
import type { EventBody, Event } from '../../../backend/protocol/events.ts';
import type { Evaluation, LevelScore, Update } from '../../../backend/protocol/records.ts';
import { runConfigSchema, type RunConfig } from '../../../backend/protocol/runConfig.ts';
import { presets } from '../../../backend/training/presets.ts';
import type { Story } from '../../../backend/training/run.ts';
import { wilsonInterval } from '../../../backend/core/stats.ts';

export const config: RunConfig = runConfigSchema.parse(presets.demo.config);
export const header: RunHeader = { runId: 'critique-grpo-seed0', config, isResumed: false, folder: '/data/.critique-grpo/runs/critique-grpo-seed0' };

export function score(passAt1: number, samples = 400): LevelScore {
  const [low, high] = wilsonInterval(passAt1 * samples, samples);
  return { problems: 100, samples, passAt1, interval: [low, high], passAtK: { 1: passAt1 }, neverSolved: Math.round(40 * (1 - passAt1)) };
}

/** Easy problems start high, rare words at nothing; training lifts the hard ones. */
export function evaluationAt(step: number, set: Evaluation['set'] = 'heldOut', samplesPerProblem = 4): Evaluation {
  const grown = (from: number, to: number): LevelScore => score(from + (to - from) * Math.min(1, step / 160));
  return {
    runId: header.runId,
    step,
    set,
    samplesPerProblem,
    temperature: 1,
    all: grown(0.4325, 0.725),
    byLevel: { easy: grown(0.89, 0.92), medium: grown(0.82, 0.85), hard: grown(0.02, 0.58), harder: grown(0, 0.55) },
    tokensSampled: 48_000,
  };
}

export function updateAt(step: number): Update {
  const reward = 0.4 + 0.3 * (step / 160) + 0.02 * Math.sin(step);
  return {
    runId: header.runId,
    step,
    policyVersion: step,
    loss: -0.1,
    gradientNorm: 0.31,
    learningRate: 2e-4,
    tokensSampled: 2400,
    tokensTrained: 2100,
    seconds: { sample: 0.4, grade: 0.01, critique: 0.01, refine: 0.15, forward: 0.05, update: 0.38 },
    metrics: {
      ...{ reward, entropy: 0.42, completionTokens: 31.2, conditionGap: 0.118, groups: 8, groupsZeroSignal: 3, groupsAllRight: 2, groupsAllWrong: 1 },
      ...{ groupsRescued: step % 2, refinementsRight: 4, refinementsWrong: 2 },
    },
  };
}

export const story: Omit<Story, 'step'> = {
  level: 'hard',
  question: 'Leo has 22 marbles. He gets a dozen. He gets 7. How many?',
  answer: 'Step 1: 22 + 10 = 32. Step 2: 32 + 7 = 39. Answer: 39.',
  critique: 'Step 1 is wrong: "gets a dozen" means + 12, not + 10.',
  refinement: 'Step 1: 22 + 12 = 34. Step 2: 34 + 7 = 41. Answer: 41.',
  isRefinementRight: true,
};

export function eventOf(body: EventBody, seq = 0): Event {
  return { seq, runId: header.runId, time: 0, body };
}

/** Steps 1 to `until` of a run from its start, each a second long; `tick` moves the clock by so many milliseconds. */
export function playRun(view: RunView, until: number, tick: (ms: number) => void): void {
  view.begin(header);
  const tell = (body: EventBody): void => view.onEvent(eventOf(body));
  tell({ type: 'runStarted', algorithm: config.algorithm, seed: 0, steps: config.training.steps, resumedFrom: null });
  const evaluate = (step: number, set: Evaluation['set'], samples: number): void => {
    view.onPhase(step, 'evaluate', 1200, undefined);
    tick(1500 * samples);
    tell({ type: 'evaluationFinished', evaluation: evaluationAt(step, set, samples) });
  };
  evaluate(0, 'heldOut', 4);
  evaluate(0, 'train', 8);
  for (let step = 1; step <= until; step++) {
    view.onPhase(step, 'sample', 900, 4032);
    tick(600);
    view.onPhase(step, 'update', 12, 48);
    tick(400);
    tell({ type: 'stepFinished', update: updateAt(step) });
    view.onStory({ ...story, step });
    if (step % 20 !== 0) continue;
    evaluate(step, 'heldOut', step === 160 ? 4 : 2);
    if (step === 160) evaluate(step, 'train', 8);
    tell({ type: 'checkpointSaved', step, path: 'x' });
  }
}

export function outputTo(sink: (text: string) => void, options: Partial<CliOutput> = {}): CliOutput {
  return { write: sink, isTerminal: false, hasColor: false, columns: () => 80, ...options };
}
