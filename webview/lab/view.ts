/** The comparison of critics: the failed answer, whom to ask, and what came of each. */
import { html, nothing, type TemplateResult } from 'lit';
import type { CounterfactualEntry } from '../../backend/protocol/views.ts';
import { diffView } from '../ui/diffView.ts';
import { connectionBar, failureView, loadableView, loadingView } from '../ui/partsView.ts';
import { valueOf } from '../ui/loadable.ts';
import { causeView, statusChip } from '../ui/statusView.ts';
import { textView, type TextSwitches } from '../ui/textView.ts';
import type { LabController } from './controller.ts';
import { critics, sampleChoices, type CriticChoice, type CriticName } from './critics.ts';
import { readingOf } from './reading.ts';
import { criticsToRun, whyNotRunnable, type LabState, type Subject, type Trials } from './state.ts';

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
      <h2>Problem <span class="tag" dir="auto">${problem.level}</span></h2>
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

function formView(state: LabState, controller: LabController): TemplateResult {
  const { chosen, samples, humanText, running, error } = state;
  const reason = whyNotRunnable(state);
  const count = criticsToRun(state).length * samples;
  return html`<form
    class="lab-form"
    aria-label="What to compare"
    @submit=${(event: Event) => {
      event.preventDefault();
      controller.run();
    }}
  >
    <fieldset class="critics" ?disabled=${running !== null}>
      <legend>Critics</legend>
      ${critics.map(
        ({ name, title, meaning }) =>
          html`<label class="critic-choice">
            <input
              id="critic-${name}"
              type="checkbox"
              .checked=${chosen.has(name)}
              @change=${(event: Event) => controller.choose(name, (event.target as HTMLInputElement).checked)}
            />
            <span><strong>${title}</strong> <span class="quiet">${meaning}</span></span>
          </label>`,
      )}
    </fieldset>
    <label class="human-field">
      <span class="label">Your own critique</span>
      <textarea
        id="human-text"
        class="field"
        rows="4"
        maxlength="100000"
        dir="auto"
        placeholder="Tell the model what went wrong, e.g. Check step 3: a score means 20."
        ?disabled=${running !== null}
        .value=${humanText}
        @input=${(event: Event) => controller.type((event.target as HTMLTextAreaElement).value)}
        @keydown=${(event: KeyboardEvent) => {
          if (event.key === 'Enter' && (event.ctrlKey || event.metaKey)) controller.run();
        }}
      ></textarea>
    </label>
    <div class="run-line">
      <fieldset class="samples" ?disabled=${running !== null}>
        <legend>Refinements each</legend>
        ${sampleChoices.map(
          (choice) =>
            html`<label
              ><input
                type="radio"
                name="samples"
                id="samples-${choice}"
                value=${choice}
                .checked=${choice === samples}
                @change=${() => controller.chooseSamples(choice)}
              />${choice}</label
            >`,
        )}
      </fieldset>
      ${
        running === null
          ? html`<button id="run-comparison" class="button" type="submit" ?disabled=${reason !== null}>Run</button>
              <span class="quiet" role="status">${reason ?? `${count} refinements`}</span>`
          : progressView(running, controller)
      }
    </div>
    ${error === null ? nothing : failureView('The comparison failed', error, () => controller.run())}
  </form>`;
}

function progressView({ critics: names, progress }: NonNullable<LabState['running']>, controller: LabController): TemplateResult {
  const isServed = progress?.activity === 'refining';
  const known = isServed && progress.total !== null && progress.total > 0 ? { done: progress.done, total: progress.total } : null;
  const words = isServed
    ? `${progress.phase} · ${names.length} critics`
    : 'Waiting for the policy: while a run trains, this is served between two steps';
  return html`<div class="running">
    <progress aria-label="Comparison" max=${known?.total ?? nothing} value=${known?.done ?? nothing}></progress>
    <span role="status">${words}</span>
    <button id="cancel-comparison" class="button secondary" type="button" @click=${() => controller.cancel()}>Cancel</button>
  </div>`;
}

