/** One problem over the whole run: its curve, and every visit with its attempts, critiques and refinements, in order of time. */
import { html, nothing, type TemplateResult } from 'lit';
import { badge, button } from '../ui/controls.ts';
import { critiqueView, type AttemptContext } from './attemptView.ts';
import { problemView } from './groupView.ts';
import type { ProblemPage } from './detail.ts';
import { statusChip } from '../ui/statusView.ts';
import { visitChart } from './visitChart.ts';
import { outcomeOf, rateOf, storyOf, type VisitStory } from './visits.ts';
import { counted } from '../ui/words.ts';
import { groupWords, isFilteredKind } from './filteredGroups.ts';

type Context = Omit<AttemptContext, 'group'>;

export function problemPageView({ history, attempts }: ProblemPage, context: Context): TemplateResult {
  const { state, controller } = context;
  const { problem, visits } = history;
  const hidden = new Set(attempts.rows.map(({ step }) => step));
  return html`
    <header class="page-head">
      <h2><span>Problem</span> <span class="ellipsis" dir="auto" title=${problem.id}>${problem.id}</span></h2>
      ${badge(problem.level, { title: 'Level of the problem' })}
      ${button({
        id: 'list-problem',
        words: 'List its rollouts',
        title: 'Filter the list by this problem',
        onClick: () => controller.setFilter({ problemId: problem.id }),
      })}
    </header>
    ${problemView(problem, context)}
    <p class="outcome">${outcomeOf(visits)}</p>
    ${visitChart(visits, (groupId) => controller.open({ page: 'group', groupId }))}
    ${visits.length === 0 ? nothing : html`<div class="legend-line quiet"><span class="key right"></span>right <span class="key wrong"></span>wrong <span class="key failed"></span>not judged <span class="key rate"></span>share of right answers among the judged, with its 95 % interval</div>`}
    ${
      attempts.next === null
        ? nothing
        : html`<p class="quiet">
            ${counted(attempts.rows.length, 'newest rollout')} are listed here;
            <button id="list-all" class="link" @click=${() => controller.setFilter({ problemId: problem.id })}>all of them are in the list</button>.
          </p>`
    }
    ${storyOf(history, attempts.rows).map((story) => visitView(story, hidden.has(story.visit.step), { state, controller }))}
  `;
}

function visitView({ visit, attempts, critiques }: VisitStory, hasAttempts: boolean, context: Context): TemplateResult {
  const { state, controller } = context;
  const { step, kind, right, wrong, failed, groupId } = visit;
  const { rate, interval } = rateOf(visit);
  const words = groupWords(kind, isFilteredKind(kind, step, state.filteredSteps));
  const name = `visit:${groupId}`;
  const isOpen = critiques.length > 0 !== state.switches.has(name);
  return html`<section id="visit-${step}" class="card visit-card" aria-label="Step ${step}">
    <header>
      <h3>
        <button id="visit-switch-${step}" class="disclosure" aria-expanded=${isOpen} @click=${() => controller.switch(name)}>Step ${step}</button>
      </h3>
      ${badge(words.name, { title: words.meaning })}
      <span>${right} of ${right + wrong} right${failed > 0 ? `, ${failed} not judged` : ''}</span>
      <span class="quiet">${rate === null ? '' : `${percent(rate)} (${percent(interval[0])} to ${percent(interval[1])})`}</span>
      <span class="actions"
        ><button id="visit-open-${step}" class="link" @click=${() => controller.open({ page: 'group', groupId })}>Open the group</button></span
      >
    </header>
    ${
      isOpen
        ? html`
            ${
              hasAttempts
                ? html`<ul class="attempt-lines">
                    ${attempts.map(
                      ({ index, status, extracted, excerpt }) =>
                        html`<li>
                          <span class="quiet">${index}</span> ${statusChip(status)} <code class="ellipsis" dir="auto">${extracted ?? '–'}</code>
                          <span class="ellipsis quiet" dir="auto">${excerpt}</span>
                        </li>`,
                    )}
                  </ul>`
                : nothing
            }
            ${critiques.map(({ critique, refinements }) => critiqueView(critique, refinements, null, { ...context, group: null }))}
          `
        : nothing
    }
  </section>`;
}

function percent(part: number): string {
  return `${Math.round(part * 100)} %`;
}
