/**
 * The controls of all pages, as templates of the elements that `toolkit.ts` registers. Names, labels and states are given here in the ways in which
 * those elements pass them on: `vscode-button` hears only of properties, fields and check boxes are named by their content alone.
 */
import { html, nothing, type TemplateResult } from 'lit';
import { live } from 'lit/directives/live.js';
import { repeat } from 'lit/directives/repeat.js';
import { chosenOption } from './chosenOption.ts';
import { visibleText } from './visibleText.ts';

export interface ButtonOptions {
  readonly id?: string;
  readonly words: string | TemplateResult;
  readonly onClick: () => void;
  /** The one thing that a person most likely wants to do in its part of the page. */
  readonly isMain?: boolean;
  readonly isDisabled?: boolean;
  readonly title?: string | undefined;
  /** What a screen reader calls it where the words do not tell enough. */
  readonly label?: string;
  /** Of a button that switches something on and off. */
  readonly isPressed?: boolean;
  /** Of a button that folds something. */
  readonly isExpanded?: boolean;
}

export function button({
  id,
  words,
  onClick,
  isMain = false,
  isDisabled = false,
  title,
  label,
  isPressed,
  isExpanded,
}: ButtonOptions): TemplateResult {
  return html`<vscode-button
    id=${id ?? nothing}
    appearance=${isMain ? 'primary' : 'secondary'}
    title=${title ?? nothing}
    aria-label=${label ?? nothing}
    ?disabled=${isDisabled}
    .ariaPressed=${stateText(isPressed)}
    .ariaExpanded=${stateText(isExpanded)}
    @click=${onClick}
    >${words}</vscode-button
  >`;
}

export interface IconButtonOptions {
  readonly id: string;
  /** Name of a codicon. */
  readonly icon: string;
  /** What a screen reader calls it. */
  readonly label: string;
  readonly title: string;
  readonly onClick: () => void;
  readonly isPressed?: boolean;
}

export function iconButton({ id, icon, label, title, onClick, isPressed }: IconButtonOptions): TemplateResult {
  // The label comes first: an icon without one is called "Icon Button" by the toolkit.
  return html`<vscode-button
    id=${id}
    class="icon"
    aria-label=${label}
    appearance="icon"
    title=${title}
    .ariaPressed=${stateText(isPressed)}
    @click=${onClick}
    ><span class="codicon codicon-${icon}" aria-hidden="true"></span
  ></vscode-button>`;
}

export interface FieldOptions {
  readonly id: string;
  readonly label: string;
  readonly value: string;
  readonly placeholder: string;
  readonly className?: string;
  /** Name of a codicon at the beginning. */
  readonly icon?: string;
  /** At each key. */
  readonly onInput?: (text: string) => void;
  /** When a person is done with it. */
  readonly onChange?: (text: string) => void;
}

export function textField({ id, label, value, placeholder, className = '', icon, onInput, onChange }: FieldOptions): TemplateResult {
  return html`<vscode-text-field
    id=${id}
    class=${className}
    placeholder=${placeholder}
    .value=${live(value)}
    @input=${(event: Event) => onInput?.(textOf(event))}
    @change=${(event: Event) => onChange?.(textOf(event))}
    >${label}${icon === undefined ? nothing : html`<span slot="start" class="codicon codicon-${icon}" aria-hidden="true"></span>`}</vscode-text-field
  >`;
}

export interface AreaOptions extends Pick<FieldOptions, 'id' | 'label' | 'value' | 'placeholder'> {
  readonly rows: number;
  readonly maxLength: number;
  readonly isDisabled: boolean;
  readonly onInput: (text: string) => void;
  readonly onKey: (event: KeyboardEvent) => void;
}

export function textArea({ id, label, value, placeholder, rows, maxLength, isDisabled, onInput, onKey }: AreaOptions): TemplateResult {
  return html`<vscode-text-area
    id=${id}
    rows=${rows}
    maxlength=${maxLength}
    resize="vertical"
    placeholder=${placeholder}
    ?disabled=${isDisabled}
    .value=${live(value)}
    @input=${(event: Event) => onInput(textOf(event))}
    @keydown=${onKey}
    >${label}</vscode-text-area
  >`;
}

export interface Choice<T extends string = string> {
  readonly id: T;
  readonly title: string;
}

export interface DropdownOptions<T extends string> {
  readonly id: string;
  readonly label: string;
  readonly choices: readonly Choice<T>[];
  readonly chosen: T;
  readonly onChoose: (id: T) => void;
}

export function dropdown<T extends string>({ id, label, choices, chosen, onChoose }: DropdownOptions<T>): TemplateResult {
  const choose = (event: Event): void => {
    const choice = choices.find((each) => each.id === textOf(event));
    if (choice !== undefined && choice.id !== chosen) onChoose(choice.id);
  };
  return html`<div class="choice">
    <span id="${id}-label" class="label">${label}</span>
    <vscode-dropdown id=${id} aria-labelledby="${id}-label" @change=${choose}>
      ${repeat(
        choices,
        // An option keeps the name that it began with.
        (choice) => `${choice.id} ${choice.title}`,
        (choice) => html`<vscode-option value=${choice.id} title=${visibleText(choice.title)}>${visibleText(choice.title)}</vscode-option>`,
      )}
      ${chosenOption(chosen)}
    </vscode-dropdown>
  </div>`;
}

export interface CheckBoxOptions {
  readonly id: string;
  readonly words: TemplateResult | string;
  readonly isChecked: boolean;
  /** Not by a `fieldset` around it: once disabled by one, the toolkit's stays so. */
  readonly isDisabled?: boolean;
  readonly onChange: (isChecked: boolean) => void;
}

export function checkBox({ id, words, isChecked, isDisabled = false, onChange }: CheckBoxOptions): TemplateResult {
  // The toolkit tells of each change, of those by the page as well; the listener is renewed before the state is.
  const follow = ({ target }: Event): void => {
    const { checked } = target as HTMLInputElement;
    if (checked !== isChecked) onChange(checked);
  };
  return html`<vscode-checkbox id=${id} ?disabled=${isDisabled} @change=${follow} .checked=${live(isChecked)}>${words}</vscode-checkbox>`;
}

export interface BadgeOptions {
  readonly id?: string;
  /** What the word means. */
  readonly title?: string;
  /** `human`: by a person. `warning`: to be looked at. Others are the page's. */
  readonly tone?: string;
}

/** A word about the thing beside it. */
export function badge(words: string | TemplateResult, { id, title, tone }: BadgeOptions = {}): TemplateResult {
  return html`<vscode-badge id=${id ?? nothing} class=${tone ?? nothing} title=${title ?? nothing} dir="auto">${words}</vscode-badge>`;
}

export function divider(): TemplateResult {
  return html`<vscode-divider></vscode-divider>`;
}

/** Beside words that say what is waited for. */
export function progressRing(): TemplateResult {
  return html`<vscode-progress-ring aria-hidden="true"></vscode-progress-ring>`;
}

function stateText(state: boolean | undefined): string | null {
  return state === undefined ? null : String(state);
}

/** Of whatever control an event is about. */
function textOf({ target }: Event): string {
  return (target as HTMLInputElement).value;
}
