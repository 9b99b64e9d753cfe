/** A run as plain lines, for files and pipes. */
import type { Evaluation } from '../protocol/records.ts';
import type { CliOutput } from './command.ts';
import { afterEvent, recentMean, secondsLeft, startProgress, type RunProgress } from './runProgress.ts';
import type { RunHeader, RunView } from './runView.ts';
import { storyLines } from './storyLines.ts';
import { clock, harmless, paintWith } from './terminalText.ts';

const stepsPerLine = 10;
const stepsPerStory = 40;

/** `now` in milliseconds. */
export function plainView(output: CliOutput, now: () => number): RunView {
  let progress: RunProgress = startProgress(0);
  const start = now();
  const seconds = (): number => (now() - start) / 1000;
  const line = (text: string): void => output.write(`${text}\n`);
  return {
    begin({ runId, config, isResumed }: RunHeader) {
      progress = startProgress(config.training.steps);
      line(
        `${isResumed ? 'resuming' : 'run'} ${runId}: ${config.algorithm}, critic ${config.critic}, seed ${config.seed}, ${config.training.steps} steps`,
      );
    },
    onPhase() {
      // Plain output tells of finished things only.
    },
    onEvent(event) {
      progress = afterEvent(progress, event, seconds());
      const { body } = event;
      if (body.type === 'evaluationFinished') line(evaluationLine(body.evaluation));
      if (body.type === 'noticeRaised') line(`notice (${body.code}): ${harmless(body.message)}`);
      if (body.type === 'stepFinished' && (progress.step % stepsPerLine === 0 || progress.step === progress.steps))
        line(stepLine(progress, seconds()));
    },
    onStory(story) {
      if (story.step % stepsPerStory === 0) for (const text of storyLines(story, paintWith(false), 100)) line(text);
    },
    interrupting() {
      line('stopping: the step in progress is dropped and a checkpoint written');
    },
    end() {
      // Nothing to give back.
    },
  };
}

function stepLine(progress: RunProgress, elapsed: number): string {
  const show = (name: string, digits: number): string => recentMean(progress, name)?.toFixed(digits) ?? '–';
  const left = secondsLeft(progress);
  const { totals } = progress;
  const parts = [
    `step ${progress.step}/${progress.steps}`,
    `${clock(elapsed)}${left === undefined ? '' : `, ${clock(left)} left`}`,
    `reward ${show('reward', 3)}`,
    `rescued ${totals.rescued}`,
    `refinements ${totals.refinementsRight} right, ${totals.refinementsWrong} wrong`,
    `no signal ${show('groupsZeroSignal', 1)}/${show('groups', 0)} groups`,
    `entropy ${show('entropy', 3)}`,
    `sampled ${Math.round(totals.sampled / 1000)}k`,
  ];
  return parts.join('  ');
}

function evaluationLine({ set, step, all, byLevel, samplesPerProblem }: Evaluation): string {
  const levels = Object.entries(byLevel).map(([level, { passAt1 }]) => `${level} ${passAt1.toFixed(3)}`);
  const what = set === 'heldOut' ? 'held-out pass@1' : `training problems, ${samplesPerProblem} tries each`;
  return `${what} after step ${step}: ${all.passAt1.toFixed(3)} (${levels.join(', ')})${set === 'train' ? `, never solved ${all.neverSolved} of ${all.problems}` : ''}`;
}
