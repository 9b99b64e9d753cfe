/** A failed rollout of the demonstration's kind, to be varied by tests. */
import type { Critique, Refinement, Verdict } from '../../../backend/protocol/records.ts';
import type { CritiqueRevisionView, JudgedRefinement, Trial } from '../../../backend/protocol/views.ts';
import type { Failure } from '../../../extension/critiques/failure.ts';

export const wrong: Verdict = {
  rolloutId: 'r1',
  verifier: 'exact',
  status: 'wrong',
  reward: 0,
  extracted: '24',
  reason: '24 is not 26',
  cause: 'wrongValue',
};

export const failure: Failure = {
  attempt: {
    rollout: {
      id: 'r1',
      runId: 'run-1',
      step: 41,
      problemId: 'train-hard-012',
      index: 2,
      policyVersion: 40,
      seed: 7,
      promptTokens: [1],
      tokens: [1, 2, 3],
      behaviorLogprobs: [-1, -1, -1],
      completion: 'Step 1: 30 + 5 = 35. Step 2: 35 - 11 = 24. Answer: 24.',
      finish: 'stop',
    },
    verdict: wrong,
    critiques: [],
    refinements: [],
    audits: [],
    calls: [],
  },
  problem: {
    id: 'train-hard-012',
    prompt: [{ role: 'user', content: 'Ana has 30 beads. She gets 5. She loses 9. How many?' }],
    answer: '26',
    level: 'hard',
  },
  history: [],
};

export function critique(fields: Partial<Critique> = {}): Critique {
  const base: Critique = {
    id: 'r1/c1',
    runId: 'run-1',
    rolloutId: 'r1',
    kind: 'stepLevel',
    author: 'step-level',
    text: 'Step 2 is wrong: it should be - 9, not - 11.',
    revision: 1,
    supersedes: null,
    createdAt: Date.UTC(2026, 0, 2, 3, 4),
  };
  return { ...base, ...fields };
}

export function refinement(id: string, completion: string, status: Verdict['status'], critiqueId = 'r1/c1'): JudgedRefinement {
  const { rollout } = failure.attempt;
  const sampled: Refinement = { ...rollout, id, completion, critiqueId, rolloutId: 'r1', problemLogprobs: null, policyVersion: 57 };
  const isRight = status === 'right';
  return {
    refinement: sampled,
    verdict: { ...wrong, rolloutId: id, status, reason: isRight ? '26 is 26' : '24 is not 26', cause: isRight ? null : 'wrongValue' },
  };
}

export function trial(refinements: readonly JudgedRefinement[], fields: Partial<Trial> = {}): Trial {
  const right = refinements.filter(({ verdict }) => verdict?.status === 'right').length;
  return {
    id: 't1',
    runId: 'run-1',
    critiqueId: 'r1/c1',
    rolloutId: 'r1',
    problemId: 'train-hard-012',
    policyVersion: 57,
    createdAt: Date.UTC(2026, 0, 2, 3, 5),
    refinements,
    success: { right, total: refinements.length, interval: [0.1369, 0.6943] },
    ...fields,
  };
}

export function revision(view: Partial<CritiqueRevisionView> = {}): CritiqueRevisionView {
  return { critique: critique(), trials: [], enlistment: null, ...view };
}
