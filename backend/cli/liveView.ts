/** A run on a terminal: a dashboard redrawn in place, with stories scrolling away above it. */
import type { DownloadProgress } from '../hub/downloadProgress.ts';
import type { CliOutput } from './command.ts';
import { dashboard } from './dashboard.ts';
import { downloadText } from './downloadText.ts';
import { plainView } from './plainView.ts';
import { afterEvent, afterPhase, startProgress, type RunProgress } from './runProgress.ts';
import type { RunHeader, RunView } from './runView.ts';
import { ScreenRegion } from './screenRegion.ts';
import { StoryChoice, storyLines } from './storyLines.ts';
import { cut, harmless, paintWith, wrap } from './terminalText.ts';

const redrawMs = 100;
const stepsPerStory = 20;
/** Wider lines of text are tiring to read. */
const maxTextWidth = 100;

/** Live on a terminal, plain lines elsewhere. `now` in milliseconds. */
export function createRunView(output: CliOutput, now: () => number): RunView {
  return output.isTerminal ? liveView(output, now) : plainView(output, now);
}

function liveView(output: CliOutput, now: () => number): RunView {
  const paint = paintWith(output.hasColor);
  const region = new ScreenRegion(output);
  const stories = new StoryChoice(stepsPerStory);
  /** Codes of notices already shown: a critic that always fails would else drown everything. */
  const noticed = new Set<string>();
  const seconds = (): number => now() / 1000;
  const width = (): number => Math.max(1, output.columns() - 1);
  const textWidth = (): number => Math.min(maxTextWidth, width());
  let run: { readonly header: RunHeader; readonly start: number } | undefined;
  let progress: RunProgress | undefined;
  let isInterrupting = false;
  let download: DownloadProgress | undefined;
  let timer: ReturnType<typeof setInterval> | undefined;

  const lines = (): string[] => {
    if (download !== undefined) return [cut(downloadText(download), width())];
    if (run === undefined || progress === undefined) return [];
    return dashboard({ header: run.header, progress, elapsed: seconds() - run.start, now: seconds(), isInterrupting }, paint, width());
  };
  const draw = (): void => region.draw(lines());

  return {
    begin(header) {
      run = { header, start: seconds() };
      progress = startProgress(header.config, seconds());
      draw();
      // Drawing on a beat rather than on what happens keeps to ten frames a second and lets the time go on in between.
      timer ??= setInterval(draw, redrawMs).unref();
    },
    onDownload(heard) {
      download = heard.filesDone === heard.filesTotal ? undefined : heard;
    },
    onPhase(step, name, done, total) {
      if (progress !== undefined) progress = afterPhase(progress, { step, name, done, total });
    },
    onEvent(event) {
      if (progress === undefined) return;
      progress = afterEvent(progress, event, seconds());
      const { body } = event;
      if (body.type !== 'noticeRaised' || noticed.has(body.code)) return;
      noticed.add(body.code);
      region.scroll(wrap(`! ${harmless(body.message)} (${harmless(body.code)})`, textWidth()), lines());
    },
    onStory(story) {
      const chosen = stories.offer(story, progress?.updates.at(-1));
      if (chosen !== undefined && run !== undefined) region.scroll(storyLines(chosen, paint, textWidth()), lines());
    },
    interrupting() {
      isInterrupting = true;
      if (run !== undefined) draw();
    },
    end() {
      clearInterval(timer);
      if (run !== undefined) draw();
      region.close();
      run = undefined;
    },
  };
}
