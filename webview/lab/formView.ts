/** Whom to ask, one's own words, how many refinements each, and the comparison at work. */
import { html, nothing, type TemplateResult } from 'lit';
import { button, checkBox, divider, textArea } from '../ui/controls.ts';
import { failureView } from '../ui/partsView.ts';
import type { LabController } from './controller.ts';
import { critics, sampleChoices, type SampleChoice } from './critics.ts';
import { criticsToRun, whyNotRunnable, type LabState } from './state.ts';

export function formView(state: LabState, controller: LabController): TemplateResult {
  const { chosen, samples, humanText, running, error } = state;
  const reason = whyNotRunnable(state);
  const count = criticsToRun(state).length * samples;
  return html`<form class="lab-form" aria-label="What to compare" @submit=${(event: Event) => event.preventDefault()}>
    <fieldset class="critics">
      <legend>Critics</legend>
      ${critics.map(({ name, title, meaning }) =>
        checkBox({
          id: `critic-${name}`,
          words: html`<strong>${title}</strong> <span class="quiet">${meaning}</span>`,
          isChecked: chosen.has(name),
          isDisabled: running !== null,
          onChange: (isChosen) => controller.choose(name, isChosen),
        }),
      )}
    </fieldset>
    ${textArea({
      id: 'human-text',
      label: 'Your own critique',
      value: humanText,
      placeholder: 'Tell the model what went wrong, e.g. Check step 3: a score means 20.',
      rows: 8,
      maxLength: 100_000,
      isDisabled: running !== null,
      onInput: (text) => controller.type(text),
      onKey: (event) => {
        if (event.key === 'Enter' && (event.ctrlKey || event.metaKey)) controller.run();
      },
    })}
    ${divider()}
    <div class="run-line">
      <fieldset class="samples" ?disabled=${running !== null}>
        <legend>Refinements each</legend>
        ${sampleChoices.map((choice) => sampleView(choice, choice === samples, controller))}
      </fieldset>
      ${
        running === null
          ? html`${button({ id: 'run-comparison', words: 'Run', title: 'Ctrl+Enter in the text does the same', isMain: true, isDisabled: reason !== null, onClick: () => controller.run() })}
              <span class="quiet" role="status">${reason ?? `${count} refinements`}</span>`
          : progressView(running, controller)
      }
    </div>
    ${error === null ? nothing : failureView('The comparison failed', error, () => controller.run())}
  </form>`;
}

function sampleView(choice: SampleChoice, isChosen: boolean, controller: LabController): TemplateResult {
  const choose = (): void => controller.chooseSamples(choice);
  return html`<label
    ><input type="radio" name="samples" id="samples-${choice}" value=${choice} .checked=${isChosen} @change=${choose} />${choice}</label
  >`;
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
    ${button({ id: 'cancel-comparison', words: 'Cancel', onClick: () => controller.cancel() })}
  </div>`;
}
