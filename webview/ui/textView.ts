/** Texts by models and people: plain or rendered, collapsed when long. The markup of Markdown comes from `ui/markdown.ts` alone. */
import { html, nothing, type TemplateResult } from 'lit';
import { classMap } from 'lit/directives/class-map.js';
import { markdown } from './markdown.ts';
import { visibleText } from './visibleText.ts';
import { beginning, blocksOf, type TextBlock } from './textBlocks.ts';

export interface TextSwitches {
  readonly switches: ReadonlySet<string>;
  readonly onSwitch: (name: string) => void;
}

const collapsedLines = 24;
const collapsedChars = 4000;
/** Longer texts are plain until a person asks for more: Markdown of 100,000 characters takes seconds to lay out. */
const renderedChars = 20_000;
const lineHeight = 19;
/** Signs of Markdown or of a formula; without them both ways look alike. */
const hasMarkup = /[*_`#$|<>[\]\\~]|^\s*(?:\d+[.)]|[-+])\s/m;

/** `id` names the text on the page; `name` is what a screen reader calls it. */
export function textView(id: string, name: string, text: string, { switches, onSwitch }: TextSwitches): TemplateResult {
  const rendersFirst = text.length <= renderedChars;
  const isRendered = rendersFirst !== switches.has(`raw:${id}`);
  const isWhole = switches.has(`whole:${id}`);
  const { text: shown, isCut } = beginning(text, collapsedLines, collapsedChars);
  if (text.trim() === '') return html`<p class="quiet">${name} is empty.</p>`;
  const body = isRendered
    ? html`<div class=${classMap({ rendered: true, clipped: isCut && !isWhole })} dir="auto" tabindex=${isCut && !isWhole ? 0 : nothing}>
        ${markdown(text)}
      </div>`
    : html`<div class="plain" dir="auto">${(isWhole ? blocksFor(text) : [{ text: shown, lines: 0 }]).map(blockView)}</div>`;
  return html`<div class="long-text" role="group" aria-label=${name}>
    ${body}
    <div class="text-tools">
      ${
        isCut
          ? html`<button id="whole-${id}" class="link" aria-expanded=${isWhole} @click=${() => onSwitch(`whole:${id}`)}>
              ${isWhole ? 'Show less' : `Show all ${sizeOf(text)}`}
            </button>`
          : nothing
      }
      ${
        hasMarkup.test(text)
          ? html`<button id="raw-${id}" class="link" aria-pressed=${!isRendered} @click=${() => onSwitch(`raw:${id}`)}>
              ${isRendered ? 'Plain text' : 'Rendered'}
            </button>`
          : nothing
      }
    </div>
  </div>`;
}

function blockView({ text, lines }: TextBlock): TemplateResult {
  return html`<pre class="text-block" dir="auto" style="contain-intrinsic-size: auto ${Math.max(lines, Math.ceil(text.length / 100)) * lineHeight}px">
${visibleText(text)}</pre>`;
}

function sizeOf(text: string): string {
  return `${text.split('\n').length.toLocaleString('en-US')} lines, ${text.length.toLocaleString('en-US')} characters`;
}

let newest: { readonly text: string; readonly blocks: readonly TextBlock[] } | undefined;

/** Cutting 200,000 characters takes a millisecond, but a page draws often. */
function blocksFor(text: string): readonly TextBlock[] {
  if (newest?.text !== text) newest = { text, blocks: blocksOf(text) };
  return newest.blocks;
}
