/** Whose page it is: name, state, progress, best score, and the buttons of a run. */
import { html, nothing, type TemplateResult } from 'lit';
import type { Activity, Progress, RunState, RunSummary } from '../../backend/protocol/views.ts';
import { badge, button } from '../ui/controls.ts';
import { formatDuration, formatPercent } from '../ui/format.ts';
import { stateBadge, type StateTone } from '../ui/stateBadge.ts';
import { visibleText } from '../ui/visibleText.ts';
import type { DashboardController } from './controller.ts';
import type { DashboardState, RunData } from './state.ts';

export function headerView({ progress, connection }: DashboardState, run: RunData, controller: DashboardController): TemplateResult {
  const { summary } = run;
  const { steps } = summary.config.training;
  const done = lastStepOf(run);
  const { best, newest } = scoresOf(run);
  return html`<header>
    <div class="title">
      <h1 dir="auto">${visibleText(summary.name)}</h1>
      ${stateView(summary)}
      ${summary.isHumanTouched ? badge('human-touched', { title: 'A critique by a person was trained on.', tone: 'human' }) : nothing}
      <div class="buttons">${connection.state === 'connected' ? buttonsOf(summary, controller) : nothing} ${rolloutsButton(summary, controller)}</div>
    </div>
    <dl class="facts">
      ${fact('Algorithm', summary.algorithm)}
      ${fact('Step', html`<span id="step">${done.toLocaleString('en-US')}</span> <span class="quiet">of ${steps.toLocaleString('en-US')}</span>`)}
      ${fact('Best pass@1', formatPercent(best))} ${fact('Newest pass@1', formatPercent(newest))}
      ${summary.activity === null ? nothing : fact('Time left', summary.secondsLeft === null ? '–' : `≈ ${formatDuration(summary.secondsLeft)}`)}
      ${fact('Seed', String(summary.seed))}
    </dl>
    <progress id="progress" max=${steps} value=${done} aria-label="Steps done: ${done} of ${steps}"></progress>
    ${phaseView(summary, progress)}
  </header>`;
}

/** The newest step that is finished. */
function lastStepOf({ summary, curves }: RunData): number {
  return Math.max(summary.lastStep ?? 0, curves.steps.at(-1) ?? 0);
}

/** Evaluations arrive before the summary does. */
export function scoresOf({ summary, evaluations }: Pick<RunData, 'summary' | 'evaluations'>): {
  readonly best: number | null;
  readonly newest: number | null;
} {
  const scores = evaluations.filter(({ set }) => set === 'heldOut').map(({ all }) => all.passAt1);
  if (scores.length === 0) return { best: summary.bestPassAt1, newest: summary.lastPassAt1 };
  return { best: Math.max(...scores), newest: scores.at(-1) ?? null };
}

/** What is done right now, with a bar of its own that comes and goes with the phases of a step. */
function phaseView({ activity, stopMessage }: RunSummary, progress: Progress | null): TemplateResult | typeof nothing {
  if (activity === null) return stopMessage === null ? nothing : html`<p class="phase quiet" dir="auto">${visibleText(stopMessage)}</p>`;
  if (progress === null) return html`<p class="phase quiet">${activityWords[activity]}</p>`;
  const { step, phase, done, total } = progress;
  const part = total === null ? (done === 0 ? '' : ` ${done}`) : ` ${done} of ${total}`;
  return html`<p class="phase quiet">
    <span>${activityWords[progress.activity]}, step ${step}: ${phaseWords[phase] ?? phase}${part}</span>
    ${total === null || total === 0 ? nothing : html`<progress class="small" max=${total} value=${done} aria-label="Phase ${phase}"></progress>`}
  </p>`;
}

const phaseWords: Readonly<Record<string, string>> = {
  sample: 'sampling answers',
  grade: 'grading',
  critique: 'writing critiques',
  refine: 'refining',
  forward: 'probabilities under the policy',
  update: 'updating the policy',
  evaluate: 'evaluating',
};

const activityWords: Readonly<Record<Activity, string>> = {
  opening: 'Opening the model',
  training: 'Training',
  pausing: 'Pausing after this step',
  paused: 'Paused',
  evaluating: 'Evaluating',
  refining: 'Refining',
  stopping: 'Stopping',
};

const stateTones: Readonly<Record<RunState | Activity, StateTone>> = {
  opening: 'busy',
  training: 'busy',
  pausing: 'busy',
  evaluating: 'busy',
  refining: 'busy',
  stopping: 'busy',
  paused: 'still',
  running: 'busy',
  stopped: 'still',
  finished: 'good',
  failed: 'bad',
};

function stateView({ activity, state }: RunSummary): TemplateResult {
  const name = activity ?? state;
  return stateBadge('run-state', name, stateTones[name]);
}

function buttonsOf({ activity, state }: RunSummary, controller: DashboardController): TemplateResult | typeof nothing {
  const ask = (command: keyof typeof commandTitles, words: string, isMain = false): TemplateResult =>
    button({ id: command, words, title: commandTitles[command], isMain, onClick: () => controller.command(command) });
  switch (activity) {
    case 'stopping':
      return nothing;
    case 'paused':
    case 'pausing':
      return html`${ask('resume', 'Resume', true)} ${ask('stop', 'Stop')} ${ask('evaluate', 'Evaluate')}`;
    case 'opening':
      return ask('stop', 'Stop');
    case 'training':
    case 'evaluating':
    case 'refining':
      return html`${ask('pause', 'Pause')} ${ask('stop', 'Stop')} ${ask('evaluate', 'Evaluate')}`;
    case null:
      return html`${state === 'finished' ? nothing : ask('resume', 'Resume', true)} ${ask('evaluate', 'Evaluate')}`;
  }
}

const commandTitles = {
  pause: 'Pause after the step in progress',
  resume: 'Go on from where the run stands',
  stop: 'End the run after writing a checkpoint; it can be resumed',
  evaluate: 'Score the policy of now on the held-out problems',
} as const;

function rolloutsButton({ id }: RunSummary, controller: DashboardController): TemplateResult {
  const open = (): void => controller.act({ do: 'openPanel', view: { kind: 'rollouts', runId: id, filter: {}, open: null } });
  return button({ id: 'open-rollouts', words: 'Open Rollouts', title: 'Every answer of the run with its critiques and refinements', onClick: open });
}

function fact(name: string, value: string | TemplateResult): TemplateResult {
  return html`<div>
    <dt>${name}</dt>
    <dd>${value}</dd>
  </div>`;
}
