/**
 * `<curve-chart>`: curves on a canvas, with a legend that gives their values under the pointer or the keyboard's cursor. Charts of a page share
 * the cursor and the range.
 */
import uPlot from 'uplot';
import 'uplot/dist/uPlot.min.css';
import './charts.css';
import { placeOfKey } from './axes.ts';
import { ChartLegend } from './chartLegend.ts';
import { formatValue, formatX, indexAt, lastValue, valueAt, valuesInWords, type ChartModel } from './curve.ts';
import { plotDataOf, type Look, type PlotData, type XRange } from './plotData.ts';
import { plotHeight, plotOptions } from './plotOptions.ts';

/** A person drew a range over a chart, or asked for all of it. */
export class ZoomEvent extends Event {
  static readonly type = 'curve-zoom';
  readonly range: XRange;

  constructor(range: XRange) {
    super(ZoomEvent.type, { bubbles: true });
    this.range = range;
  }
}

/** A person hides or shows the curves of an id. */
export class HideEvent extends Event {
  static readonly type = 'curve-hide';
  readonly curveId: string;

  constructor(curveId: string) {
    super(HideEvent.type, { bubbles: true });
    this.curveId = curveId;
  }
}

/** uPlot's, with the parameter that moves the cursor of the other charts too. */
type SetCursor = (place: { readonly left: number; readonly top: number }, isTold: boolean, isShared: boolean) => void;

const everything: Look = { range: null, smoothing: 0, hidden: new Set() };

export class CurveChart extends HTMLElement {
  #model: ChartModel | null = null;
  #look: Look = everything;
  #plot: uPlot | null = null;
  /** What the plot was made for: other curves need another plot, other numbers do not. */
  #shape = '';
  #isUpdateAsked = false;
  /** Charts out of sight are drawn when they come near: a long run has many, and each step changes all. */
  #isNear = false;
  #isStale = false;
  readonly #legend = new ChartLegend((id) => this.dispatchEvent(new HideEvent(id)));
  readonly #place = document.createElement('output');
  readonly #canvas = document.createElement('div');
  readonly #resizes = new ResizeObserver(() => this.#resize());
  readonly #sights = new IntersectionObserver(([entry]) => this.#seen(entry?.isIntersecting === true), { rootMargin: '1200px' });
  /** The editor tells of another theme by the classes of the body. */
  readonly #themes = new MutationObserver(() => this.#plot?.redraw(false, true));

