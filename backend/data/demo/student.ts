/** The noisy student that the base model learns to imitate: it slips now and then, and it misreads rare words almost always. */
import { applyOperation, type StepOperation } from '../../critics/stepFaults.ts';
import type { Operator } from '../../protocol/records.ts';
import type { Rng } from '../../core/rng.ts';
import { answerText, largestWrongValue, type ChainStep, type WordChain, type WorkedStep } from './wordChains.ts';

export interface StudentSkill {
  /** Probability of a slip in a step whose words the student knows. */
  readonly slip: number;
  /** Probability of reading a rare word right. */
  readonly rightReading: number;
}

export interface Attempt {
  readonly text: string;
  /** Its final answer; null if it has none. */
  readonly value: number | null;
}

/** One worked answer of the student. Its values stay in 0..199. */
export function attempt(rng: Rng, chain: WordChain, skill: StudentSkill): Attempt {
  const steps = workSteps(rng, chain, skill);
  const value = lastValue(steps);
  return { text: answerText(steps, value), value };
}

/** A right answer with one flaw of form: a step or the answer missing, a step too many, a number copied wrong. */
export function malformedAttempt(rng: Rng, chain: WordChain): Attempt {
  const steps = workSteps(rng, chain, { slip: 0, rightReading: 1 });
  const value = lastValue(steps);
  const flaw = rng.pick(['missingStep', 'extraStep', 'missingAnswer', 'wrongAnswer', 'wrongStart'] as const);
  switch (flaw) {
    case 'missingStep': {
      const kept = steps.slice(0, -1);
      return { text: answerText(kept, lastValue(kept)), value: lastValue(kept) };
    }
    case 'extraStep': {
      const operand = rng.integer(2, 20);
      const added = { left: value, operator: '+', operand, result: value + operand } as const;
      return { text: answerText([...steps, added], added.result), value: added.result };
    }
    case 'missingAnswer':
      return { text: answerText(steps, null), value: null };
    case 'wrongAnswer': {
      const wrong = rng.pick(steps).left;
      return { text: answerText(steps, wrong), value: wrong };
    }
    case 'wrongStart': {
      const at = rng.integer(0, steps.length - 1);
      const shift = rng.integer(1, 10);
      const shifted = steps.map((step, index) => (index < at ? step : { ...step, left: step.left + shift }));
      const redone = recompute(shifted, at);
      return { text: answerText(redone, lastValue(redone)), value: lastValue(redone) };
    }
  }
  return flaw satisfies never;
}
