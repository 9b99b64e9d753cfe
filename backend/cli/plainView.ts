/** A run as plain lines, for files and pipes: no colors, nothing redrawn. */
import type { Evaluation } from '../protocol/records.ts';
import type { CliOutput } from './command.ts';
import { downloadLines } from './downloadText.ts';
import { afterEvent, recentMean, secondsLeft, startProgress, type RunProgress } from './runProgress.ts';
import type { RunView } from './runView.ts';
import { triesText } from '../experiments/reportTable.ts';
import { changeText, levelChanges, percent } from './scoreText.ts';
import { StoryChoice, storyLines } from './storyLines.ts';
import { clock, harmless, paintWith } from './terminalText.ts';

const stepsPerLine = 10;
const stepsPerStory = 40;
const storyWidth = 98;
const noPaint = paintWith(false);

/** `now` in milliseconds. */
export function plainView(output: CliOutput, now: () => number): RunView {
  const stories = new StoryChoice(stepsPerStory);
  const seconds = (): number => now() / 1000;
  const line = (text: string): void => output.write(`${harmless(text)}\n`);
  let start = 0;
  let progress: RunProgress | undefined;
  return {
    begin({ runId, config, isResumed, folder }) {
      start = seconds();
      progress = startProgress(config, start);
      const { algorithm, critic, seed, model, training } = config;
      line(`${isResumed ? 'resuming run' : 'run'} ${runId}: ${algorithm}, ${model.path}, critic ${critic}, seed ${seed}, ${training.steps} steps`);
      line(`kept in ${folder}`);
    },
    onPhase() {
      // Plain output tells of finished things only.
    },
    onDownload: downloadLines(output, now),
    onEvent(event) {
      if (progress === undefined) return;
      progress = afterEvent(progress, event, seconds());
      const { body } = event;
      if (body.type === 'runStarted' && body.resumedFrom !== null) line(`going on after step ${body.resumedFrom}`);
      if (body.type === 'evaluationFinished') line(evaluationLine(body.evaluation, progress));
      if (body.type === 'checkpointSaved') line(`checkpoint of step ${body.step} saved`);
      if (body.type === 'noticeRaised') line(`notice (${body.code}): ${body.message}`);
      if (body.type === 'stepFinished' && (progress.step % stepsPerLine === 0 || progress.step === progress.config.training.steps))
        line(stepLine(progress, seconds() - start, secondsLeft(progress, seconds())));
      if (body.type === 'runStopped') line(`${body.reason}: ${body.message}`);
    },
    onStory(story) {
      const chosen = stories.offer(story, progress?.updates.at(-1));
      if (chosen !== undefined)
        output.write(
          storyLines(chosen, noPaint, storyWidth)
            .map((text) => `${text === '' ? '' : `  ${text}`}\n`)
            .join(''),
        );
    },
    interrupting() {
      line('stopping: the step in progress is dropped and a checkpoint written');
    },
    end() {
      // Nothing to give back.
    },
  };
}

/** Means over the steps since the line before. */
function stepLine(progress: RunProgress, elapsed: number, left: number | undefined): string {
  const show = (name: string, digits: number): string => recentMean(progress, name, stepsPerLine)?.toFixed(digits) ?? '–';
  const { totals, config, step, updates } = progress;
  return [
    `step ${`${step}/${config.training.steps}`.padEnd(9)}`,
    `reward ${show('reward', 3)}`,
    `rescued ${totals.rescued}`,
    `refinements ${totals.refinementsRight} right ${totals.refinementsWrong} wrong`,
    `zero-signal ${show('groupsZeroSignal', 1)}/${show('groups', 0)}`,
    `entropy ${show('entropy', 3)}`,
    `gradient ${updates.at(-1)?.gradientNorm.toFixed(3) ?? '–'}`,
    `${clock(elapsed)}${left === undefined ? '' : `, ${clock(left)} left`}`,
  ].join('  ');
}

function evaluationLine(evaluation: Evaluation, { heldOut }: RunProgress): string {
  const { set, step, all, samplesPerProblem } = evaluation;
  if (set === 'train')
    return `training problems after step ${step}: ${all.neverSolved} of ${all.problems} have no right answer in ${triesText(samplesPerProblem)}`;
  const first = heldOut[0] ?? evaluation;
  const changes = levelChanges(first, evaluation).map((change) => {
    const changed = first === evaluation ? '' : ` (${changeText(change, noPaint)})`;
    return `${change.name} ${percent(change.to?.passAt1 ?? 0)}${changed}`;
  });
  return `held-out pass@1 after step ${step}: ${changes.join('  ')}`;
}