function resultsView(state: LabState, controller: LabController): TemplateResult | typeof nothing {
  const { results, running } = state;
  const waiting = new Set<string>(running?.critics ?? []);
  const shown = critics.filter(({ name }) => results.has(name) || waiting.has(name));
  if (shown.length === 0) return html`<p class="empty">Nothing tried yet. Choose critics and press Run.</p>`;
  const reading = readingOf([...results.values()].map(({ entry }) => entry));
  return html`<section aria-labelledby="results-title">
    <h2 id="results-title">Results</h2>
    <p id="reading" role="status">${reading ?? nothing}</p>
    <table class="results">
      <thead>
        <tr>
          <th scope="col">Critic</th>
          <th scope="col">Right refinements</th>
          <th scope="col">What it says</th>
          <th scope="col"><span class="hidden-words">Actions</span></th>
        </tr>
      </thead>
      <tbody>
        ${shown.map((critic) => resultRows(critic, results.get(critic.name), waiting.has(critic.name), state, controller))}
      </tbody>
    </table>
  </section>`;
}

function resultRows(
  critic: CriticChoice & { readonly name: CriticName },
  trials: Trials | undefined,
  isWaiting: boolean,
  state: LabState,
  controller: LabController,
): TemplateResult {
  const { name, title } = critic;
  if (trials === undefined) {
    return html`<tr id="result-${name}">
      <th scope="row">${title}</th>
      <td colspan="3">${loadingView('Trying')}</td>
    </tr>`;
  }
  const { entry } = trials;
  const isUnfolded = state.unfolded.has(name) && entry.refinements.length > 0;
  const canTrain = entry.error === null && entry.text.trim() !== '';
  return html`<tr id="result-${name}" class=${isWaiting ? 'waiting' : ''}>
      <th scope="row">${title}</th>
      <td class="rate-cell">${entry.error === null ? rateView(entry) : html`<span class="quiet">–</span>`}</td>
      <td class="text-cell">
        ${
          entry.error !== null
            ? html`<span class="notice" dir="auto">${entry.error}</span>`
            : entry.text.trim() === ''
              ? html`<span class="quiet">No critique.</span>`
              : textView(`said-${name}`, `Critique by ${title}`, entry.text, switchesOf(state, controller))
        }
      </td>
      <td class="action-cell">
        ${
          entry.refinements.length === 0
            ? nothing
            : html`<button
                id="unfold-${name}"
                class="button secondary"
                aria-expanded=${isUnfolded}
                aria-controls="refinements-${name}"
                @click=${() => controller.unfold(name)}
              >
                ${isUnfolded ? 'Hide refinements' : 'Refinements'}
              </button>`
        }
        ${
          canTrain
            ? html`<button
                id="train-${name}"
                class="button"
                ?disabled=${state.connection.state !== 'connected'}
                aria-label="Train on this: critique by ${title}"
                @click=${() => controller.trainOn(name, entry.text)}
              >
                Train on this
              </button>`
            : nothing
        }
        ${state.trainedOn === name ? html`<span class="quiet" role="status">Handed to the run.</span>` : nothing}
      </td>
    </tr>
    ${
      isUnfolded
        ? html`<tr id="refinements-${name}">
            <td colspan="4">${refinementsView(entry, state)}</td>
          </tr>`
        : nothing
    }`;
}

function rateView({ success: { right, total, interval } }: CounterfactualEntry): TemplateResult {
  const [low, high] = interval.map((part) => part * 100) as [number, number];
  const rate = total === 0 ? 0 : (right / total) * 100;
  return html`<div class="rate-numbers">
      <strong>${Math.round(rate)} %</strong> <span class="quiet">${right} of ${total} · ${Math.round(low)}–${Math.round(high)} %</span>
    </div>
    <div class="rate-bar" aria-hidden="true" title="Bar: share of right refinements. Line: its 95 % interval.">
      <span class="rate-fill" style="width: ${rate}%"></span>
      <span class="rate-interval" style="left: ${low}%; width: ${high - low}%"></span>
    </div>`;
}

function refinementsView({ refinements }: CounterfactualEntry, state: LabState): TemplateResult {
  const answer = valueOf(state.subject)?.attempt.rollout.completion ?? '';
  return html`<ol class="refinements">
    ${refinements.map(
      ({ refinement, verdict }) =>
        html`<li>
          ${statusChip(verdict?.status ?? null)} <span class="quiet" dir="auto">${verdict?.reason ?? ''}</span>
          ${diffView(answer, refinement)}
        </li>`,
    )}
  </ol>`;
}

function switchesOf({ switches }: LabState, controller: LabController): TextSwitches {
  return { switches, onSwitch: (name) => controller.switch(name) };
}