  set model(model: ChartModel) {
    if (model === this.#model) return;
    this.#model = model;
    this.#updateSoon();
  }

  set look(look: Look) {
    if (look === this.#look) return;
    this.#look = look;
    this.#updateSoon();
  }

  connectedCallback(): void {
    this.#place.className = 'place';
    this.#place.setAttribute('aria-hidden', 'true');
    this.#canvas.className = 'plot';
    this.#canvas.tabIndex = 0;
    this.#canvas.setAttribute('role', 'slider');
    const top = document.createElement('div');
    top.className = 'above';
    top.append(this.#legend.element, this.#place);
    this.replaceChildren(top, this.#canvas);
    this.#canvas.addEventListener('keydown', this.#onKey);
    this.#resizes.observe(this);
    this.#sights.observe(this);
    this.#themes.observe(document.body, { attributes: true, attributeFilter: ['class'] });
    this.#updateSoon();
  }

  disconnectedCallback(): void {
    this.#canvas.removeEventListener('keydown', this.#onKey);
    this.#resizes.disconnect();
    this.#sights.disconnect();
    this.#isNear = false;
    this.#themes.disconnect();
    this.#plot?.destroy();
    this.#plot = null;
    this.#shape = '';
  }

  /** Once for all properties that one drawing of the page sets. */
  #updateSoon(): void {
    this.#isStale = true;
    // Words cost nothing: who does not see charts may read one that was never near.
    if (this.#model !== null) {
      this.#describe(this.#model, null);
      this.#legend.show(this.#model.curves, this.#look.hidden);
      this.#showValues(null);
    }
    if (this.#isUpdateAsked || !this.#isNear) return;
    this.#isUpdateAsked = true;
    queueMicrotask(() => {
      this.#isUpdateAsked = false;
      if (this.#model === null || !this.isConnected) return;
      this.#isStale = false;
      this.#update(this.#model);
    });
  }

  #seen(isNear: boolean): void {
    this.#isNear = isNear;
    if (isNear && this.#isStale) this.#updateSoon();
  }

  #update(model: ChartModel): void {
    const drawn = plotDataOf(model, this.#look);
    const shape = shapeOf(model, drawn);
    if (this.#plot === null || shape !== this.#shape) {
      this.#shape = shape;
      this.#plot?.destroy();
      const options = plotOptions(model, drawn, Math.max(120, this.clientWidth), this.#hooks());
      this.#plot = new uPlot(options, drawn.data, this.#canvas);
    } else {
      this.#plot.setData(drawn.data, false);
    }
    const [min, max] = this.#look.range ?? [0, model.xEnd];
    this.#plot.setScale('x', { min, max });
    this.#showValues(null);
  }

  #hooks(): uPlot.Hooks.Arrays {
    return {
      setCursor: [(plot) => this.#showValues(cursorX(plot))],
      setSelect: [
        (plot) => {
          const { left, width } = plot.select;
          if (width < 4) return;
          plot.setSelect({ left: 0, top: 0, width: 0, height: 0 }, false);
          this.dispatchEvent(new ZoomEvent([plot.posToVal(left, 'x'), plot.posToVal(left + width, 'x')]));
        },
      ],
      ready: [(plot) => plot.over.addEventListener('dblclick', () => this.dispatchEvent(new ZoomEvent(null)))],
    };
  }

  /** Values at the cursor, or the newest ones. */
  #showValues(x: number | null): void {
    const model = this.#model;
    if (model === null) return;
    this.#place.textContent = x === null ? '' : formatX(x, model.xAxis);
    this.#legend.tell(model.curves.map((curve) => formatValue(x === null ? lastValue(curve) : valueAt(curve, x), model.format)));
  }

  /** The chart as a slider over its places: what it is, where it stands, the values there. */
  #describe(model: ChartModel, x: number | null): void {
    const at = x ?? model.xEnd;
    const attributes = {
      'aria-label': `${model.title}, by ${model.xAxis}`,
      'aria-valuemin': '0',
      'aria-valuemax': String(model.xEnd),
      'aria-valuenow': String(at),
      'aria-valuetext': `${formatX(at, model.xAxis)}: ${valuesInWords(model, x)}`,
    };
    for (const [name, value] of Object.entries(attributes)) this.#canvas.setAttribute(name, value);
  }

  readonly #onKey = (event: KeyboardEvent): void => {
    const [plot, model] = [this.#plot, this.#model];
    if (plot === null || model === null || event.ctrlKey || event.altKey || event.metaKey) return;
    const xs = plot.data[0];
    if (xs.length === 0) return;
    if (event.key === 'Escape') {
      this.dispatchEvent(new ZoomEvent(null));
      return;
    }
    const now = cursorX(plot);
    const at = now === null ? xs.length - 1 : indexAt(xs as number[], xs as number[], now);
    const next = placeOfKey(event.key, at, xs.length);
    if (next === null) return;
    event.preventDefault();
    const x = xs[next] as number;
    (plot.setCursor as SetCursor)({ left: plot.valToPos(x, 'x'), top: 1 }, true, true);
    this.#describe(model, x);
  };

  #resize(): void {
    const width = Math.max(120, this.clientWidth);
    if (this.#plot !== null && this.#plot.width !== width) this.#plot.setSize({ width, height: plotHeight });
  }
}

export function defineCurveChart(): void {
  if (customElements.get('curve-chart') === undefined) customElements.define('curve-chart', CurveChart);
}

/** Where the cursor of a plot is; null when it is elsewhere. */
function cursorX({ cursor, data }: uPlot): number | null {
  const { idx, left } = cursor;
  return idx === null || idx === undefined || left === undefined || left < 0 ? null : (data[0][idx] ?? null);
}

function shapeOf({ id, xAxis, isStacked, format }: ChartModel, { columns, fills, isLog }: PlotData): string {
  const looks = columns.map(({ curve: { id: curveId, color, dash }, role }) => [curveId, color, dash, role]);
  return JSON.stringify([
    id,
    xAxis,
    isStacked,
    format,
    isLog,
    fills.length,
    looks,
    columns.map(({ curve }) => curve.x.length === 1 || curve.x.length > 40),
  ]);
}
