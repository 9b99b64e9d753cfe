/**
 * `<token-text>`: an answer token by token, each colored by a number. All of the text is on the page from the beginning; a block of tokens gets
 * its colors when it comes near the screen, so that 32,000 tokens open like 300.
 */
import type { TokenDetail } from '../../backend/protocol/views.ts';
import { readout } from './tokenReadout.ts';
import { colorStep, measures, tokenScales, type TokenMode } from './tokenMeasures.ts';
import { drawnText, tokenAfterKey, tokenBlocks, type TokenBlock } from './tokenText.ts';

export interface TokenPicture {
  readonly detail: TokenDetail;
  readonly mode: TokenMode;
  readonly current: number | null;
}

const lineHeight = 22;
const charsALine = 110;

export class TokenTextElement extends HTMLElement {
  /** The person went to a token with the keyboard or a click. */
  onReach: (at: number) => void = () => undefined;
  private shown: TokenPicture | null = null;
  private blocks: readonly TokenBlock[] = [];
  private values: readonly (number | null)[] = [];
  private readonly text = document.createElement('div');
  private readonly line = document.createElement('div');
  private readonly painted = new Set<HTMLElement>();
  private observer: IntersectionObserver | null = null;

  connectedCallback(): void {
    this.text.className = 'tokens';
    this.text.id = 'token-text';
    this.text.tabIndex = 0;
    this.text.setAttribute('role', 'group');
    this.text.setAttribute('aria-label', 'Tokens. Left and right arrow go from token to token.');
    this.text.setAttribute('aria-describedby', 'token-readout');
    this.text.dir = 'auto';
    this.line.className = 'readout';
    this.line.id = 'token-readout';
    this.line.setAttribute('role', 'status');
    this.replaceChildren(this.text, this.line);
    this.text.addEventListener('keydown', this.followKey);
    this.text.addEventListener('mouseover', this.followPointer);
    this.text.addEventListener('click', this.followClick);
    this.observer = new IntersectionObserver(this.paintVisible, { rootMargin: '800px 0px' });
    if (this.shown !== null) this.draw(this.shown);
  }

  disconnectedCallback(): void {
    this.observer?.disconnect();
    this.text.removeEventListener('keydown', this.followKey);
    this.text.removeEventListener('mouseover', this.followPointer);
    this.text.removeEventListener('click', this.followClick);
  }

  set picture(next: TokenPicture) {
    const before = this.shown;
    this.shown = next;
    if (!this.isConnected) return;
    if (before?.detail !== next.detail) this.draw(next);
    else if (before.mode !== next.mode) this.repaint(next);
    if (before?.current !== next.current) this.mark(next.current);
  }

  private draw({ detail, mode, current }: TokenPicture): void {
    this.observer?.disconnect();
    this.painted.clear();
    this.values = measures(detail, mode);
    this.blocks = tokenBlocks(detail.tokens);
    this.text.replaceChildren(
      ...this.blocks.map(({ text, lines }, at) => {
        const block = document.createElement('div');
        block.className = 'token-block';
        block.dir = 'auto';
        block.dataset['block'] = String(at);
        block.textContent = text;
        const height = Math.max(lines, Math.ceil(text.length / charsALine)) * lineHeight;
        block.style.containIntrinsicSize = `auto ${height}px`;
        this.observer?.observe(block);
        return block;
      }),
    );
    this.mark(current);
  }

  private repaint({ detail, mode }: TokenPicture): void {
    this.values = measures(detail, mode);
    for (const block of this.painted) this.color(block);
  }

  private readonly paintVisible = (entries: readonly IntersectionObserverEntry[]): void => {
    for (const { target, isIntersecting } of entries) {
      if (isIntersecting && target instanceof HTMLElement) this.paint(target);
    }
  };

  /** Text becomes one span a token. */
  private paint(block: HTMLElement): void {
    const range = this.blocks[Number(block.dataset['block'])];
    if (range === undefined || this.shown === null || this.painted.has(block)) return;
    const spans: HTMLElement[] = [];
    for (let at = range.start; at < range.end; at++) {
      const span = document.createElement('span');
      span.dataset['token'] = String(at);
      span.textContent = drawnText(this.shown.detail.tokens[at]?.text ?? '');
      spans.push(span);
    }
    block.replaceChildren(...spans);
    this.painted.add(block);
    this.color(block);
  }

  private color(block: HTMLElement): void {
    if (this.shown === null) return;
    const { mode, current } = this.shown;
    for (const span of block.children) {
      const at = Number((span as HTMLElement).dataset['token']);
      const value = this.values[at] ?? null;
      const step = colorStep(value, tokenScales[mode], mode);
      const side = !tokenScales[mode].isDiverging ? 'sequential' : step < 0 ? 'negative' : 'positive';
      span.className = `token${step === 0 ? '' : ` ${side} step-${Math.abs(step)}`}${value === null ? ' unknown' : ''}${at === current ? ' current' : ''}`;
    }
  }

  private mark(current: number | null): void {
    this.text.querySelector('.current')?.classList.remove('current');
    const at = current === null ? -1 : this.blocks.findIndex(({ start, end }) => start <= current && current < end);
    const block = this.text.children[at];
    if (!(block instanceof HTMLElement) || current === null) {
      this.line.textContent = 'Point at a token, or go to one with the arrow keys.';
      return;
    }
    this.paint(block);
    const span = block.querySelector<HTMLElement>(`[data-token="${current}"]`);
    span?.classList.add('current');
    span?.scrollIntoView({ block: 'nearest' });
    this.tell(current);
  }

  private tell(at: number): void {
    if (this.shown !== null) this.line.textContent = readout(this.shown.detail, at);
  }

  private readonly followKey = (event: KeyboardEvent): void => {
    if (this.shown === null || event.ctrlKey || event.altKey || event.metaKey) return;
    const next = tokenAfterKey(event.key, this.shown.current, this.shown.detail.tokens.length);
    if (next === null) return;
    event.preventDefault();
    this.onReach(next);
  };

  private readonly followPointer = (event: Event): void => {
    const at = tokenAt(event);
    if (at !== null) this.tell(at);
  };

  private readonly followClick = (event: Event): void => {
    const at = tokenAt(event);
    if (at !== null) this.onReach(at);
  };
}

function tokenAt(event: Event): number | null {
  const token = event.target instanceof HTMLElement ? event.target.dataset['token'] : undefined;
  return token === undefined ? null : Number(token);
}

export function defineTokenText(): void {
  if (customElements.get('token-text') === undefined) customElements.define('token-text', TokenTextElement);
}
