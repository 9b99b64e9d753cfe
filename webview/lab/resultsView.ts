/** What came of each critique: how many refinements were right, what it says, and the way to train on it. */
import { html, nothing, type TemplateResult } from 'lit';
import type { CounterfactualEntry } from '../../backend/protocol/views.ts';
import { button } from '../ui/controls.ts';
import { diffView } from '../ui/diffView.ts';
import { valueOf } from '../ui/loadable.ts';
import { loadingView } from '../ui/partsView.ts';
import { statusChip } from '../ui/statusView.ts';
import { textView } from '../ui/textView.ts';
import type { LabController } from './controller.ts';
import { critics, type CriticChoice, type CriticName } from './critics.ts';
import { bestOf, readingOf } from './reading.ts';
import { switchesOf } from './textSwitches.ts';
import type { LabState, Trials } from './state.ts';

export function resultsView(state: LabState, controller: LabController): TemplateResult | typeof nothing {
  const { results, running } = state;
  const waiting = new Set<string>(running?.critics ?? []);
  const shown = critics.filter(({ name }) => results.has(name) || waiting.has(name));
  if (shown.length === 0) return html`<p class="empty">Nothing tried yet. Choose critics and press Run.</p>`;
  const entries = [...results.values()].map(({ entry }) => entry);
  const best = bestOf(entries);
  return html`<section aria-labelledby="results-title">
    <h2 id="results-title">Results</h2>
    <p id="reading" role="status">${readingOf(entries) ?? nothing}</p>
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
        ${shown.map((critic) => resultRows(critic, results.get(critic.name), { isWaiting: waiting.has(critic.name), isBest: critic.name === best }, state, controller))}
      </tbody>
    </table>
  </section>`;
}

function resultRows(
  critic: CriticChoice & { readonly name: CriticName },
  trials: Trials | undefined,
  { isWaiting, isBest }: { readonly isWaiting: boolean; readonly isBest: boolean },
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
            ? html`<span class="silent" dir="auto"><span class="codicon codicon-info" aria-hidden="true"></span>${entry.error}</span>`
            : entry.text.trim() === ''
              ? html`<span class="quiet">No critique.</span>`
              : textView(`said-${name}`, `Critique by ${title}`, entry.text, switchesOf(state, controller))
        }
      </td>
      <td class="action-cell">
        ${
          entry.refinements.length === 0
            ? nothing
            : button({
                id: `unfold-${name}`,
                words: isUnfolded ? 'Hide refinements' : 'Refinements',
                title: 'What the policy made of this critique',
                isExpanded: isUnfolded,
                onClick: () => controller.unfold(name),
              })
        }
        ${
          canTrain
            ? button({
                id: `train-${name}`,
                words: 'Train on this',
                label: `Train on this: critique by ${title}`,
                title: 'Make it a human critique of this answer, which the run learns from',
                isMain: isBest,
                isDisabled: state.connection.state !== 'connected',
                onClick: () => controller.trainOn(name, entry.text),
              })
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
