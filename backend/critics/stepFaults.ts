/** What is wrong in an answer written as numbered steps, found by comparing it with the problem's reference solution. */
import type { Operator, Solution, SolutionStep } from '../protocol/records.ts';

/** One operation of a step. */
export type StepOperation = Pick<SolutionStep, 'operator' | 'operand'>;

/** A fault in an answer; `step` counts from 1. */
export type StepFault =
  /** The step applies another operation than the problem asks for; `phrase` is the words of the problem that ask for it. */
  | { readonly kind: 'operation'; readonly step: number; readonly expected: StepOperation; readonly found: StepOperation; readonly phrase: string }
  /** Right operation, wrong result. */
  | {
      readonly kind: 'arithmetic';
      readonly step: number;
      readonly left: number;
      readonly operator: Operator;
      readonly operand: number;
      readonly expected: number;
      readonly found: number;
    }
  /** Right operation, applied to another value than the step before arrived at. */
  | { readonly kind: 'start'; readonly step: number; readonly expected: number; readonly found: number }
  | ({ readonly kind: 'missing'; readonly step: number } & StepOperation)
  | { readonly kind: 'extra'; readonly step: number }
  /** Sound steps, but the final answer is not the value they arrive at. */
  | { readonly kind: 'answer'; readonly expected: number; readonly found: number }
  | { readonly kind: 'noAnswer' };

/**
 * The faults of an answer, in reading order; empty for a sound one.
 *
 * Steps are paired with the reference by place. A step is judged from the value that the step before *found*, so that one slip is
 * one fault and not also a fault of every step behind it. An `answer` fault is reported only behind sound steps: there its
 * `expected` is the true answer, elsewhere it would be the result of the slip.
 */
export function analyzeSteps(solution: Solution, completion: string): StepFault[] {
  const found = parseSteps(completion);
  const faults: StepFault[] = [];
  let value = solution.start;
  solution.steps.forEach((reference, index) => {
    const step = found[index];
    if (step === undefined) faults.push({ kind: 'missing', step: index + 1, operator: reference.operator, operand: reference.operand });
    else {
      const fault = stepFault(index + 1, value, reference, step);
      if (fault !== undefined) faults.push(fault);
      value = step.result;
    }
  });
  const areStepsSound = faults.length === 0;
  for (let index = solution.steps.length; index < found.length; index++) faults.push({ kind: 'extra', step: index + 1 });
  const answer = parseAnswer(completion);
  if (answer === undefined) faults.push({ kind: 'noAnswer' });
  else if (areStepsSound && !isSame(answer, value)) faults.push({ kind: 'answer', expected: value, found: answer });
  return faults;
}

/** The fault as the sentence that a step-level critique uses for it. */
export function describeFault(fault: StepFault): string {
  switch (fault.kind) {
    case 'operation':
      return `Step ${fault.step} is wrong: it should be ${operationText(fault.expected)}, not ${operationText(fault.found)}.`;
    case 'arithmetic':
      return `Step ${fault.step} is wrong: ${fault.left} ${operationText(fault)} = ${fault.expected}, not ${fault.found}.`;
    case 'start':
      return `Step ${fault.step} is wrong: it should be from ${fault.expected}, not ${fault.found}.`;
    case 'missing':
      return `Step ${fault.step} is missing: use ${operationText(fault)}.`;
    case 'extra':
      return `Step ${fault.step} is not needed.`;
    case 'answer':
      return `The answer should be ${fault.expected}, not ${fault.found}.`;
    case 'noAnswer':
      return 'The answer is missing.';
  }
  return fault satisfies never;
}

/** The value of one operation. Whole numbers divide to whole numbers (rounded down), as the word problems of this family do. */
export function applyOperation(value: number, { operator, operand }: StepOperation): number {
  switch (operator) {
    case '+':
      return value + operand;
    case '-':
      return value - operand;
    case 'x':
      return value * operand;
    case '/':
      return Number.isInteger(value) && Number.isInteger(operand) ? Math.floor(value / operand) : value / operand;
  }
  return operator satisfies never;
}

interface FoundStep extends StepOperation {
  readonly left: number;
  readonly result: number;
}

function stepFault(step: number, value: number, reference: SolutionStep, found: FoundStep): StepFault | undefined {
  const { operator, operand } = reference;
  if (found.operator !== operator || !isSame(found.operand, operand)) {
    return {
      kind: 'operation',
      step,
      expected: { operator, operand },
      found: { operator: found.operator, operand: found.operand },
      phrase: reference.phrase,
    };
  }
  if (!isSame(found.left, value)) return { kind: 'start', step, expected: value, found: found.left };
  const expected = applyOperation(found.left, reference);
  const isExactQuotient = operator === '/' && isSame(found.result, found.left / operand);
  if (isSame(found.result, expected) || isExactQuotient) return undefined;
  return { kind: 'arithmetic', step, left: found.left, operator, operand, expected, found: found.result };
}

// Every repetition is bounded, so that matching costs a constant a character whatever a model writes.
const number = String.raw`([-−]?\d{1,15}(?:\.\d{1,9})?)(?!\.?\d)`;
const stepPattern = new RegExp(
  String.raw`step\s{0,4}\d{1,3}\s{0,4}[:.)]\s{0,4}${number}\s{0,4}([-+x/*×÷−–])\s{0,4}${number}\s{0,4}=\s{0,4}${number}`,
  'giu',
);
const answerPattern = new RegExp(String.raw`\banswer\s{0,4}(?::|is\b:?)\s{0,4}${number}`, 'giu');

const operatorsBySign: Readonly<Record<string, Operator>> = {
  '+': '+',
  '-': '-',
  '−': '-',
  '–': '-',
  x: 'x',
  '*': 'x',
  '×': 'x',
  '/': '/',
  '÷': '/',
};

/** Steps such as `Step 2: 34 + 7 = 41.`, also with other spacing, `×`, `*`, `÷`, and no full stop. */
function parseSteps(completion: string): FoundStep[] {
  const steps: FoundStep[] = [];
  for (const [, left, sign, operand, result] of completion.matchAll(stepPattern)) {
    const operator = operatorsBySign[(sign ?? '').toLowerCase()];
    if (operator !== undefined) steps.push({ left: parseNumber(left), operator, operand: parseNumber(operand), result: parseNumber(result) });
  }
  return steps;
}

/** The number behind the last `Answer:`. */
function parseAnswer(completion: string): number | undefined {
  let last: string | undefined;
  for (const match of completion.matchAll(answerPattern)) last = match[1];
  return last === undefined ? undefined : parseNumber(last);
}

function parseNumber(text: string | undefined): number {
  return Number((text ?? '').replace('−', '-'));
}

function operationText({ operator, operand }: StepOperation): string {
  return `${operator} ${operand}`;
}

/** Equal up to the rounding of decimal fractions. */
function isSame(a: number, b: number): boolean {
  return a === b || Math.abs(a - b) <= 1e-9 * Math.max(1, Math.abs(a), Math.abs(b));
}
