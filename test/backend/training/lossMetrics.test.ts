import { describe, expect, it } from 'vitest';
import { lossMetrics } from '../../../backend/training/lossMetrics.ts';

describe('lossMetrics', () => {
  it('turns sums over a part of the tokens into means over that part', () => {
    const sums = {
      refinementProbability: 0.1,
      refinementShare: 0.25,
      rolloutRatio: 0.75,
      rolloutShare: 0.75,
      refinementLoss: 0.4,
      clipFraction: 0.02,
    };
    expect(lossMetrics(sums)).toEqual({
      refinementProbability: 0.4,
      refinementShare: 0.25,
      rolloutRatio: 1,
      rolloutShare: 0.75,
      refinementLoss: 0.4,
      clipFraction: 0.02,
    });
  });

  it('leaves out means over no tokens, and keeps what has no share', () => {
    expect(lossMetrics({ refinementProbability: 0, refinementShare: 0, refinementLoss: 0 })).toEqual({ refinementShare: 0, refinementLoss: 0 });
    expect(lossMetrics({ rolloutRatio: 1.01, policyLoss: -0.2 })).toEqual({ rolloutRatio: 1.01, policyLoss: -0.2 });
  });
});
