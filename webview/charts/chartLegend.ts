/** Names of a chart's curves with a value each; a click on a name hides or shows its curves in every chart. */
import { cssColor, type Curve } from './curve.ts';

export class ChartLegend {
  readonly element = document.createElement('ul');
  readonly #onHide: (curveId: string) => void;
  #outputs: readonly HTMLElement[] = [];
  /** What the items were made for. */
  #made = '';

  constructor(onHide: (curveId: string) => void) {
    this.#onHide = onHide;
    this.element.className = 'legend';
  }

  show(curves: readonly Curve[], hidden: ReadonlySet<string>): void {
    const made = JSON.stringify(curves.map(({ id, label, color, dash }) => [id, label, color, dash]));
    if (made !== this.#made) {
      this.#made = made;
      const outputs = curves.map(() => document.createElement('b'));
      this.#outputs = outputs;
      this.element.replaceChildren(...curves.map((curve, i) => this.#item(curve, outputs[i] as HTMLElement)));
    }
    curves.forEach(({ id }, i) => this.element.children[i]?.firstElementChild?.setAttribute('aria-pressed', String(!hidden.has(id))));
  }

  /** One text a curve. */
  tell(values: readonly string[]): void {
    this.#outputs.forEach((output, i) => (output.textContent = values[i] ?? ''));
  }

  #item({ id, label, color, dash }: Curve, output: HTMLElement): HTMLElement {
    const button = document.createElement('button');
    const swatch = document.createElement('span');
    const name = document.createElement('span');
    swatch.className = dash === undefined ? 'swatch' : 'swatch dashed';
    swatch.style.borderColor = cssColor(color);
    name.className = 'name';
    name.dir = 'auto';
    name.textContent = label;
    button.type = 'button';
    button.title = `${label}: click to hide or show`;
    button.append(swatch, name, output);
    button.addEventListener('click', () => this.#onHide(id));
    const item = document.createElement('li');
    item.append(button);
    return item;
  }
}
