/** Tables of reports: forms that other programs read, and numbers that are what they say. */
import { parse } from 'csv-parse/sync';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { axisTable, cellsTable, rescueTable } from '../../../backend/experiments/ablation.ts';
import { judgedScore } from '../../../backend/protocol/runMeasures.ts';
import { resultsCsv, resultsLatex, resultsMarkdown, resultsTable } from '../../../backend/experiments/benchmarkTable.ts';
import { figuresOf } from '../../../backend/experiments/figures.ts';
import { csvTable, latexTable, markdownTable, meanText } from '../../../backend/experiments/reportTable.ts';
import type { BenchmarkScores, CellResult, SeedResult } from '../../../backend/protocol/experimentViews.ts';
import { elementsOf } from './xmlElements.ts';

function scores(set: string, value: number, parts: Partial<BenchmarkScores> = {}): BenchmarkScores {
  return {
    set,
    title: set.toUpperCase(),
    problems: 10,
    published: 10,
    greedy: { value, interval: [value - 0.1, value + 0.1] },
    sampled: null,
    byLevel: {},
    failed: 0,
    truncated: 1,
    tokensSampled: 100,
    ...parts,
  };
}

function seed(number: number, after: number, parts: Partial<SeedResult> = {}): SeedResult {
  return {
    seed: number,
    runId: `run-${number}`,
    before: 0.2,
    after,
    best: after,
    byLevel: { easy: after },
    failures: { attempts: 4, before: 10, after: 5, problems: 20 },
    funnel: [],
    tokens: { sampled: 1000, trained: 500 },
    critiqueTokens: null,
    curve: [
      { step: 0, passAt1: 0.2 },
      { step: 10, passAt1: after },
    ],
    dynamics: {
      entropy: [
        [1, 0.5],
        [2, 0.25],
      ],
    },
    benchmarks: [],
    rescue: null,
    ...parts,
  };
}

const cell = (values: Record<string, string>, ...seeds: SeedResult[]): CellResult => ({ label: Object.values(values).join(' · '), values, seeds });

