/** The noisy student that the base model learns to imitate: it slips now and then, and it misreads rare words almost always. */
import { applyOperation, type StepOperation } from '../../critics/stepFaults.ts';
import type { Operator } from '../../protocol/records.ts';
import type { Rng } from '../../core/rng.ts';
import { answerOf, answerText, largestWrongValue, workedSteps, type ChainStep, type WordChain, type WorkedStep } from './wordChains.ts';

export interface StudentSkill {
  /** Probability of a slip in a step whose words the student knows. */
  readonly slip: number;
  /** Probability of reading a rare word right. */
  readonly rightReading: number;
}

export interface Attempt {
  readonly text: string;
  /** Its final answer; null if it has none. */
  readonly answer: number | null;
}

/** One worked answer of the student. Its values stay in 0..199. */
export function attempt(rng: Rng, chain: WordChain, skill: StudentSkill): Attempt {
  for (;;) {
    const steps = workSteps(rng, chain, skill);
    if (steps.every(({ result }) => result >= 0 && result <= largestWrongValue)) return attemptOf(steps);
  }
}

/** The right answer with one flaw of form: a step or the answer missing, a step too many, another number copied. */
export function malformedAttempt(rng: Rng, chain: WordChain): Attempt {
  const steps = workedSteps(chain);
  const flaw = rng.pick(['stepMissing', 'stepTooMany', 'answerMissing', 'answerMiscopied', 'valueMiscopied'] as const);
  switch (flaw) {
    case 'stepMissing':
      return attemptOf(steps.slice(0, -1));
    case 'stepTooMany': {
      const operand = rng.integer(2, 20);
      const left = answerOf(chain);
      return attemptOf([...steps, { left, operator: '+', operand, result: left + operand }]);
    }
    case 'answerMissing':
      return { text: answerText(steps, null), answer: null };
    case 'answerMiscopied': {
      const answer = answerOf(chain) + rng.integer(1, 10);
      return { text: answerText(steps, answer), answer };
    }
    case 'valueMiscopied': {
      const place = rng.integer(0, steps.length - 1);
      const miscopied = (steps[place]?.left ?? 0) + rng.integer(1, 10);
      return attemptOf([...steps.slice(0, place), ...workedSteps({ start: miscopied, steps: chain.steps.slice(place) })]);
    }
  }
  return flaw satisfies never;
}

/** The answer is the last step's result. */
function attemptOf(steps: readonly WorkedStep[]): Attempt {
  const answer = steps.at(-1)?.result ?? null;
  return { text: answerText(steps, answer), answer };
}

function workSteps(rng: Rng, { start, steps }: WordChain, skill: StudentSkill): WorkedStep[] {
  let value = start;
  return steps.map((step) => {
    const left = value;
    const { operation, error } = readStep(rng, step, skill);
    value = applyOperation(left, operation) + error;
    return { left, operator: operation.operator, operand: operation.operand, result: value };
  });
}

/** What the student takes the step for, and by how much it miscalculates. */
function readStep(rng: Rng, step: ChainStep, skill: StudentSkill): { readonly operation: StepOperation; readonly error: number } {
  if (step.misreading !== null) return { operation: rng.uniform() < skill.rightReading ? step : step.misreading, error: 0 };
  if (rng.uniform() >= skill.slip) return { operation: step, error: 0 };
  const slip = rng.uniform();
  if (slip < 0.5) return { operation: step, error: rng.pick([-1, 1, -10, 10, -2, 2]) };
  if (slip < 0.75) return { operation: { operator: confusions[step.operator], operand: step.operand }, error: 0 };
  return { operation: { operator: step.operator, operand: Math.max(1, step.operand + rng.pick([-1, 1, -2, 2])) }, error: 0 };
}

const confusions: Readonly<Record<Operator, Operator>> = { '+': '-', '-': '+', x: '+', '/': '-' };
