import { describe, expect, it } from 'vitest';
import type { ChartModel, XAxis } from '../../../webview/charts/curve.ts';
import { evaluationsOf, seriesOf, updatesOf, type RunTraits } from '../../../webview/gallery/runFixtures.ts';
import { placeOfStep, placesOf } from '../../../webview/run/axis.ts';
import { looksOf, overlayId, sectionsOf, type RunNumbers } from '../../../webview/run/catalog.ts';

function numbersOf(traits: RunTraits): RunNumbers {
  return { id: traits.id, name: traits.id, curves: seriesOf(updatesOf(traits)), evaluations: evaluationsOf(traits) };
}

const own = numbersOf({ id: 'a', steps: 100, done: 40 });
const others = [numbersOf({ id: 'b', steps: 100, done: 100, kind: 'grpo' }), numbersOf({ id: 'c', steps: 100, done: 20, seed: 1 })];

function charts(run = own, overlays = others, xAxis: XAxis = 'step'): readonly ChartModel[] {
  return sectionsOf(run, overlays, xAxis, ['a', 'b', 'c']).flatMap((section) => section.charts);
}

function chartOf(id: string, overlays = others): ChartModel {
  const chart = charts(own, overlays).find((each) => each.id === id);
  if (chart === undefined) throw new Error(`There is no chart ${id}.`);
  return chart;
}

describe('the charts of a run', () => {
  it('have numbers, a hint and the same axis each', () => {
    for (const chart of charts(own, others, 'tokens')) {
      expect(chart.curves.length, chart.id).toBeGreaterThan(0);
      expect(chart.hint, chart.id).toMatch(/\.$/);
      expect(chart.xAxis).toBe('tokens');
    }
  });

  it('give another run one color and dash everywhere', () => {
    for (const id of ['b', 'c'].map(overlayId)) {
      const looks = charts().flatMap(({ curves }) =>
        curves.filter((curve) => curve.id === id).map(({ color, dash }) => JSON.stringify([color, dash])),
      );
      expect(looks.length).toBeGreaterThan(5);
      expect(new Set(looks).size).toBe(1);
    }
  });

  it('end at one place, that of the longest run', () => {
    expect(new Set(charts().map(({ xEnd }) => xEnd))).toEqual(new Set([100]));
  });

  it('keep the look of a run when others come and go', () => {
    const order = ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h'];
    const all = looksOf(['b', 'c', 'd'], order);
    expect(looksOf(['c'], order).get('c')).toEqual(all.get('c'));
    const alike = looksOf(['b', 'h'], order);
    expect(alike.get('b')).toEqual(all.get('b'));
    expect(alike.get('h')).not.toEqual(alike.get('b'));
  });

  it('show the held-out score with its interval and by level', () => {
    const heldOut = charts().find(({ id }) => id === 'heldOut');
    expect(heldOut?.curves.map(({ label }) => label)).toEqual(['all', 'easy', 'hard', 'medium', 'b', 'c']);
    const [all] = heldOut?.curves ?? [];
    all?.values.forEach((value, i) => {
      expect(all.band?.low[i]).toBeLessThanOrEqual(value as number);
      expect(all.band?.high[i]).toBeGreaterThanOrEqual(value as number);
    });
  });

  it('stack the kinds of groups to 1', () => {
    const areas = chartOf('groups').curves.filter(({ dash }) => dash === undefined);
    expect(areas).toHaveLength(4);
    own.curves.steps.forEach((_, i) => expect(areas.reduce((sum, { values }) => sum + (values[i] ?? 0), 0)).toBeCloseTo(1));
  });

  it('lay another run over stacked areas as the height that is compared: the groups that teach, the whole time of a step', () => {
    const lineOf = (chart: ChartModel): readonly (number | null)[] => chart.curves.find(({ id }) => id === overlayId('c'))?.values ?? [];
    const { curves } = others[1] as RunNumbers;
    const of = (name: string, i: number): number => curves.values[name]?.[i] ?? 0;
    const taught = lineOf(chartOf('groups'));
    const seconds = lineOf(chartOf('phases'));
    expect([taught.length, seconds.length]).toEqual([20, 20]);
    curves.steps.forEach((_, i) => {
      expect(taught[i]).toBeCloseTo((of('metrics.groupsMixed', i) + of('metrics.groupsRescued', i)) / of('metrics.groups', i));
      const all = Object.keys(curves.values).filter((name) => name.startsWith('seconds.'));
      expect(seconds[i]).toBeCloseTo(all.reduce((sum, name) => sum + of(name, i), 0));
    });
    expect(chartOf('phases').curves.at(-1)?.label).toBe('c, whole step');
  });

  it('show the phases in the order of a step', () => {
    expect(chartOf('phases', []).curves.map(({ label }) => label)).toEqual(['sample', 'critique', 'refine', 'forward', 'update']);
  });

  it.each([
    ['critiqueGrpo', ['criticTokens', 'criticTroubles', 'lossParts', 'origins']],
    ['grpo', []],
    ['dapo', ['filtered', 'overlong']],
    ['luffy', ['lossParts', 'origins']],
    ['sdpo', ['distillationGap']],
    ['sft', ['likelihood']],
  ] as const)('of %s have those of its method alone: %j', (kind, expected) => {
    const ofMethods = [
      'criticCost',
      'criticTokens',
      'criticTroubles',
      'distillationGap',
      'filtered',
      'likelihood',
      'lossParts',
      'origins',
      'overlong',
    ];
    const ids = charts(numbersOf({ id: 'a', steps: 100, done: 90, kind }), []).map(({ id }) => id);
    expect(ids.filter((id) => ofMethods.includes(id)).sort()).toEqual(expected);
  });

  it('have lines for demonstrations beside those of rollouts', () => {
    const luffy = numbersOf({ id: 'a', steps: 100, done: 40, kind: 'luffy' });
    const labels = (id: string): readonly string[] =>
      charts(luffy, [])
        .find((chart) => chart.id === id)
        ?.curves.map(({ label }) => label) ?? [];
    expect(labels('ratio')).toEqual(['rollouts', 'demonstrations', 'demonstration p']);
    expect(labels('lossParts')).toEqual(['rollouts', 'demonstrations']);
    expect(labels('origins')).toEqual(['rollouts', 'demonstrations']);
  });

  it('are none before the first number', () => {
    expect(charts({ id: 'new', name: 'new', curves: { steps: [], values: {} }, evaluations: [] }, [])).toEqual([]);
  });
});

describe('the places of steps', () => {
  const curves = {
    steps: [1, 2, 4],
    values: { tokensSampled: [10, 20, 30], tokensTrained: [1, 1, 1], 'seconds.sample': [60, 30, 30], 'seconds.update': [0, 30, null] },
  };

  it.each([
    ['step', [1, 2, 4]],
    ['tokens', [10, 30, 60]],
    ['minutes', [1, 2, 2.5]],
  ] as const)('by %s are %j', (xAxis, places) => {
    expect(placesOf(curves, xAxis)).toEqual(places);
  });

  it('count trained tokens where none are sampled', () => {
    expect(placesOf({ steps: [1, 2], values: { tokensSampled: [0, 0], tokensTrained: [5, 5] } }, 'tokens')).toEqual([5, 10]);
  });

  it.each([
    [0, 0],
    [1, 10],
    [3, 30],
    [9, 60],
  ])('of step %i in tokens is %i', (step, place) => {
    expect(placeOfStep(curves, placesOf(curves, 'tokens'), 'tokens', step)).toBe(place);
  });
});
