/** Critiques of word-chain answers in many phrasings, so that the base model learns to read what people write. */
import { describeFault, type StepFault } from '../../critics/stepFaults.ts';
import type { Rng } from '../../core/rng.ts';
import { alphabet } from './vocabulary.ts';

/** A fault in a phrasing drawn for pretraining; the canonical sentence of the step-level critic is one of them. */
export function phraseFault(rng: Rng, fault: StepFault): string {
  return rng.pick(phrasingsOf(fault));
}

/** All phrasings of a fault that pretraining draws from. */
export function phrasingsOf(fault: StepFault): readonly string[] {
  const canonical = describeFault(fault);
  switch (fault.kind) {
    case 'operation':
      return [canonical, ...operationPhrasings.map((phrase) => phrase(operationWords(fault)))];
    case 'arithmetic':
      return [canonical, ...arithmeticPhrasings.map((phrase) => phrase(arithmeticWords(fault)))];
    case 'start':
      return [canonical, ...startPhrasings.map((phrase) => phrase(fault))];
    case 'missing':
      return [canonical, ...missingPhrasings.map((phrase) => phrase({ step: fault.step, right: operationText(fault) }))];
    case 'answer':
      return [canonical, ...answerPhrasings.map((phrase) => phrase(fault))];
    case 'extra':
    case 'noAnswer':
      return [canonical];
  }
  return fault satisfies never;
}

/** Phrasings of an operation fault that pretraining never shows: they measure whether the base model understands a person. */
export function heldOutPhrasings(fault: OperationFault): readonly string[] {
  return heldOutOperationPhrasings.map((phrase) => phrase(operationWords(fault)));
}

/** One or two words that say nothing, to put before a critique. Most are spelled in letters, so that letters become noise to skip. */
export function fillerWords(rng: Rng): string {
  const words = Array.from({ length: rng.integer(1, 2) }, () => (rng.uniform() < 0.7 ? rng.pick(fillers) : anyLetters(rng)));
  return words.join(' ');
}

const fillers = [
  ...['please', 'look', 'hey', 'hmm', 'no', 'sorry', 'well', 'read', 'again', 'carefully', 'mind', 'that', 'you', 'forgot', 'here', 'think'],
  ...['hello', 'listen', 'almost', 'good', 'try', 'see', "don't forget", 'just', 'wait', 'actually', 'hint', 'note', 'remember', "that's wrong"],
] as const;

function anyLetters(rng: Rng): string {
  return Array.from({ length: rng.integer(2, 6) }, () => rng.pick(alphabet)).join('');
}

export type OperationFault = Extract<StepFault, { kind: 'operation' }>;
type ArithmeticFault = Extract<StepFault, { kind: 'arithmetic' }>;

interface OperationWords {
  readonly step: number;
  /** Operations, e.g. `+ 20` and `+ 10`. */
  readonly right: string;
  readonly wrong: string;
  /** The words of the problem that ask for it: `a score`, `triples`, `finds`. */
  readonly words: string;
}

const operationPhrasings: readonly ((fault: OperationWords) => string)[] = [
  ({ step, right }) => `Step ${step} is wrong: use ${right}.`,
  ({ step, right }) => `Step ${step} should be ${right}.`,
  ({ step, right, wrong }) => `In step ${step}, use ${right}, not ${wrong}.`,
  ({ step, right, words }) => `Check step ${step}: ${words} means ${right}.`,
  ({ step, right }) => `Step ${step}: ${right}.`,
  ({ step, right, wrong, words }) => `Step ${step} is wrong: ${words} means ${right}, not ${wrong}.`,
  ({ step, right, words }) => `In step ${step}, ${words} means ${right}.`,
  ({ step, right }) => `Use ${right} in step ${step}.`,
  ({ step, right, wrong }) => `Step ${step} should be ${right}, not ${wrong}.`,
  ({ step, right, wrong }) => `Step ${step} should use ${right} instead of ${wrong}.`,
  ({ step, right, wrong }) => `You used ${wrong} in step ${step}, but it should be ${right}.`,
  ({ step, right, wrong }) => `Change ${wrong} to ${right} in step ${step}.`,
  ({ step, right, words }) => `${words} means ${right} in step ${step}.`,
  ({ step, right }) => `Step ${step} is wrong. It should be ${right}.`,
  ({ step, right, wrong }) => `Not ${wrong}: use ${right} in step ${step}.`,
];

