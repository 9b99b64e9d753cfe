/** The charts of a run with others laid over it: plans filled with numbers. */
import type { Evaluation } from '../../backend/protocol/records.ts';
import type { ChartColor, ChartModel, Curve, XAxis } from '../charts/curve.ts';
import { placeOfStep, placesOf } from './axis.ts';
import type { ChartPlan, SectionPlan } from './chartPlan.ts';
import { sectionPlans } from './chartPlans.ts';
import { column, type RunCurves } from './curves.ts';

/** What curves are made of, of one run. */
export interface RunNumbers {
  readonly id: string;
  readonly name: string;
  readonly curves: RunCurves;
  readonly evaluations: readonly Evaluation[];
}

export interface Section {
  readonly id: SectionPlan['id'];
  readonly title: string;
  /** Those that have a number. */
  readonly charts: readonly ChartModel[];
}

/** How the curves of another run look, in every chart. */
export interface OverlayLook {
  readonly color: ChartColor;
  readonly dash: readonly number[];
}

interface Placed extends RunNumbers {
  readonly places: readonly number[];
  readonly xAxis: XAxis;
}

type Overlaid = Placed & { readonly look: OverlayLook };
type Drawing = Omit<ChartModel, 'xEnd'>;

const overlayLooks: readonly OverlayLook[] = [
  { color: 'yellow', dash: [7, 4] },
  { color: 'purple', dash: [7, 4] },
  { color: 'green', dash: [3, 3] },
  { color: 'red', dash: [3, 3] },
  { color: 'orange', dash: [10, 3, 2, 3] },
  { color: 'foreground', dash: [10, 3, 2, 3] },
];
const levelColors: readonly ChartColor[] = ['green', 'yellow', 'red', 'purple', 'orange'];
const phaseColors: readonly ChartColor[] = ['blue', 'green', 'yellow', 'purple', 'red', 'orange'];
/** As they follow each other in a step; others come last. */
const phaseOrder = ['sample', 'grade', 'critique', 'refine', 'forward', 'update'];

/**
 * Looks of the runs that are laid over the page's. A run keeps its look, given by its place in `order` (all runs, oldest first), whichever others
 * are chosen; only when two would look alike, the later one takes the next free look.
 */
export function looksOf(overlays: readonly string[], order: readonly string[]): ReadonlyMap<string, OverlayLook> {
  const looks = new Map<string, OverlayLook>();
  const taken = new Set<number>();
  const place = (id: string): number => Math.max(0, order.indexOf(id));
  for (const id of [...overlays].sort((a, b) => place(a) - place(b))) {
    let at = place(id) % overlayLooks.length;
    for (let tries = 0; taken.has(at) && tries < overlayLooks.length; tries++) at = (at + 1) % overlayLooks.length;
    taken.add(at);
    looks.set(id, overlayLooks[at] as OverlayLook);
  }
  return looks;
}

/** Curves of a run share this id, so that the run is hidden as a whole. */
export function overlayId(runId: string): string {
  return `run:${runId}`;
}

/** `order`: ids of all runs, oldest first; it gives each run its color. */
export function sectionsOf(run: RunNumbers, overlays: readonly RunNumbers[], xAxis: XAxis, order: readonly string[]): readonly Section[] {
  const looks = looksOf(
    overlays.map(({ id }) => id),
    order,
  );
  const own = placed(run, xAxis);
  const others = overlays.map((other): Overlaid => ({ ...placed(other, xAxis), look: looks.get(other.id) as OverlayLook }));
  const xEnd = Math.max(0, ...[own, ...others].map(({ places }) => places.at(-1) ?? 0)) || 1;
  return sectionPlans
    .map(({ id, title, charts }): Section => {
      const planned = charts.map((plan) => plannedChart(plan, own, others));
      const first = id === 'learning' ? [heldOut(own, others)] : [];
      const last = id === 'speed' ? [phases(own, others)] : [];
      return { id, title, charts: [...first, ...planned, ...last].filter(({ curves }) => curves.length > 0).map((chart) => ({ ...chart, xEnd })) };
    })
    .filter(({ charts }) => charts.length > 0);
}

function placed(run: RunNumbers, xAxis: XAxis): Placed {
  return { ...run, xAxis, places: placesOf(run.curves, xAxis) };
}

