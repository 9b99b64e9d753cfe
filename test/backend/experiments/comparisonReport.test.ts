import { describe, expect, it } from 'vitest';
import type { Comparison, VariantResult } from '../../../backend/experiments/comparison.ts';
import { overBudget, readings } from '../../../backend/experiments/comparisonReading.ts';
import { comparisonCurves, comparisonReport, levelsOf, summaryLines, tellingLevel } from '../../../backend/experiments/comparisonReport.ts';
import { fabricated, type Fabricated } from './fabricatedResults.ts';
import { elementsOf } from './xmlElements.ts';

/** Rewards alone never solve hard; critiques do. */
const plain = [0, 0.02, 0.01].map((hard, seed) => fabricated({ algorithm: 'grpo', seed, hard }));
const critiqued = [0.8, 0.7, 0.9].map((hard, seed) => fabricated({ algorithm: 'critique-grpo', seed, hard, trained: 90_000, neverSolved: seed }));
const results = [...plain, ...critiqued];
const comparison: Comparison = { version: 1, commands: ['npx critique-grpo compare --preset demo'], results };
/** Cells of the table row that begins with the label. */
const row = (text: string, label: string): string[] | undefined =>
  text
    .split('\n')
    .map((line) => line.split('|').map((cell) => cell.trim()))
    .find((cells) => cells[1] === label && cells.length > 8);

describe('comparisonReport', () => {
  const report = comparisonReport(comparison);

  it('says how it was made, and where the curves are', () => {
    expect(report).toContain('```sh\nnpx critique-grpo compare --preset demo\n```');
    expect(report).toContain('20 steps of 8 problems');
    expect(report).toContain('(curves.svg)');
  });

  it('has mean and spread of every variant', () => {
    const summary = report.slice(report.indexOf('## After training'));
    expect(row(summary, 'critique-grpo')?.slice(2, -1)).toEqual([
      '3',
      '0.900',
      '0.800 (0.700–0.900)',
      '0.850 (0.800–0.900)',
      '0 of 64',
      '1.0 (0–2) of 96',
      '100k',
      '90k',
      '30',
    ]);
  });

  it('has every run', () => {
    const runs = report.slice(report.indexOf('## Every run'));
    expect(runs.split('\n').filter((line) => /^\| (critique-)?grpo /.test(line))).toHaveLength(results.length);
  });

  it('has as many cells in every row of a table as in its header', () => {
    const tables = report
      .trimEnd()
      .split(/\n\n+/)
      .filter((part) => part.startsWith('|'));
    expect(tables).toHaveLength(3);
    for (const table of tables) expect(new Set(table.split('\n').map((line) => line.split('|').length)).size).toBe(1);
  });

  it('is the same every time and for any order of the seeds', () => {
    const shuffled = [plain[2], plain[0], plain[1], critiqued[1], critiqued[2], critiqued[0]] as VariantResult[];
    expect(comparisonReport({ ...comparison, results: shuffled })).toBe(report);
    expect(comparisonCurves(shuffled)).toBe(comparisonCurves(results));
  });

  it('reports a lone run without comparing it', () => {
    const lone = comparisonReport({ ...comparison, results: [plain[0] as VariantResult] });
    expect(lone).not.toMatch(/NaN|undefined|Infinity|\*\*/);
  });
});

describe('levels', () => {
  it('go from easy to hard by the score before training, and the one that tells most is found', () => {
    expect(levelsOf(results)).toEqual(['easy', 'hard']);
    expect(tellingLevel(results)).toBe('hard');
    expect(tellingLevel([fabricated({ easy: 0.8 }), fabricated({ label: 'b', easy: 0.95 })])).toBe('easy');
  });
});

