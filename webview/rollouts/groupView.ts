/** One problem at one step: what was asked, what the group teaches and why, every answer with its critiques and refinements. */
import { html, nothing, type TemplateResult } from 'lit';
import { repeat } from 'lit/directives/repeat.js';
import type { Problem } from '../../backend/protocol/records.ts';
import type { Attempt, GroupDetail } from '../../backend/protocol/views.ts';
import { badge, button } from '../ui/controls.ts';
import { groupWords, isFiltered } from './filteredGroups.ts';
import { attemptView, critiqueView, type AttemptContext } from './attemptView.ts';
import { counted } from '../ui/words.ts';
import { textView } from '../ui/textView.ts';

export function groupView(
  { group, problem, attempts, guests }: GroupDetail,
  context: Omit<AttemptContext, 'group'>,
  focusId: string | null,
): TemplateResult {
  const { controller } = context;
  const inGroup = { ...context, group };
  const isLeftOut = isFiltered(group, context.state.filteredSteps);
  const { name, meaning } = groupWords(group.kind, isLeftOut);
  return html`
    <header class="page-head">
      <h2><span>Step ${group.step}</span> <span class="ellipsis" dir="auto" title=${group.problemId}>${group.problemId}</span></h2>
      ${problem === null ? nothing : badge(problem.level, { title: 'Level of the problem' })}
      ${button({
        id: 'open-history',
        words: 'Problem history',
        title: 'Every visit of this problem over the run',
        onClick: () => controller.open({ page: 'problem', problemId: group.problemId }),
      })}
    </header>
    ${problem === null ? html`<p class="quiet">The problem itself is not recorded.</p>` : problemView(problem, context)}
    <div id="group-kind" class="group-kind ${isLeftOut ? 'filtered' : group.kind}">
      <strong>${name}</strong> ${meaning}
      ${group.excluded > 0 ? html`${counted(group.excluded, 'rollout')} left out, because the verifier failed on ${group.excluded === 1 ? 'it' : 'them'}.` : nothing}
      ${!isLeftOut && group.zeroSignal && group.kind !== 'allRight' && group.kind !== 'allWrong' ? html`Every advantage is 0 all the same: nothing is learned from it.` : nothing}
    </div>
    ${repeat(
      attempts,
      ({ rollout }) => rollout.id,
      (attempt) => attemptView(attempt, inGroup, attempt.rollout.id === focusId),
    )}
    ${
      guests.length === 0
        ? nothing
        : html`<section class="guests" aria-label="Guests from earlier steps">
            <h3>Guests</h3>
            <p class="quiet">
              Refinements of earlier answers to this problem, written from critiques that a person chose to train on. They learn with this group.
            </p>
            ${guests.map(({ critique, refinement, verdict }) => critiqueView(critique, [{ refinement, verdict }], null, inGroup))}
          </section>`
    }
  `;
}

export function problemView(problem: Problem, { state, controller }: Omit<AttemptContext, 'group'>): TemplateResult {
  const switches = { switches: state.switches, onSwitch: (name: string) => controller.switch(name) };
  return html`<section class="problem-text" aria-label="Problem">
    ${problem.prompt.map(({ role, content }, i) =>
      role === 'user'
        ? textView(`problem-${i}`, 'Problem', content, switches)
        : html`<details>
            <summary>${role === 'system' ? 'System prompt' : 'Earlier answer in the prompt'}</summary>
            ${textView(`problem-${i}`, role, content, switches)}
          </details>`,
    )}
    <p class="gold">Gold answer <code class="ellipsis" dir="auto" title=${problem.answer}>${problem.answer}</code></p>
  </section>`;
}

/** A rollout whose step is still in progress. */
export function loneAttemptView(attempt: Attempt, context: Omit<AttemptContext, 'group'>): TemplateResult {
  return html`
    <header class="page-head">
      <h2>
        <span>Step ${attempt.rollout.step}</span>
        <span class="ellipsis" dir="auto" title=${attempt.rollout.problemId}>${attempt.rollout.problemId}</span>
      </h2>
    </header>
    <p class="quiet">The step is still in progress: advantages are known when its group is formed.</p>
    ${attemptView(attempt, { ...context, group: null }, false)}
  `;
}
