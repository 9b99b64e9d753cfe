/** The border between the two sides: moved with the pointer or the arrow keys. */
import { html, type TemplateResult } from 'lit';

const least = 25;
const most = 75;
const keyStep = 2;

export function splitterView(): TemplateResult {
  return html`<div
    id="splitter"
    class="splitter"
    role="separator"
    tabindex="0"
    aria-orientation="vertical"
    aria-label="Width of the list"
    aria-valuenow="46"
    aria-valuemin=${least}
    aria-valuemax=${most}
    @pointerdown=${startDrag}
    @keydown=${moveByKey}
  ></div>`;
}

function startDrag(event: PointerEvent): void {
  const splitter = event.currentTarget as HTMLElement;
  const page = splitter.parentElement;
  if (page === null) return;
  event.preventDefault();
  splitter.setPointerCapture(event.pointerId);
  const follow = ({ clientX }: PointerEvent): void => {
    const { left, width } = page.getBoundingClientRect();
    setShare(splitter, ((clientX - left) / width) * 100);
  };
  splitter.addEventListener('pointermove', follow);
  splitter.addEventListener('lostpointercapture', () => splitter.removeEventListener('pointermove', follow), { once: true });
}

function moveByKey(event: KeyboardEvent): void {
  const direction = event.key === 'ArrowLeft' ? -1 : event.key === 'ArrowRight' ? 1 : 0;
  if (direction === 0) return;
  event.preventDefault();
  const splitter = event.currentTarget as HTMLElement;
  setShare(splitter, Number(splitter.getAttribute('aria-valuenow')) + direction * keyStep);
}

function setShare(splitter: HTMLElement, percent: number): void {
  const share = Math.round(Math.min(most, Math.max(least, percent)));
  splitter.setAttribute('aria-valuenow', String(share));
  splitter.parentElement?.style.setProperty('--list-share', `${share}%`);
}