function plannedChart({ lines, compared, ...plan }: ChartPlan, run: Placed, overlays: readonly Overlaid[]): Drawing {
  const own = lines.map(({ label, color, values }): Curve => ({
    id: `${plan.id}:${label}`,
    label,
    color,
    x: run.places,
    values: values(run.curves),
  }));
  const [first] = lines;
  const others = overlays.map((other) => {
    const values = (compared ?? first)?.values(other.curves) ?? [];
    return overlay(other, other.places, values, compared?.label);
  });
  return { ...plan, xAxis: run.xAxis, curves: [...own, ...others].filter(hasNumbers) };
}

function heldOut(run: Placed, overlays: readonly Overlaid[]): Drawing {
  const evaluations = heldOutOf(run);
  const x = placesOfEvaluations(run, evaluations);
  const levels = [...new Set(evaluations.flatMap(({ byLevel }) => Object.keys(byLevel)))].sort();
  const all: Curve = {
    id: 'heldOut:all',
    label: 'all',
    color: 'blue',
    x,
    values: evaluations.map((evaluation) => evaluation.all.passAt1),
    band: { low: evaluations.map((evaluation) => evaluation.all.interval[0]), high: evaluations.map((evaluation) => evaluation.all.interval[1]) },
    hasDots: true,
  };
  const byLevel = levels.map((level, i): Curve => {
    const values = evaluations.map((evaluation) => evaluation.byLevel[level]?.passAt1 ?? null);
    return { id: `heldOut:${level}`, label: level, color: levelColors[i % levelColors.length] ?? 'green', x, values, hasDots: true };
  });
  const others = overlays.map((other): Curve => {
    const theirs = heldOutOf(other);
    const values = theirs.map((evaluation) => evaluation.all.passAt1);
    return { ...overlay(other, placesOfEvaluations(other, theirs), values), hasDots: true };
  });
  return {
    id: 'heldOut',
    title: 'Held-out pass@1',
    hint: 'Share of right answers on problems that are never trained on; the band is the 95 % Wilson interval.',
    format: 'share',
    xAxis: run.xAxis,
    curves: [all, ...(levels.length > 1 ? byLevel : []), ...others].filter(hasNumbers),
  };
}

function phases({ curves, places, xAxis }: Placed, overlays: readonly Overlaid[]): Drawing {
  const names = phasesOf(curves);
  const own = names.map((name, i): Curve => {
    const label = name.slice('seconds.'.length);
    return { id: `phases:${label}`, label, color: phaseColors[i % phaseColors.length] ?? 'blue', x: places, values: column(curves, name) };
  });
  const others = overlays.map((other) => overlay(other, other.places, secondsOfSteps(other.curves), 'whole step'));
  return {
    id: 'phases',
    title: 'Seconds by phase',
    hint: 'Where the time of a step goes. Dashed: the whole step of another run.',
    format: 'seconds',
    xAxis,
    isStacked: true,
    curves: [...own, ...others].filter(hasNumbers),
  };
}

function phasesOf({ values }: RunCurves): readonly string[] {
  const place = (name: string): number => {
    const at = phaseOrder.indexOf(name.slice('seconds.'.length));
    return at === -1 ? phaseOrder.length : at;
  };
  return Object.keys(values)
    .filter((name) => name.startsWith('seconds.'))
    .sort((a, b) => place(a) - place(b) || (a < b ? -1 : 1));
}

function secondsOfSteps(curves: RunCurves): readonly (number | null)[] {
  const columns = phasesOf(curves).map((name) => column(curves, name));
  return curves.steps.map((_, i) => {
    const known = columns.flatMap((values) => values[i] ?? []);
    return known.length === 0 ? null : known.reduce((sum, seconds) => sum + seconds, 0);
  });
}

/** `of`: which of the run's numbers it is, where that is not what the chart's title says. */
function overlay({ id, name, look }: Overlaid, x: readonly number[], values: Curve['values'], of?: string): Curve {
  return { id: overlayId(id), label: of === undefined ? name : `${name}, ${of}`, ...look, x, values };
}

function heldOutOf({ evaluations }: RunNumbers): readonly Evaluation[] {
  return evaluations.filter(({ set }) => set === 'heldOut');
}

function placesOfEvaluations({ curves, places, xAxis }: Placed, evaluations: readonly Evaluation[]): number[] {
  return evaluations.map(({ step }) => placeOfStep(curves, places, xAxis, step));
}

function hasNumbers({ values }: Curve): boolean {
  return values.some((value) => value !== null);
}
