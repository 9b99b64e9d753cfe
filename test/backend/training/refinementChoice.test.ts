import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Rng } from '../../../backend/core/rng.ts';
import { chooseRefinements, chooseRolloutsToCritique, type RefinementCandidate } from '../../../backend/training/refinementChoice.ts';

type Status = RefinementCandidate['status'];
const statusOf: Record<string, Status> = { r: 'right', w: 'wrong', f: 'failed' };
/** 'rwf' → right, wrong, failed. */
const statuses = (letters: string): Status[] => [...letters].map((letter) => statusOf[letter]!);
const anyStatuses = fc.string({ unit: fc.constantFrom('r', 'w', 'f'), maxLength: 10 });
const seeds = fc.nat();

describe('chooseRolloutsToCritique', () => {
  const cases = [
    { letters: 'www', trigger: 'allWrong', critiquesPerProblem: 9, chosen: [0, 1, 2] },
    { letters: 'wrw', trigger: 'allWrong', critiquesPerProblem: 9, chosen: [] },
    { letters: 'wfw', trigger: 'allWrong', critiquesPerProblem: 9, chosen: [0, 2] },
    { letters: 'wrw', trigger: 'anyWrong', critiquesPerProblem: 9, chosen: [0, 2] },
    { letters: 'rrr', trigger: 'anyWrong', critiquesPerProblem: 9, chosen: [] },
    { letters: 'rwf', trigger: 'always', critiquesPerProblem: 9, chosen: [0, 1] },
    { letters: 'rwr', trigger: 'always', critiquesPerProblem: 1, chosen: [1] },
    { letters: 'www', trigger: 'anyWrong', critiquesPerProblem: 0, chosen: [] },
    { letters: 'fff', trigger: 'always', critiquesPerProblem: 9, chosen: [] },
    { letters: '', trigger: 'allWrong', critiquesPerProblem: 9, chosen: [] },
  ] as const;
  for (const { letters, trigger, critiquesPerProblem, chosen } of cases) {
    it(`${trigger}, at most ${critiquesPerProblem}, of "${letters}": [${chosen.join()}]`, () => {
      expect(chooseRolloutsToCritique(statuses(letters), { trigger, critiquesPerProblem }, Rng.of(0))).toEqual(chosen);
    });
  }

  it('chooses distinct rollouts in ascending order, and the same ones for the same seed', () => {
    fc.assert(
      fc.property(anyStatuses, fc.constantFrom('allWrong', 'anyWrong', 'always'), fc.nat(5), seeds, (letters, trigger, critiquesPerProblem, seed) => {
        const choose = (): number[] => chooseRolloutsToCritique(statuses(letters), { trigger, critiquesPerProblem }, Rng.of(seed));
        const chosen = choose();
        expect(choose()).toEqual(chosen);
        expect(chosen).toEqual([...new Set(chosen)].sort((a, b) => a - b));
        expect(chosen.length).toBeLessThanOrEqual(critiquesPerProblem);
        for (const i of chosen) expect(letters[i]).not.toBe('f');
      }),
    );
  });

  it('draws each failed rollout alike', () => {
    const counts = [0, 0, 0, 0];
    for (let seed = 0; seed < 2000; seed++) {
      for (const i of chooseRolloutsToCritique(statuses('wwww'), { trigger: 'allWrong', critiquesPerProblem: 2 }, Rng.of(seed))) counts[i]!++;
    }
    for (const count of counts) expect(Math.abs(count - 1000)).toBeLessThan(120);
  });
});

describe('chooseRefinements', () => {
  const finished = (letters: string): RefinementCandidate[] => statuses(letters).map((status) => ({ status, finish: 'stop' }));
  const cases = [
    { letters: 'wwr', refinementSelection: 'rightFirst', kRefinements: 1, chosen: [2] },
    { letters: 'wrr', refinementSelection: 'rightFirst', kRefinements: 3, chosen: [0, 1, 2] },
    { letters: 'www', refinementSelection: 'rightOnly', kRefinements: 2, chosen: [] },
    { letters: 'wrw', refinementSelection: 'rightOnly', kRefinements: 2, chosen: [1] },
    { letters: 'fwf', refinementSelection: 'random', kRefinements: 3, chosen: [1] },
    { letters: 'fff', refinementSelection: 'rightFirst', kRefinements: 1, chosen: [] },
    { letters: 'rrr', refinementSelection: 'rightFirst', kRefinements: 0, chosen: [] },
    { letters: '', refinementSelection: 'rightFirst', kRefinements: 1, chosen: [] },
  ] as const;
  for (const { letters, refinementSelection, kRefinements, chosen } of cases) {
    it(`${refinementSelection}, ${kRefinements} of "${letters}": [${chosen.join()}]`, () => {
      expect(chooseRefinements(finished(letters), { refinementSelection, kRefinements }, Rng.of(0))).toEqual(chosen);
    });
  }

  it('never takes one that was cut off', () => {
    const candidates: RefinementCandidate[] = [
      { status: 'right', finish: 'length' },
      { status: 'wrong', finish: 'length' },
      { status: 'wrong', finish: 'stop' },
    ];
    for (const refinementSelection of ['rightFirst', 'random'] as const) {
      expect(chooseRefinements(candidates, { refinementSelection, kRefinements: 3 }, Rng.of(0))).toEqual([2]);
    }
  });

  it('takes as many right ones as there are room for, the same ones for the same seed', () => {
    fc.assert(
      fc.property(anyStatuses, fc.nat(4), seeds, (letters, kRefinements, seed) => {
        const choose = (): number[] => chooseRefinements(finished(letters), { refinementSelection: 'rightFirst', kRefinements }, Rng.of(seed));
        const chosen = choose();
        expect(choose()).toEqual(chosen);
        const nRight = [...letters].filter((letter) => letter === 'r').length;
        expect(chosen.filter((i) => letters[i] === 'r').length).toBe(Math.min(kRefinements, nRight));
        expect(chosen).toEqual([...new Set(chosen)].sort((a, b) => a - b));
      }),
    );
  });

  it('draws among equals at random', () => {
    const first = new Set(
      Array.from(
        { length: 50 },
        (_, seed) => chooseRefinements(finished('rrr'), { refinementSelection: 'rightFirst', kRefinements: 1 }, Rng.of(seed))[0],
      ),
    );
    expect([...first].sort()).toEqual([0, 1, 2]);
  });
});
