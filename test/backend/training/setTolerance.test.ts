import { describe, expect, it } from 'vitest';
import type { Problem, Verdict } from '../../../backend/protocol/records.ts';
import { withTolerance } from '../../../backend/training/setTolerance.ts';

const wrong = (extracted: string | null, parts: Partial<Verdict> = {}): Verdict => ({
  rolloutId: 'r',
  verifier: 'math',
  status: 'wrong',
  reward: 0,
  extracted,
  reason: '',
  cause: 'wrongValue',
  ...parts,
});
const asked = (answer: string, metadata: Problem['metadata']): Problem => ({
  id: 'p',
  prompt: [{ role: 'user', content: '?' }],
  answer,
  level: 'all',
  metadata,
});

describe('withTolerance', () => {
  it.each([
    ['100', '104', { relativeTolerance: 0.04 }, 'right'],
    ['100', '104.1', { relativeTolerance: 0.04 }, 'wrong'],
    ['-2.5', '\\frac{-5}{2}', { absoluteTolerance: 0.1 }, 'right'],
    ['2.5', '2.65', { absoluteTolerance: 0.1 }, 'wrong'],
    ['2.5', '2.55', {}, 'wrong'],
    ['[1, 10]', '[9.9, 1.01]', { relativeTolerance: 0.04 }, 'right'],
    ['[1, 10]', '[1, 10, 10]', { relativeTolerance: 0.04 }, 'wrong'],
    ['[1, 10]', '1', { relativeTolerance: 0.04 }, 'wrong'],
    ['2', 'x + 2', { relativeTolerance: 0.04 }, 'wrong'],
    ['2', 'about two', { absoluteTolerance: 9 }, 'wrong'],
    ['2', '9e999', { relativeTolerance: 0.04 }, 'wrong'],
    ['2', '1', { relativeTolerance: 'a lot', absoluteTolerance: -1 }, 'wrong'],
  ] as const)('gold %s, answer %s, %o: %s', (gold, answer, metadata, status) => {
    expect(withTolerance(asked(gold, metadata), wrong(answer)).status).toBe(status);
  });

  it('leaves alone what is no wrong number', () => {
    const problem = asked('2', { relativeTolerance: 0.5 });
    const verdicts = [
      wrong(null),
      wrong('2', { cause: 'truncated' }),
      wrong('2', { status: 'failed' }),
      wrong('2', { status: 'right', cause: null }),
    ];
    for (const verdict of verdicts) expect(withTolerance(problem, verdict)).toBe(verdict);
  });
});
