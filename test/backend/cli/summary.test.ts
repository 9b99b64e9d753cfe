import { describe, expect, it } from 'vitest';
import type { SessionResult } from '../../../backend/cli/session.ts';
import { summaryLines, type SummaryOptions } from '../../../backend/cli/summary.ts';
import { columnsOf } from '../../../backend/cli/terminalText.ts';
import type { PersistentFailure } from '../../../backend/protocol/records.ts';
import { config, evaluationAt, header } from './scriptedRun.ts';

const failures = (count: number, step: number): PersistentFailure[] =>
  Array.from({ length: count }, (_, i) => ({
    runId: header.runId,
    step,
    problemId: `train-harder-${String(i).padStart(3, '0')}`,
    level: 'harder',
    attempts: 8,
    causes: { truncated: 1, wrongValue: 7 },
    example: 'Step 1: 14 + 10 = 24. Step 2: 24 x 2 = 48. Answer: 48.',
  }));

const result: SessionResult = {
  ...{ reason: 'finished', step: 160, runId: header.runId, folder: header.folder, seconds: 225.4, peakRssMb: 431 },
  ...{ before: evaluationAt(0), after: evaluationAt(160), failuresBefore: failures(57, 0), failuresAfter: failures(12, 160) },
  ...{ tokensSampled: 385_120, tokensTrained: 341_008, updates: 160 },
};
const options: SummaryOptions = {
  config,
  problemText: (id) => `Tom (${id}) has 14 cards. He finds a score. He triples them. How many?`,
  command: 'npx critique-grpo train --preset demo',
  hasColor: false,
  columns: 80,
};

describe('the summary', () => {
  it('tells before and after, what still fails, what it took and what to try', () => expect(summaryLines(result, options)).toMatchSnapshot());

  it('offers to resume what was interrupted, and claims nothing that was not measured', () => {
    const text = summaryLines({ ...result, reason: 'interrupted', step: 43, after: undefined, failuresAfter: [] }, options).join('\n');
    expect(text).toContain('npx critique-grpo train --preset demo --resume critique-grpo-seed0');
    expect(text).toContain('57 before training; counted again at the end');
    expect(text).toContain('Stopped after step 43');
    expect(text).not.toContain('→');
  });

  it.each([
    [{ ...config, critic: 'verdict' }, '--critic resample'],
    [{ ...config, algorithm: 'grpo' }, '--algorithm critique-grpo'],
    [config, '--steps 320'],
  ])('adapts what to try to the run', (changed, expected) =>
    expect(summaryLines(result, { ...options, config: changed }).join('\n')).toContain(expected),
  );

  it('tells what a model that criticizes has cost', () => {
    const none = { answers: 0, promptTokens: 0, completionTokens: 0, cost: 0 };
    const critic = {
      asked: 41,
      answered: 38,
      attempts: 44,
      promptTokens: 20_000,
      completionTokens: 8120,
      cost: 0.4218,
      cached: 0,
      disagreements: 5,
      fallbacks: 3,
      paid: { training: { answers: 44, promptTokens: 20_000, completionTokens: 8120, cost: 0.4218 }, studies: none },
    };
    const text = (changes: Partial<typeof critic>): string => summaryLines({ ...result, critic: { ...critic, ...changes } }, options).join('\n');
    expect(text({})).toContain('critic  41 asked, 38 answered, 3 replaced; 28,120 tokens, cost 0.422');
    expect(text({ cost: 0, cached: 2, fallbacks: 0 })).toContain('critic  41 asked, 38 answered, 2 from the cache; 28,120 tokens\n');
    const studies = { answers: 3, promptTokens: 2000, completionTokens: 1000, cost: 0.05 };
    expect(text({ paid: { ...critic.paid, studies } })).toContain('\nstudies 3,000 tokens, cost 0.05\n');
    expect(summaryLines(result, options).join('\n')).not.toContain('critic  ');
  });

  it('counts problems that fail only now', () => {
    const text = summaryLines({ ...result, failuresBefore: failures(2, 0).slice(1), failuresAfter: failures(1, 160) }, options).join('\n');
    expect(text).toContain('1 → 1  1 solved now, 1 new');
  });

  it('does without held-out problems and with hostile text', () => {
    const hostile = { ...options, problemText: () => 'x\u001b[2J\u202ey\nz' };
    const text = summaryLines({ ...result, before: undefined, after: undefined }, hostile).join('\n');
    expect(text).toContain('x␛[2J⟨U+202E⟩y z');
    expect(text).toContain('No score was measured.');
  });

  it.each([40, 57, 80, 200])('fits %i columns, paths and commands aside', (columns) => {
    const lines = summaryLines(result, { ...options, hasColor: true, columns }).filter((line) => !/npx|\/data|store\.db/.test(line));
    expect(Math.max(...lines.map(columnsOf))).toBeLessThan(columns);
  });

  it('colors a change only where it leaves the interval', () => {
    const lines = summaryLines(result, { ...options, hasColor: true });
    expect(lines.find((line) => line.includes('  hard '))).toContain('\u001b[32m+56.0');
    expect(lines.find((line) => line.includes('medium'))).not.toContain('\u001b[32m');
  });
});