const heldOutOperationPhrasings: readonly ((fault: OperationWords) => string)[] = [
  ({ step, right, wrong, words }) => `Not ${wrong} in step ${step}. ${capitalized(words)} is ${right}.`,
  ({ step, right }) => `Step ${step} needs ${right}.`,
  ({ step, right, words }) => `You forgot: ${words} means ${right}, in step ${step}.`,
  ({ step, right }) => `it should be ${right} in step ${step}`,
  ({ step, right }) => `${right} in step ${step}, please.`,
  ({ step, right, words }) => `${capitalized(words)} is ${right}. Check step ${step}.`,
  ({ step, right, wrong }) => `Replace ${wrong} by ${right} in step ${step}.`,
  ({ step, right, wrong }) => `Why ${wrong} in step ${step}? Use ${right}!`,
  ({ step, right }) => `No, step ${step} is ${right}.`,
  ({ step, right, wrong }) => `Look at step ${step} again: ${right}, not ${wrong}.`,
  ({ step, right, wrong }) => `Step ${step}: not ${wrong} but ${right}.`,
  ({ step, right }) => `wrong step ${step}, ${right}`,
  ({ step, right }) => `Step ${step} must be ${right}!`,
  ({ step, right, words }) => `For ${words}, use ${right}, see step ${step}.`,
  ({ step, right, words }) => `step ${step} says ${words}, that is ${right}`,
];

interface ArithmeticWords {
  readonly step: number;
  /** The operation with its operands, e.g. `22 + 12`. */
  readonly operation: string;
  readonly expected: number;
  readonly found: number;
}

const arithmeticPhrasings: readonly ((fault: ArithmeticWords) => string)[] = [
  ({ step, operation, expected }) => `Step ${step} should be ${operation} = ${expected}.`,
  ({ step, operation, expected, found }) => `In step ${step}, ${operation} = ${expected}, not ${found}.`,
  ({ step, operation, expected }) => `Check step ${step}: ${operation} = ${expected}.`,
  ({ step, operation, expected }) => `Step ${step}: ${operation} = ${expected}.`,
  ({ step, operation, expected }) => `${operation} = ${expected} in step ${step}.`,
  ({ step, operation, expected, found }) => `Step ${step}: ${operation} is ${expected}, not ${found}.`,
  ({ step, operation, expected, found }) => `Step ${step} is ${expected}, not ${found}: ${operation} = ${expected}.`,
  ({ step, operation, expected, found }) => `Change ${found} to ${expected} in step ${step}: ${operation} = ${expected}.`,
];

const startPhrasings: readonly ((fault: { readonly step: number; readonly expected: number; readonly found: number }) => string)[] = [
  ({ step, expected }) => `Step ${step} should be from ${expected}.`,
  ({ step, expected, found }) => `In step ${step}, use ${expected}, not ${found}.`,
];

const missingPhrasings: readonly ((fault: { readonly step: number; readonly right: string }) => string)[] = [
  ({ step, right }) => `You forgot step ${step}: ${right}.`,
  ({ step, right }) => `Step ${step} is missing. It should be ${right}.`,
];

const answerPhrasings: readonly ((fault: { readonly expected: number; readonly found: number }) => string)[] = [
  ({ expected }) => `The answer should be ${expected}.`,
  ({ expected, found }) => `The answer is ${expected}, not ${found}.`,
];

function operationWords({ step, expected, found, phrase }: OperationFault): OperationWords {
  return { step, right: operationText(expected), wrong: operationText(found), words: wordsOf(phrase) };
}

function arithmeticWords({ step, left, operator, operand, expected, found }: ArithmeticFault): ArithmeticWords {
  return { step, operation: `${left} ${operator} ${operand}`, expected, found };
}

function operationText({ operator, operand }: { readonly operator: string; readonly operand: number }): string {
  return `${operator} ${operand}`;
}

/** The word that carries the meaning: `finds a score` → `a score`, `triples them` → `triples`, `gives away 7` → `gives`. */
function wordsOf(phrase: string): string {
  const noun = / (a [a-z]+)$/.exec(phrase)?.[1];
  return noun ?? phrase.split(' ', 1)[0] ?? phrase;
}

function capitalized(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}
