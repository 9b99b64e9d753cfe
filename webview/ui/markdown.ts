/**
 * Markdown and formulas of models and data sets as page content. These texts are hostile: HTML in them stays text, links go to the web or
 * nowhere, pictures are not loaded. The only place whose output may be given to `unsafeHTML`.
 */
import { html, type TemplateResult } from 'lit';
import { unsafeHTML } from 'lit/directives/unsafe-html.js';
import { until } from 'lit/directives/until.js';
import MarkdownIt from 'markdown-it';
import { mathRules, mayHaveMath } from './mathRules.ts';
import { visibleText } from './visibleText.ts';
import 'katex/dist/katex.min.css';

/** Text without a formula waits for nothing; KaTeX is loaded with the first one. */
export function markdown(text: string): TemplateResult {
  if (draw !== null || !mayHaveMath(text)) return html`${unsafeHTML(markdownHtml(text))}`;
  return html`${until(
    loadFormulas().then(() => unsafeHTML(markdownHtml(text))),
    unsafeHTML(markdownHtml(text)),
  )}`;
}

/** HTML of a text: safe to put into a page. Formulas are their source until `loadFormulas` is done. */
export function markdownHtml(text: string): string {
  return parser.render(visibleText(text));
}

type DrawFormula = (formula: string, isBlock: boolean) => string;
let draw: DrawFormula | null = null;
let loadingFormulas: Promise<void> | null = null;

export function loadFormulas(): Promise<void> {
  loadingFormulas ??= import('katex').then(({ default: katex }) => {
    // No commands that make links or load things, and bounds on what a short text can expand to.
    draw = (formula, displayMode) =>
      katex.renderToString(formula, {
        displayMode,
        trust: false,
        throwOnError: false,
        errorColor: 'currentColor',
        strict: 'ignore',
        maxExpand: 200,
        maxSize: 50,
        output: 'htmlAndMathml',
      });
  });
  return loadingFormulas;
}

const parser = new MarkdownIt({ html: false, linkify: false, breaks: true });
parser.validateLink = (url) => /^(https?|mailto):/i.test(url.trim());
parser.disable('image');
parser.use(mathRules);
const { rules } = parser.renderer;
rules['math'] = (tokens, at) => formulaHtml(tokens[at]?.content ?? '', false);
rules['mathBlock'] = (tokens, at) => formulaHtml(tokens[at]?.content ?? '', true);

function formulaHtml(formula: string, isBlock: boolean): string {
  return draw === null ? `<code>${parser.utils.escapeHtml(formula)}</code>` : draw(formula, isBlock);
}
