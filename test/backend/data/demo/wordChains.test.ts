import { describe, expect, it } from 'vitest';
import { Rng } from '../../../../backend/core/rng.ts';
import { analyzeSteps, applyOperation } from '../../../../backend/critics/stepFaults.ts';
import { attempt, malformedAttempt } from '../../../../backend/data/demo/student.ts';
import {
  answerOf,
  largestValue,
  levels,
  questionOf,
  solutionOf,
  workedAnswer,
  wordChain,
  type ChainKind,
  type WordChain,
} from '../../../../backend/data/demo/wordChains.ts';

const kinds: readonly ChainKind[] = [...levels, 'long', 'oneRareWord'];
const skill = { slip: 0.12, rightReading: 0.02 };

function chains(kind: ChainKind, count: number): WordChain[] {
  const rng = Rng.of(1, 'test', kind);
  return Array.from({ length: count }, () => wordChain(rng, kind));
}

describe('word chains', () => {
  it.each(kinds)('%s: every value is in 1..99, every division exact, and the worked answer has no fault', (kind) => {
    for (const chain of chains(kind, 500)) {
      let value = chain.start;
      for (const step of chain.steps) {
        if (step.operator === '/') expect(value % step.operand).toBe(0);
        value = applyOperation(value, step);
        expect(value).toBeGreaterThanOrEqual(1);
        expect(value).toBeLessThanOrEqual(largestValue);
      }
      expect(analyzeSteps(solutionOf(chain), workedAnswer(chain))).toEqual([]);
    }
  });

  it.each<[ChainKind, readonly number[], number]>([
    ['easy', [2], 0],
    ['medium', [3, 4], 0],
    ['hard', [3, 4], 2],
    ['harder', [5], 3],
  ])('%s has %j steps, of which %i use distinct rare words', (kind, lengths, rareWords) => {
    for (const { steps } of chains(kind, 300)) {
      expect(lengths).toContain(steps.length);
      const phrases = steps.filter(({ misreading }) => misreading !== null).map(({ phrase }) => phrase.replace(/^.* a /, ''));
      expect(phrases).toHaveLength(rareWords);
      expect(new Set(phrases).size).toBe(rareWords);
    }
  });

  it('a misread rare word never leads to the right answer by chance', () => {
    const rng = Rng.of(2, 'test');
    for (const chain of [...chains('hard', 300), ...chains('harder', 300)]) {
      expect(attempt(rng, chain, { slip: 0, rightReading: 0 }).answer).not.toBe(answerOf(chain));
      const half = attempt(rng, chain, { slip: 0, rightReading: 0.5 });
      if (half.answer === answerOf(chain)) expect(half.text).toBe(workedAnswer(chain));
    }
  });

  it('the question says every step in order', () => {
    const [chain] = chains('hard', 1) as [WordChain];
    const question = questionOf(chain);
    const places = chain.steps.map(({ phrase }) => question.indexOf(`${chain.person.pronoun} ${phrase}.`));
    expect(places).toEqual([...places].sort((a, b) => a - b));
    expect(places).not.toContain(-1);
    expect(question).toMatch(/^\w+ has \d+ \w+\. .* How many\?$/);
  });
});

describe('the student', () => {
  it.each<[ChainKind, number, number]>([
    ['easy', 0.7, 0.85],
    ['medium', 0.58, 0.74],
    ['long', 0.48, 0.62],
    ['hard', 0, 0.01],
    ['harder', 0, 0.01],
  ])('solves %s in %d to %d of the cases', (kind, low, high) => {
    const rng = Rng.of(3, 'test', kind);
    const problems = chains(kind, 2000);
    const rate = problems.filter((chain) => attempt(rng, chain, skill).answer === answerOf(chain)).length / problems.length;
    expect(rate).toBeGreaterThanOrEqual(low);
    expect(rate).toBeLessThanOrEqual(high);
  });

  it('misreads rare words as operation faults of exactly those steps', () => {
    const rng = Rng.of(4, 'test');
    for (const chain of chains('hard', 200)) {
      const faults = analyzeSteps(solutionOf(chain), attempt(rng, chain, { slip: 0, rightReading: 0 }).text);
      const rare = chain.steps.flatMap(({ misreading }, place) => (misreading === null ? [] : [{ kind: 'operation', step: place + 1 }]));
      expect(faults.map(({ kind, ...fault }) => ({ kind, step: 'step' in fault ? fault.step : 0 }))).toEqual(rare);
    }
  });

  it('a malformed attempt has a fault, and all kinds of them occur', () => {
    const rng = Rng.of(5, 'test');
    const kindsSeen = new Set<string>();
    for (const chain of chains('medium', 300)) {
      const faults = analyzeSteps(solutionOf(chain), malformedAttempt(rng, chain).text);
      expect(faults).not.toHaveLength(0);
      for (const { kind } of faults) kindsSeen.add(kind);
    }
    expect([...kindsSeen].sort()).toEqual(['answer', 'extra', 'missing', 'noAnswer', 'start']);
  });
});