describe('forms', () => {
  it('CSV is read back as it was, and no cell is a formula', () => {
    const text = fc.string({ unit: fc.constantFrom('a', '"', ',', '\n', '=', '-', '1', ' ') });
    fc.assert(
      fc.property(fc.array(fc.tuple(text, text), { minLength: 1, maxLength: 5 }), (rows) => {
        const read = parse(csvTable({ header: ['x', 'y'], rows })) as string[][];
        const plain = read.slice(1).map((cells) => cells.map((value) => value.replace(/^'/, '')));
        expect(plain).toEqual(rows);
        for (const value of read.slice(1).flat()) if (/^[=+@-]/.test(value)) expect(Number.isFinite(Number(value))).toBe(true);
      }),
    );
  });

  it('LaTeX and Markdown take any text for text', () => {
    const rows = [
      ['a_b & 50 % \\ {x} #1 $y$ ~ ^', '1 ± 2'],
      ['x | y\nz', '−1'],
    ];
    const latex = latexTable({ header: ['γ', 'n:k'], rows, textColumns: 1 }, (row) => row === 1);
    expect(latex).toContain('a\\_b \\& 50 \\% \\textbackslash{} \\{x\\} \\#1 \\$y\\$ \\textasciitilde{} \\textasciicircum{} & 1 $\\pm$ 2 \\\\');
    expect(latex).toContain('\\textbf{x | y z} & \\textbf{$-$1} \\\\');
    expect(latex.split('\n')[0]).toBe('\\begin{tabular}{lr}');
    expect(markdownTable(['a', 'b'], rows, 1).split('\n')[3]).toBe('| x \\| y z | −1 |');
  });

  it('gives a spread where there is one', () => {
    expect([meanText([], 1), meanText([0.5], 1), meanText([1, 2, 3], 2)]).toEqual(['–', '0.5', '2.00 ± 1.00']);
  });
});

describe('results table', () => {
  const methods = [
    { label: 'base', seeds: [[scores('a', 0.5), scores('b', 0.1)]] },
    {
      label: 'trained',
      seeds: [
        [scores('a', 0.6), scores('b', 0.3)],
        [scores('a', 0.8), scores('b', 0.3)],
      ],
    },
  ];

  it('has a row a method, a column a set, and the average of the sets', () => {
    expect(resultsTable(methods)).toEqual({
      header: ['method', 'A', 'B', 'Avg'],
      rows: [
        ['base', '50.0', '10.0', '30.0'],
        ['trained', '70.0 ± 14.1', '30.0 ± 0.0', '50.0 ± 7.1'],
      ],
      textColumns: 1,
    });
    expect(resultsLatex(methods)).toContain('trained & \\textbf{70.0 $\\pm$ 14.1} & \\textbf{30.0 $\\pm$ 0.0} & \\textbf{50.0 $\\pm$ 7.1}');
  });

  it('averages only what has every set', () => {
    const partial = [...methods, { label: 'partial', seeds: [[scores('a', 0.9)]] }];
    expect(resultsTable(partial).rows[2]).toEqual(['partial', '90.0', '–', '–']);
  });

  it('gives avg@k where nothing was asked greedily, and every metric with its interval in the CSV', () => {
    const half = { value: 0.5, interval: [0.25, 0.75] } as const;
    const sampled = { samples: 4, avg: half, passAtK: { '1': half, '4': half }, majAtK: { '1': half, '4': half }, neverSolved: 2 };
    const own = [{ label: 'm', seeds: [[scores('a', 0, { greedy: null, sampled, published: 30 })]] }];
    expect(resultsTable(own).rows).toEqual([['m', '50.0', '50.0']]);
    expect(resultsCsv(own).split('\r\n')[1]).toBe('m,a,avg@k,4,1,0.500000,0.250000,0.750000,10,30,0,1');
    const markdown = resultsMarkdown(own);
    expect(markdown).toContain('avg@4, in percent.');
    expect(markdown).toContain('A 10 of 30');
    expect(markdown).toContain('| m | A | maj@4 | 50.0 | 25.0–75.0 | 0 | 1 |');
  });
});

describe('ablation', () => {
  const cells = [
    cell({ g: '0.1', n: '4' }, seed(0, 0.5), seed(1, 0.7)),
    cell({ g: '0.1', n: '8' }, seed(0, 0.6)),
    cell({ g: 'none', n: '4' }, seed(0, 0.4), seed(1, 0.5)),
    cell({ g: 'none', n: '8' }),
  ];

  it('pairs runs that are alike but for the axis, seed by seed', () => {
    const { rows } = axisTable(cells, { name: 'g', values: ['0.1', 'none'] });
    expect(rows.map((row) => row.slice(0, 4))).toEqual([
      ['0.1', '3', '60.0 ± 10.0', '–'],
      // −10 and −20 points; the cell without seeds has no pair.
      ['none', '2', '45.0 ± 7.1', '−15.0 ± 7.1'],
    ]);
  });

  it('judges by the evaluation sets where there are some', () => {
    const scored = [cell({}, seed(0, 0.9, { benchmarks: [scores('a', 0.2), scores('b', 0.4)] }), seed(1, 0.9, { benchmarks: [scores('a', 0.2)] }))];
    const score = judgedScore(scored.flatMap(({ seeds }) => seeds));
    expect(scored[0]?.seeds.map(score)).toEqual([expect.closeTo(0.3, 12), null]);
  });

  it('shows every cell, those without a run too', () => {
    expect(cellsTable(cells).rows.map((row) => row.slice(0, 4))).toEqual([
      ['0.1 · 4', '2', '20.0 ± 0.0', '60.0 ± 14.1'],
      ['0.1 · 8', '1', '20.0', '60.0'],
      ['none · 4', '2', '20.0 ± 0.0', '45.0 ± 7.1'],
      ['none · 8', '0', '–', '–'],
    ]);
  });

  it('shows what critics rescue as shares of what they were asked about', () => {
    const critics = [{ critic: 'self', wrong: 40, valid: 20, refined: 20, right: 5, questions: 10, rescued: 4, criticTokens: 9 }];
    const rescue = { attempts: 4, problems: 100, persistent: 10, critics };
    expect(rescueTable([cell({ a: 'x' }, seed(0, 1, { rescue }))])).toMatchObject({
      header: ['cell', 'critic', 'pass@4 = 0, %', 'wrong answers', 'valid critiques %', 'valid refinements %', 'questions rescued %'],
      rows: [['x', 'self', '10.0', '40', '50.0', '25.0', '40.0']],
    });
  });
});

describe('figures', () => {
  it('are whole SVG documents, one line a cell, and have one over every axis of numbers', () => {
    const cells = ['1000', '2000', '4000'].map((limit, i) => cell({ 'data.limit': limit }, seed(0, 0.4 + 0.1 * i), seed(1, 0.5)));
    const figures = figuresOf(cells, [
      { name: 'data.limit', values: ['1000', '2000', '4000'] },
      { name: 'critic', values: ['self', 'verdict'] },
    ]);
    expect(figures.map(({ name, title }) => [name, title])).toEqual([
      ['curves', 'Held-out pass@1 over steps'],
      ['dynamics', 'Entropy and length over steps'],
      ['by-data-limit', 'Score by training problems'],
    ]);
    for (const { svg } of figures) expect(elementsOf(svg).length).toBeGreaterThan(5);
    expect(figures[0]?.svg.match(/stroke-width="3"[^/]*stroke="/g)?.length).toBeGreaterThanOrEqual(3);
  });

  it('show the funnel of each kind of critique, what critics rescue, and pass@k, where there are any', () => {
    const kind = {
      wrong: 10,
      critiqued: 8,
      refinedRight: 4,
      questions: 5,
      rescued: 1,
      validCritiques: null,
      validRefinements: 0.5,
      rescuedQuestions: 0.2,
    };
    const critics = [{ critic: 'self <b>', wrong: 40, valid: 20, refined: 20, right: 5, questions: 10, rescued: 4, criticTokens: 9 }];
    const at = (value: number) => ({ value, interval: [0, 1] as const });
    const sampled = { samples: 4, avg: at(0.2), passAtK: { '1': at(0.2), '2': at(0.3), '4': at(0.4) }, majAtK: {}, neverSolved: 2 };
    const parts = {
      funnel: [{ ...kind, kind: 'verdict' as const }],
      rescue: { attempts: 4, problems: 100, persistent: 10, critics },
      benchmarks: [scores('a', 0.2, { sampled })],
    };
    const figures = figuresOf([cell({ a: 'x' }, seed(0, 0.5, parts)), cell({ a: 'y' }, seed(0, 0.5, parts))], []);
    expect(figures.map(({ name }) => name)).toEqual(['curves', 'dynamics', 'pass-at-k', 'funnel', 'rescue']);
    const [funnel, rescue] = figures.slice(-2).map(({ svg }) => svg) as [string, string];
    expect(elementsOf(funnel).length).toBeGreaterThan(5);
    expect([funnel.match(/>50\.0 %</g)?.length, funnel.match(/>20\.0 %</g)?.length]).toEqual([2, 2]);
    expect(rescue).toContain('x · self &lt;b&gt;');
    expect(rescue).toContain('>40.0 %<');
  });

  it('are none without a run', () => expect(figuresOf([cell({})], [])).toEqual([]));
});
