/** The comparison of critics: the failed answer, whom to ask, and what came of each. */
import { html, nothing, type TemplateResult } from 'lit';
import { badge } from '../ui/controls.ts';
import { connectionBar, loadableView, loadingView } from '../ui/partsView.ts';
import { causeView, statusChip } from '../ui/statusView.ts';
import { textView, type TextSwitches } from '../ui/textView.ts';
import type { LabController } from './controller.ts';
import { formView } from './formView.ts';
import { resultsView } from './resultsView.ts';
import { switchesOf } from './textSwitches.ts';
import type { LabState, Subject } from './state.ts';

export function labView(state: LabState, controller: LabController): TemplateResult {
  const { place, connection } = state;
  if (place === null) return html`<div class="lab">${connectionBar(connection)}${loadingView('Opening the answer')}</div>`;
  return html`<div class="lab">
    ${connectionBar(connection)}
    <h1 class="page-title">Compare critics <span class="quiet ellipsis" dir="auto" title=${place.rolloutId}>${place.rolloutId}</span></h1>
    <p class="quiet lead">
      The same wrong answer under several critiques. Each is answered by fresh refinements of the policy of now, which are graded; choose the one to
      train on.
    </p>
    ${loadableView(
      state.subject,
      'The answer',
      () => controller.loadSubject(),
      (subject) => subjectView(subject, switchesOf(state, controller)),
    )}
    ${formView(state, controller)} ${resultsView(state, controller)}
  </div>`;
}

function subjectView({ attempt, problem }: Subject, switches: TextSwitches): TemplateResult {
  const { rollout, verdict } = attempt;
  return html`<section class="subject">
    <section aria-label="Problem">
      <h2>Problem ${badge(problem.level, { title: 'Level of the problem' })}</h2>
      ${problem.prompt.filter(({ role }) => role === 'user').map(({ content }, i) => textView(`problem-${i}`, 'Problem', content, switches))}
      <p class="gold">Gold answer <code class="ellipsis" dir="auto" title=${problem.answer}>${problem.answer}</code></p>
    </section>
    <section aria-label="Failed answer">
      <h2>Answer at step ${rollout.step} ${statusChip(verdict?.status ?? null)} ${causeView(verdict)}</h2>
      ${verdict === null ? nothing : html`<p class="verdict-line" dir="auto">${verdict.reason}</p>`}
      ${textView(rollout.id, 'Failed answer', rollout.completion, switches)}
    </section>
  </section>`;
}
