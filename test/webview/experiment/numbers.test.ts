/** Tables and charts of an experiment as data, against numbers by hand. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { CellResult, SeedResult } from '../../../backend/protocol/experimentViews.ts';
import { axesOf, axisRows } from '../../../webview/experiment/ablation.ts';
import { byCell, chartsOf, lineChoices, linesOf, usualLines } from '../../../webview/experiment/curves.ts';
import { rescueFunnel, trainingFunnel } from '../../../webview/experiment/funnel.ts';
import { gridRows, shareDone, shownState } from '../../../webview/experiment/grid.ts';
import { ablationMeasures, mainMeasure, statsText, tableMeasures, type Measure } from '../../../webview/experiment/measures.ts';
import { plateauOf } from '../../../webview/experiment/plateau.ts';
import { nextSort, resultsTable } from '../../../webview/experiment/results.ts';
import { niceScale, scaleAround } from '../../../webview/experiment/scale.ts';
import { cellsOf, detailOf, type ExperimentTraits } from '../../../webview/gallery/experimentFixtures.ts';

const run: SeedResult = {
  seed: 0,
  runId: 'r',
  before: 0.1,
  after: 0.5,
  best: 0.6,
  byLevel: { easy: 0.8 },
  failures: { attempts: 4, before: 30, after: 12, problems: 60 },
  funnel: [],
  tokens: { sampled: 1000, trained: 800 },
  critiqueTokens: null,
  curve: [],
  dynamics: {},
  benchmarks: [],
  rescue: null,
};

function cell(values: Readonly<Record<string, string>>, after: readonly (number | null)[], more: Partial<SeedResult> = {}): CellResult {
  return { label: Object.values(values).join(' · '), values, seeds: after.map((score, seed) => ({ ...run, ...more, seed, after: score })) };
}

const afterOf: Measure = { id: 'after', title: 'After', name: 'After', hint: '', format: 'share', better: 'more', of: ({ after }) => after };

describe('measures', () => {
  it('are those that the runs have', () => {
    expect(tableMeasures([cell({ a: '1' }, [0.5])]).map(({ id }) => id)).toEqual([
      ...['before', 'after', 'level:easy', 'failuresBefore', 'failuresAfter', 'tokensSampled', 'tokensTrained'],
    ]);
    expect(tableMeasures([])).toEqual([]);
  });

  it('have the average of the evaluation sets first in ablations, of the runs that have all', () => {
    const traits: ExperimentTraits = { id: 'e', cells: [{ label: 'a', values: {}, gain: 1 }], seeds: [0], steps: 10, done: 1, sets: ['x', 'y'] };
    const [scored] = cellsOf(traits)[0]?.seeds ?? [];
    const cells = [{ label: 'a', values: {}, seeds: [scored as SeedResult, run] }];
    const [main, ...others] = ablationMeasures(cells);
    expect(main?.id).toBe('sets');
    expect(others.map(({ id }) => id)).not.toContain('sets');
    const [x, y] = (scored as SeedResult).benchmarks.map(({ greedy }) => greedy?.value ?? 0) as [number, number];
    expect(main?.of(scored as SeedResult)).toBeCloseTo((x + y) / 2, 12);
    expect(main?.of(run)).toBeNull();
    expect(mainMeasure(tableMeasures([cell({}, [0.5])]))?.id).toBe('after');
  });

  it.each([
    [[0.4, 0.5], 'share', '45.0 ± 7.1 %'],
    [[0.4], 'share', '40.0 %'],
    [[1000, 3000], 'count', '2,000 ± 1,414'],
    [[], 'share', '–'],
  ] as const)('%j as a %s reads %s', (values, format, text) => {
    const stats = resultsTable([cell({}, values)], [afterOf], null).rows[0]?.stats[0] ?? null;
    expect(statsText(stats, format)).toBe(text);
  });
});

describe('the results table', () => {
  const cells = [cell({ a: 'b10' }, [0.4, 0.6]), cell({ a: 'b9' }, [0.7]), cell({ a: 'none' }, []), cell({ a: 'b1' }, [null])];
  const labels = (column: string, isDescending: boolean): string[] =>
    resultsTable(cells, [afterOf], { column, isDescending }).rows.map(({ label }) => label);

  it('has a row for each cell with a finished run, in the order of the grid', () => {
    const { rows, best } = resultsTable(cells, [afterOf], null);
    expect(rows.map(({ label, runs }) => [label, runs])).toEqual([
      ['b10', 2],
      ['b9', 1],
      ['b1', 1],
    ]);
    expect(rows[0]?.stats[0]?.mean).toBeCloseTo(0.5, 12);
    expect(rows[0]?.stats[0]?.spread).toBeCloseTo(Math.SQRT2 / 10, 12);
    expect(best).toEqual([0.7]);
  });

  it('sorts by any column; what has no number stays last', () => {
    expect(labels('after', true)).toEqual(['b9', 'b10', 'b1']);
    expect(labels('after', false)).toEqual(['b10', 'b9', 'b1']);
    expect(labels('cell', false)).toEqual(['b1', 'b9', 'b10']);
    expect(labels('gone', false)).toEqual(['b10', 'b9', 'b1']);
  });

  it('leads from the better end to the other and back to the grid', () => {
    const first = nextSort(null, 'after', 'more');
    expect(first).toEqual({ column: 'after', isDescending: true });
    expect(nextSort(first, 'after', 'more')).toEqual({ column: 'after', isDescending: false });
    expect(nextSort(nextSort(first, 'after', 'more'), 'after', 'more')).toBeNull();
    expect(nextSort(first, 'failuresAfter', 'less')).toEqual({ column: 'failuresAfter', isDescending: false });
  });
});

describe('an ablation', () => {
  const cells = [
    cell({ gamma: '0.1', critic: 'self' }, [0.2, 0.4]),
    cell({ gamma: '0.1', critic: 'verdict' }, [0.5, null]),
    cell({ gamma: 'none', critic: 'self' }, [0.3, 0.6]),
    cell({ gamma: 'none', critic: 'verdict' }, [0.4, 0.9]),
  ];
  const [gamma] = axesOf(cells);

  it('knows the axes along which cells differ', () => {
    expect(axesOf(cells)).toEqual([
      { name: 'gamma', title: 'gamma', values: ['0.1', 'none'] },
      { name: 'critic', title: 'critic', values: ['self', 'verdict'] },
    ]);
    expect(axesOf([cell({ 'switches.shapingGamma': '1' }, []), cell({ 'switches.shapingGamma': '2' }, [])])[0]?.title).toBe('γ');
    expect(axesOf(cells.slice(0, 1))).toEqual([]);
  });

  it('compares runs that are alike but for the axis, seed by seed', () => {
    const [first, second] = axisRows(cells, gamma ?? { name: '', title: '', values: [] }, afterOf);
    expect(first).toMatchObject({ value: '0.1', difference: null });
    expect(first?.stats?.values).toEqual([0.2, 0.4, 0.5]);
    // The verdict's second seed has no rival.
    expect(second?.difference?.values.map((value) => Number(value.toFixed(6)))).toEqual([0.1, 0.2, -0.1]);
  });

  it('has a scale of round numbers around everything', () => {
    expect(niceScale(0.31, 0.72)).toEqual({ ticks: [0.3, 0.4, 0.5, 0.6, 0.7, 0.8], from: 0.3, to: 0.8 });
    const finite = fc.double({ min: -1e6, max: 1e6, noNaN: true });
    fc.assert(
      fc.property(finite, finite, (a, b) => {
        const [low, high] = [Math.min(a, b), Math.max(a, b)];
        const { ticks, from, to } = niceScale(low, high);
        const slack = 1e-6 * Math.max(Math.abs(low), Math.abs(high), to - from);
        expect(from).toBeLessThanOrEqual(low + slack);
        expect(to).toBeGreaterThanOrEqual(high - slack);
        expect(ticks.length).toBeLessThanOrEqual(8);
        expect(ticks.length).toBeGreaterThanOrEqual(2);
      }),
    );
    expect(scaleAround([])).toMatchObject({ from: 0, to: 1 });
  });

  it('over numbers is a line for each value of another axis', () => {
    const sizes = ['64', '1024', 'none'].flatMap((size, i) =>
      ['self', 'verdict'].map((critic, j) => cell({ 'data.limit': size, critic }, [0.1 * (i + 1) + 0.05 * j])),
    );
    const [limit] = axesOf(sizes);
    const plateau = plateauOf(sizes, limit as NonNullable<typeof limit>, afterOf, null);
    expect(plateau?.isLog).toBe(false);
    expect(plateau?.x).toEqual([64, 1024]);
    expect(plateau?.lines.map(({ label, points }) => [label, points.map((stats) => Number(stats?.mean.toFixed(6)))])).toEqual([
      ['self', [0.1, 0.2]],
      ['verdict', [0.15, 0.25]],
    ]);
    expect(plateauOf(sizes, limit as NonNullable<typeof limit>, afterOf, 'together')?.lines).toHaveLength(1);
    expect(plateauOf(cells, gamma as NonNullable<typeof gamma>, afterOf, null)).toBeNull();
  });
});

describe('curves', () => {
  const curve = (...scores: number[]): Partial<SeedResult> => ({ curve: scores.map((passAt1, i) => ({ step: 10 * i, passAt1 })) });
  const cells = [
    {
      label: 'a',
      values: { x: '1' },
      seeds: [
        { ...run, ...curve(0.1, 0.3, 0.5) },
        { ...run, seed: 1, ...curve(0.3, 0.5) },
      ],
    },
    { label: 'b', values: { x: '2' }, seeds: [{ ...run, ...curve(0.2, 0.9) }] },
  ];

  it('are the mean of the runs with their spread, where all of them have a point', () => {
    const [chart] = chartsOf(linesOf(cells, byCell).groups);
    const [a, b] = chart?.curves ?? [];
    expect(chart).toMatchObject({ id: 'heldOut', xEnd: 20 });
    expect([a?.x, a?.values.map((value) => Number(value?.toFixed(6)))]).toEqual([
      [0, 10],
      [0.2, 0.4],
    ]);
    expect(a?.band?.low[0]).toBeCloseTo(0.2 - Math.SQRT2 / 10, 12);
    expect(b?.band).toBeUndefined();
  });

  it('are one a cell for few cells, and by an axis for many', () => {
    const many = Array.from({ length: 20 }, (_, i) => cell({ x: String(i % 2), y: String(i) }, [i / 20]));
    expect(usualLines(cells)).toBe(byCell);
    expect(usualLines(many)).toBe('x');
    expect(linesOf(many, 'x').groups.map(({ runs }) => runs.length)).toEqual([10, 10]);
    expect(lineChoices(many).map(({ title }) => title)).toEqual(['Cell', 'x', 'y']);
    const { groups, left } = linesOf(many, 'y');
    expect([groups.length, left, groups[0]?.label]).toEqual([12, 8, '8']);
  });
});

describe('a funnel', () => {
  const shares = { kind: 'stepLevel', critiqued: 80, questions: 10, validCritiques: 1, rescuedQuestions: 0.5 } as const;
  const own = (wrong: number, right: number): SeedResult['funnel'] => [
    { ...shares, wrong, refinedRight: right, rescued: 5, validRefinements: right / 80 },
  ];
  const cells = [cell({ a: '1' }, [0.1], { funnel: own(100, 40) }), cell({ a: '2' }, [0.1, 0.2], { funnel: own(90, 60) }), cell({ a: '3' }, [0.1])];

  it('has the mean share of the runs, and their counts together', () => {
    const [row, ...others] = trainingFunnel(cells, 'together');
    expect(others).toEqual([]);
    expect(row).toMatchObject({ cell: null, critique: 'step-level', wrong: 280, right: 160, questions: 30, rescued: 15 });
    expect(row?.stages[1]?.mean).toBeCloseTo((0.5 + 0.75 + 0.75) / 3, 12);
  });

  it('can be had of each cell', () => {
    expect(trainingFunnel(cells, 'cells').map(({ cell: label, wrong }) => [label, wrong])).toEqual([
      ['1', 100],
      ['2', 180],
    ]);
  });

  it('is there for the problems that training left unsolved too', () => {
    const critic = { critic: 'self', wrong: 20, valid: 10, refined: 10, right: 4, questions: 5, rescued: 2, criticTokens: 0 };
    const rescued = cell({ a: '1' }, [0.1], {
      rescue: { attempts: 4, problems: 50, persistent: 5, critics: [critic, { ...critic, critic: 'x', wrong: 0, valid: 0 }] },
    });
    const rows = rescueFunnel([rescued], 'together');
    expect(rows.map(({ critique, stages }) => [critique, ...stages.map((stats) => stats?.mean ?? null)])).toEqual([
      ['self', 0.5, 0.4, 0.4],
      ['x', null, null, 0.4],
    ]);
  });
});

describe('the grid', () => {
  const traits: ExperimentTraits = {
    ...{ id: 'e', seeds: [3, 5], steps: 10, done: 2, isRunning: true, sets: ['x'] },
    cells: ['a', 'b'].map((label) => ({ label, values: { label }, gain: 0.5 })),
  };
  const detail = detailOf(traits);

  it('has a row a cell and a column a seed', () => {
    expect(gridRows(detail).map(({ cell: label, runs }) => [label, runs.map((one) => one?.state)])).toEqual([
      ['a', ['finished', 'running']],
      ['b', ['finished', 'waiting']],
    ]);
  });

  it('counts steps and evaluation sets as work', () => {
    expect(shareDone(detail.runs)).toBeCloseTo((1 + 1 + 4 / 11 + 0) / 4, 12);
    expect(shareDone([])).toBe(0);
  });

  it('tells a run that is being scored from one that is paused', () => {
    const trained = { cell: 'a', seed: 0, state: 'paused', runId: 'r', step: 10, steps: 10, setsDone: 0, sets: 1, error: null } as const;
    expect(shownState(trained, true)).toBe('scoring');
    expect(shownState(trained, false)).toBe('paused');
    expect(shownState({ ...trained, step: 4 }, true)).toBe('paused');
  });
});
