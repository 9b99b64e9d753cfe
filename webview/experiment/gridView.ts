/** The grid: a row a cell, a column a seed, each run with its state in words and a way to its dashboard. A plain table. */
import { html, nothing, type TemplateResult } from 'lit';
import type { ExperimentDetail, ExperimentRunView } from '../../backend/protocol/experimentViews.ts';
import { formatCount } from '../ui/format.ts';
import { visibleText } from '../ui/visibleText.ts';
import type { ExperimentController } from './controller.ts';
import { gridRows, shownState, type ShownState } from './grid.ts';

const stateWords: Readonly<Record<ShownState, { readonly name: string; readonly icon: string }>> = {
  waiting: { name: 'waiting', icon: 'circle-outline' },
  running: { name: 'running', icon: 'play-circle' },
  scoring: { name: 'scoring', icon: 'checklist' },
  paused: { name: 'paused', icon: 'debug-pause' },
  finished: { name: 'finished', icon: 'pass' },
  failed: { name: 'failed', icon: 'error' },
};

export function gridView(detail: ExperimentDetail, controller: ExperimentController): TemplateResult {
  const { definition, runs, isRunning } = detail;
  return html`<section class="section" aria-labelledby="section-grid">
    <h2 id="section-grid">Runs <span class="quiet">${countsText(runs, isRunning)}</span></h2>
    <div class="table-frame grid" tabindex="0" role="region" aria-label="Runs by cell and seed">
      <table id="grid">
        <thead>
          <tr>
            <th scope="col">Cell</th>
            ${definition.seeds.map((seed) => html`<th scope="col">Seed ${seed}</th>`)}
          </tr>
        </thead>
        <tbody>
          ${gridRows(detail).map(
            ({ cell, runs }) =>
              html`<tr>
                <th scope="row"><span class="name" dir="auto">${visibleText(cell)}</span></th>
                ${runs.map((run) => html`<td>${run === null ? '–' : runView(run, isRunning, controller)}</td>`)}
              </tr>`,
          )}
        </tbody>
      </table>
    </div>
    ${problemsView(runs)}
  </section>`;
}

function runView(run: ExperimentRunView, isRunning: boolean, controller: ExperimentController): TemplateResult {
  const { cell, seed, runId, error } = run;
  const state = shownState(run, isRunning);
  const { name, icon } = stateWords[state];
  const content = html`<span class="codicon codicon-${icon}" aria-hidden="true"></span><span>${name}</span> ${partView(run, state)}`;
  if (runId === null) return html`<span class="run ${state}" title=${error === null ? nothing : visibleText(error)}>${content}</span>`;
  return html`<button
    class="run link ${state}"
    aria-label="${visibleText(cell)}, seed ${seed}: ${name} ${partText(run, state)}. Open the run"
    title=${error === null ? 'Open the run' : visibleText(error)}
    @click=${() => controller.openRun(runId)}
  >
    ${content}
  </button>`;
}

function partView(run: ExperimentRunView, state: ShownState): TemplateResult | typeof nothing {
  const { step, steps } = run;
  const text = partText(run, state);
  if (text === '') return nothing;
  return html`<span class="part">${text}</span>
    ${state === 'running' ? html`<progress max=${steps} value=${step} aria-label="Steps: ${step} of ${steps}"></progress>` : nothing}`;
}

function partText({ step, steps, setsDone, sets }: ExperimentRunView, state: ShownState): string {
  switch (state) {
    case 'waiting':
      return '';
    case 'finished':
      return sets === 0 ? formatCount(steps, 'step') : `${formatCount(steps, 'step')}, ${formatCount(sets, 'set')}`;
    case 'scoring':
      return `${setsDone} / ${sets} sets`;
    case 'running':
    case 'paused':
    case 'failed':
      return `${step} / ${steps}`;
  }
}

/** Why runs failed, in full. */
function problemsView(runs: readonly ExperimentRunView[]): TemplateResult | typeof nothing {
  const failed = runs.filter(({ state, error }) => state === 'failed' && error !== null);
  if (failed.length === 0) return nothing;
  return html`<ul id="problems" class="problems" aria-label="Why runs failed">
    ${failed.map(
      ({ cell, seed, error }) =>
        html`<li>
          <span class="codicon codicon-error" aria-hidden="true"></span>
          <span><b dir="auto">${visibleText(cell)}</b>, seed ${seed}: <span dir="auto">${visibleText(error ?? '')}</span></span>
        </li>`,
    )}
  </ul>`;
}

function countsText(runs: readonly ExperimentRunView[], isRunning: boolean): string {
  const order: readonly ShownState[] = ['running', 'scoring', 'paused', 'waiting', 'finished', 'failed'];
  const states = runs.map((run) => shownState(run, isRunning));
  return order
    .map((state) => [states.filter((other) => other === state).length, stateWords[state].name] as const)
    .filter(([count]) => count > 0)
    .map(([count, name]) => `${count} ${name}`)
    .join(' · ');
}
