/** Which experiment it is, how far, and the buttons of it. */
import { html, nothing, type TemplateResult } from 'lit';
import type { ExperimentDetail } from '../../backend/protocol/experimentViews.ts';
import { formatCount, formatDuration, formatPercent } from '../ui/format.ts';
import { button } from '../ui/controls.ts';
import { valueOf } from '../ui/loadable.ts';
import { stateBadge } from '../ui/stateBadge.ts';
import { visibleText } from '../ui/visibleText.ts';
import type { ExperimentController } from './controller.ts';
import { shareDone, standingOf, type Standing } from './grid.ts';
import { hasResults, type ExperimentState } from './state.ts';

const standingWords: Readonly<Record<Standing, { readonly name: string; readonly tone: 'busy' | 'bad' | 'still' }>> = {
  running: { name: 'running', tone: 'busy' },
  finished: { name: 'finished', tone: 'still' },
  incomplete: { name: 'finished, with failures', tone: 'bad' },
  paused: { name: 'paused', tone: 'still' },
  waiting: { name: 'not started', tone: 'still' },
};

export function headerView(state: ExperimentState, detail: ExperimentDetail, controller: ExperimentController): TemplateResult {
  const { name, finished, failed, total, secondsLeft, isRunning, definition, runs } = detail;
  const standing = standingOf(detail);
  const { name: word, tone } = standingWords[standing];
  const done = shareDone(runs);
  const cells = new Set(runs.map(({ cell }) => cell)).size;
  return html`<header>
    <div class="title">
      <h1 dir="auto">${visibleText(name)}</h1>
      <span role="status">${stateBadge('standing', word, tone)}</span>
      <div class="buttons">
        ${state.connection.state === 'connected' ? mainButton(standing, state, controller) : nothing} ${reportButtons(state, detail, controller)}
      </div>
    </div>
    <dl class="facts">
      ${fact('Runs finished', html`<span id="finished">${finished}</span> <span class="quiet">of ${total}</span>`)}
      ${failed === 0 ? nothing : fact('Failed', String(failed))} ${isRunning ? fact('Time left', timeLeft(secondsLeft)) : nothing}
      ${fact('Grid', html`${formatCount(cells, 'cell')} <span class="quiet">×</span> ${formatCount(definition.seeds.length, 'seed')}`)}
    </dl>
    <progress id="progress" max="1" value=${done.toFixed(4)} aria-label="Work done: ${formatPercent(done, 0)}"></progress>
  </header>`;
}

function mainButton(standing: Standing, { pending }: ExperimentState, controller: ExperimentController): TemplateResult | typeof nothing {
  const isDisabled = pending !== null;
  const start = (title: string): TemplateResult =>
    button({ id: 'start', words: pending === 'start' ? 'Starting…' : title, isDisabled, isMain: true, onClick: () => controller.start() });
  switch (standing) {
    case 'running':
      return button({ id: 'pause', words: pending === 'pause' ? 'Pausing…' : 'Pause', isDisabled, onClick: () => controller.pause() });
    case 'waiting':
      return start('Start');
    case 'paused':
      return start('Resume');
    case 'incomplete':
      return start('Try Failed Runs Again');
    case 'finished':
      return nothing;
  }
}

function reportButtons({ report }: ExperimentState, detail: ExperimentDetail, controller: ExperimentController): TemplateResult | typeof nothing {
  if (!hasResults(detail)) return nothing;
  const isDisabled = valueOf(report) === null;
  const copyTitle = 'Copy the tables of results, to paste into a paper or an issue';
  return html`${button({ id: 'copy', words: 'Copy as Markdown', title: copyTitle, isDisabled, onClick: () => controller.copyMarkdown() })}
  ${button({ id: 'open-report', words: 'Open Report', title: 'Open the report that was written into the folder', onClick: () => controller.openReport() })}`;
}

function timeLeft(seconds: number | null): TemplateResult | string {
  if (seconds !== null) return `≈ ${formatDuration(seconds)}`;
  return html`<span class="quiet" title="Known after the first run of this session">–</span>`;
}

function fact(name: string, value: string | TemplateResult): TemplateResult {
  return html`<div>
    <dt>${name}</dt>
    <dd>${value}</dd>
  </div>`;
}
