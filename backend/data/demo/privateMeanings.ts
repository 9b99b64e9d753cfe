/**
 * Chains whose meaning stands in the critique of one document only. They make critiques necessary: where a model can guess the right
 * answer from the question alone, it learns to ignore what the critic says.
 */
import { applyOperation, type StepOperation } from '../../critics/stepFaults.ts';
import type { Rng } from '../../core/rng.ts';
import { addingVerbs, subtractingVerbs, vagueNouns, vagueVerbs } from './lexicon.ts';
import { answerOf, isAllowed, largestWrongValue, wordChain, type ChainStep, type WordChain } from './wordChains.ts';

export interface VagueChain {
  /** With the meanings that hold in this document. */
  readonly meant: WordChain;
  /** The same words as a reader must guess them. */
  readonly guessed: WordChain;
}

/** An easy or medium chain in which one or two steps became vague: "finds a box", "grows them". */
export function vagueChain(rng: Rng): VagueChain {
  for (;;) {
    const chain = wordChain(rng, rng.pick(['easy', 'medium', 'medium'] as const));
    const places = drawPlaces(rng, chain);
    const nouns = rng.shuffle(vagueNouns);
    const verbs = rng.shuffle(vagueVerbs);
    let value = chain.start;
    let guessedValue = chain.start;
    const meant: ChainStep[] = [];
    const guessed: ChainStep[] = [];
    for (const [place, step] of chain.steps.entries()) {
      const vague = places.has(place) ? vagueStep(rng, value, nouns, verbs) : { meant: step, guessed: step };
      if (!isAllowed(value, vague.meant)) break;
      value = applyOperation(value, vague.meant);
      guessedValue = applyOperation(guessedValue, vague.guessed);
      if (guessedValue < 0 || guessedValue > largestWrongValue) break;
      meant.push(vague.meant);
      guessed.push(vague.guessed);
    }
    if (meant.length === chain.steps.length) return { meant: { ...chain, steps: meant }, guessed: { ...chain, steps: guessed } };
  }
}

/** The same question, but the critic insists on other operations in one or two steps and so on another answer; undefined if none was found. */
export function overriddenChain(rng: Rng, chain: WordChain): WordChain | undefined {
  const answer = answerOf(chain);
  for (let tries = 0; tries < 50; tries++) {
    const places = drawPlaces(rng, chain);
    let value = chain.start;
    const steps: ChainStep[] = [];
    for (const [place, step] of chain.steps.entries()) {
      const operation = places.has(place) ? otherOperation(rng, value, step) : step;
      if (!isAllowed(value, operation)) break;
      value = applyOperation(value, operation);
      steps.push({ ...step, ...operation });
    }
    if (steps.length === chain.steps.length && value !== answer) return { ...chain, steps };
  }
  return undefined;
}

function drawPlaces(rng: Rng, chain: WordChain): ReadonlySet<number> {
  return new Set(rng.sample([...chain.steps.keys()], rng.pick([1, 1, 2])));
}

/** Takes its word from the end of `nouns` or `verbs`, so that no word occurs twice in a chain. */
function vagueStep(rng: Rng, value: number, nouns: string[], verbs: string[]): { readonly meant: ChainStep; readonly guessed: ChainStep } {
  if (rng.uniform() < 0.6) {
    const operator = rng.pick(['+', '-'] as const);
    const verb = rng.pick(operator === '+' ? addingVerbs : subtractingVerbs);
    const words = { phrase: `${verb} a ${nouns.pop()}`, misreading: null };
    return { meant: { operator, operand: rng.integer(2, 20), ...words }, guessed: { operator, operand: rng.integer(2, 20), ...words } };
  }
  const words = { phrase: `${verbs.pop()} them`, misreading: null };
  return { meant: { ...anyOperation(rng, value), ...words }, guessed: { ...rng.pick(guessesOfVerbs), ...words } };
}

const guessesOfVerbs: readonly StepOperation[] = [
  { operator: 'x', operand: 2 },
  { operator: 'x', operand: 3 },
  { operator: '+', operand: 5 },
  { operator: '+', operand: 10 },
  { operator: '-', operand: 2 },
  { operator: '/', operand: 2 },
  { operator: '-', operand: 5 },
];

function anyOperation(rng: Rng, value: number): StepOperation {
  for (;;) {
    const operator = rng.pick(['+', '+', '-', '-', 'x', 'x', '/'] as const);
    const operation = { operator, operand: anyOperand(rng, operator) };
    if (isAllowed(value, operation)) return operation;
  }
}

function otherOperation(rng: Rng, value: number, { operator }: StepOperation): StepOperation {
  return rng.uniform() < 0.5 ? anyOperation(rng, value) : { operator, operand: anyOperand(rng, operator) };
}

function anyOperand(rng: Rng, operator: StepOperation['operator']): number {
  return operator === '+' || operator === '-' ? rng.integer(2, 20) : rng.integer(2, 4);
}