describe('overBudget', () => {
  const withTokens = (tokens: readonly number[]): VariantResult[] => tokens.map((sampled, i) => fabricated({ label: `v${i}`, sampled }));

  it.each([
    ['equal budgets', [100, 100], []],
    ['within the tolerance', [100, 102], []],
    ['above it', [100, 103, 120], ['v1', 'v2']],
    ['a variant that samples nothing', [0, 100, 101], []],
  ])('%s', (_, tokens, labels) => expect(overBudget(withTokens(tokens))).toEqual(labels));

  it('marks the table and says so', () => {
    const text = summaryLines([fabricated({ hard: 0.1, sampled: 110_000 }), fabricated({ label: 'b', sampled: 100_000 })]).join('\n');
    expect(row(text, 'grpo')).toContain('110k †');
    expect(row(text, 'b')).toContain('100k');
    expect(text).toContain('**grpo** sampled 10.0 % more tokens than **b**');
  });
});

describe('readings', () => {
  const read = (a: readonly Fabricated[], b: readonly Fabricated[]): string =>
    readings([...a.map((one) => fabricated({ label: 'a', ...one })), ...b.map((one) => fabricated({ label: 'b', ...one }))], 'hard').join('\n');

  it('compares seed with seed', () => {
    const text = readings(results, 'hard').join('\n');
    expect(text).toContain('**critique-grpo** against **grpo**: overall it ends 39.5 points above, in every seed (34.0 to 44.5)');
    expect(text).toContain('on *hard* it ends 79.0 points above, in every seed (68.0 to 89.0)');
    expect(text).toContain('1.00× the sampled and 2.25× the trained tokens');
  });

  it('says that critiques make for more training at equal sampled tokens, where they do', () => {
    expect(readings(results, 'hard').join('\n')).toContain('trained on 2.3× the tokens');
    expect(read([{ hard: 0.5, trained: 90_000 }], [{}])).not.toContain('do more training');
  });

  it.each([
    ['not every seed agrees', [{ hard: 0.5 }, { seed: 1, hard: 0.1 }], [{ hard: 0.1 }, { seed: 1, hard: 0.2 }], 'in 1 of 2 seeds (-10.0 to 40.0)'],
    ['a single seed', [{ hard: 0.5 }], [{ hard: 0.1 }], 'on *hard* it ends 40.0 points above (one seed)'],
    ['better overall, worse on the level', [{ easy: 0.99, hard: 0.1 }], [{ easy: 0.7, hard: 0.2 }], 'on *hard* it ends 10.0 points below (one seed)'],
    ['no difference', [{ hard: 0.1 }], [{ hard: 0.1 }], 'overall it ends level; on *hard* it ends level'],
    ['no seed in common', [{ hard: 0.5 }], [{ seed: 1 }], '**a** and **b** have no seed in common'],
    ['nothing sampled', [{ hard: 0.5, sampled: 0 }], [{}], 'It used 1.00× the trained tokens.'],
  ] satisfies [string, Fabricated[], Fabricated[], string][])('%s', (_, a, b, expected) => {
    expect(read(a, b)).toContain(expected);
    expect(read(a, b)).not.toMatch(/NaN|Infinity|undefined/);
  });

  it('says how far chance alone reaches', () => expect(read([{ hard: 0.5 }], [{}])).toContain('up to ±4.0 points overall and ±4.0 on *hard*'));

  it('has nothing to say of one variant', () => expect(readings(plain, 'hard')).toEqual([]));
});

describe('comparisonCurves', () => {
  it('draws every run thin and every mean bold, on the telling level and overall', () => {
    const elements = elementsOf(comparisonCurves(results));
    const paths = elements.filter(({ name }) => name === 'path').map(({ attributes }) => attributes['stroke-width']);
    expect(paths.filter((width) => width === '1')).toHaveLength(2 * results.length);
    expect(paths.filter((width) => width === '3')).toHaveLength(2 * 2);
    const titles = elements.filter(({ attributes }) => attributes['class'] === 'title').map(({ text }) => text);
    expect(titles).toEqual(['Level: hard', 'All held-out problems']);
  });
});
