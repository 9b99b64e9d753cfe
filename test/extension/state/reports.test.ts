/** Reports: everything that was told is in them, and hostile text stays on its line. */
import { describe, expect, it } from 'vitest';
import type { DataPreview } from '../../../backend/protocol/dataViews.ts';
import type { RescoreReport } from '../../../backend/protocol/verdictViews.ts';
import { criticPreviewText } from '../../../extension/state/criticPreviewText.ts';
import { dataPreviewText } from '../../../extension/state/dataPreviewText.ts';
import { rescoreText } from '../../../extension/state/rescoreText.ts';

const hostile = '4 | <img src=x>\n# not a heading';

const preview: DataPreview = {
  problem: null,
  files: [{ path: 'train.parquet', format: 'parquet', bytes: 12_345 }],
  layout: 'verl',
  fields: { prompt: 'prompt', answer: 'reward_model.ground_truth' },
  columns: [{ name: 'prompt', example: 'What is 2 + 2?' }],
  lines: ['4,000 problems read as verl'],
  trainProblems: 3800,
  heldOutProblems: 200,
  levels: [{ level: 'hard', train: 96, heldOut: 100 }],
  examples: [{ id: 'p1', level: 'hard', prompt: [{ role: 'user', content: 'line one\n## line two' }], answer: hostile }],
  brokenRows: { total: 2, first: [{ place: 'train.parquet:7', reason: 'the answer is empty' }] },
  promptTokens: { counted: 10, shortest: 3, median: 5, longest: 9, bars: [{ upTo: 8, count: 9 }] },
  verifiers: [{ name: 'math', tested: 200, missed: 1, examples: [{ problemId: 'p9', answer: hostile, reason: 'no formula' }] }],
  warnings: ['3 held-out problems are trained on too.'],
};

describe('the report on problems', () => {
  const text = dataPreviewText('Problems of a.cgrpo.json', preview);

  it.each([
    '4,000 problems read as verl',
    'reward_model.ground_truth',
    '| hard | 96 | 100 |',
    'train.parquet:7',
    'misses 1 of 200',
    '12,345',
    'median 5',
  ])('says %s', (part) => expect(text).toContain(part));

  it('lets no text of the data become a heading or a cell', () => {
    const lines = text.split('\n');
    expect(lines.filter((line) => line.startsWith('#')).some((line) => /not a heading|line two/.test(line))).toBe(false);
    expect(lines.find((line) => line.includes('no formula'))).toMatch(/\| p9 \| 4 \\\| .* \| no formula \|/);
  });

  it('offers the columns where the layout is unknown', () => {
    const unknown = { ...preview, layout: null, problem: { code: 'dataset.unknownLayout', message: 'No layout fits.', remedy: 'Name columns.' } };
    const asked = dataPreviewText('x', unknown);
    expect(asked).toContain('**No layout fits.** Name columns.');
    expect(asked).toContain('| prompt | What is 2 + 2? |');
  });
});

describe('the report on a run scored again', () => {
  const verdict = { rolloutId: 'r', verifier: 'math', status: 'wrong', reward: 0, extracted: hostile, reason: 'no', cause: 'wrongValue' } as const;
  const report: RescoreReport = {
    id: 'x',
    runId: 'run',
    verifier: 'math',
    createdAt: 0,
    total: 10,
    graded: 9,
    counts: [
      { before: 'wrong', after: 'wrong', count: 8 },
      { before: 'wrong', after: 'right', count: 1 },
    ],
    changed: [
      {
        rolloutId: 'r',
        isRefinement: true,
        step: 3,
        problemId: 'p',
        before: verdict,
        after: { ...verdict, status: 'right', reward: 1, cause: null },
      },
    ],
    groups: [
      {
        groupId: 'g',
        step: 3,
        problemId: 'p',
        before: { kind: 'allWrong', zeroSignal: true, excluded: 0 },
        after: { kind: 'rescued', zeroSignal: false, excluded: 1 },
        advantageChange: 0.5,
      },
    ],
    groupsTotal: 1,
  };

  it('counts what changed and says which groups would have been others', () => {
    const text = rescoreText('demo', report);
    expect(text).toContain('9 of 10 answers were graded. 1 verdict changed; of 1 group, 1 would have been another.');
    expect(text).toContain('p (refinement)');
    expect(text).toContain('| allWrong, no signal | rescued, 1 left out | 0.500 |');
    const unchanged = { ...report, counts: [], changed: [], groups: [], groupsTotal: 40 };
    expect(rescoreText('demo', unchanged)).toContain('No verdict changed; of 40 groups, none would have been others.');
  });
});

describe('the report on a critic', () => {
  it('says who is asked and what', () => {
    const text = criticPreviewText({
      critic: 'chain-of-thought',
      asks: 'judge at http://127.0.0.1:1/v1',
      messages: [{ role: 'user', content: 'Criticize.' }],
      text: null,
      isExample: true,
    });
    expect(text).toMatch(/It asks judge at .*\n.*made up/);
    expect(text).toContain('## user\n\nCriticize.');
  });

  it('spells out what hides in an answer', () => {
    const messages = [{ role: 'user' as const, content: 'It is 4\u202e.\u001b[2J\nSure.' }];
    const text = criticPreviewText({ critic: 'c', asks: 'x', messages, text: null, isExample: false });
    expect(text).toContain('It is 4⟨U+202E⟩.␛[2J\nSure.');
    const examples = [{ ...preview.examples[0]!, prompt: messages }];
    expect(dataPreviewText('x', { ...preview, examples })).toContain('> It is 4⟨U+202E⟩.␛[2J\n> Sure.');
  });
});
