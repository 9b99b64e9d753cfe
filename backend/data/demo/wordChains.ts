/**
 * The demonstration's problem family, word chains: "Leo has 22 marbles. He gets a dozen. He gets 7. He finds a score. How many?"
 * Every value on the way is in 1..99 and every division is exact.
 */
import { applyOperation, type StepOperation } from '../../critics/stepFaults.ts';
import type { Problem, Solution, SolutionStep } from '../../protocol/records.ts';
import type { Rng } from '../../core/rng.ts';
import { addingVerbs, people, rareWords, subtractingVerbs, things, type RareWord } from './lexicon.ts';

export const levels = ['easy', 'medium', 'hard', 'harder'] as const;
export type Level = (typeof levels)[number];

/** `long` (as many steps as `harder`, no rare word) and `oneRareWord` occur in pretraining documents only. */
export type ChainKind = Level | 'long' | 'oneRareWord';

export const largestValue = 99;
/** Largest value that a wrong answer may pass through. */
export const largestWrongValue = 199;

export interface ChainStep extends SolutionStep {
  /** How the student mistakes the step; null for words that it knows. */
  readonly misreading: StepOperation | null;
}

export interface WordChain {
  readonly person: (typeof people)[number];
  readonly thing: string;
  readonly start: number;
  readonly steps: readonly ChainStep[];
}

const shapes: Readonly<Record<ChainKind, { readonly lengths: readonly number[]; readonly rareWords: number }>> = {
  easy: { lengths: [2], rareWords: 0 },
  medium: { lengths: [3, 4], rareWords: 0 },
  hard: { lengths: [3, 4], rareWords: 2 },
  harder: { lengths: [5], rareWords: 3 },
  long: { lengths: [5], rareWords: 0 },
  oneRareWord: { lengths: [2, 3], rareWords: 1 },
};

export function hasRareWords(kind: ChainKind): boolean {
  return shapes[kind].rareWords > 0;
}

/** Draws a chain. No misreading of rare words arrives at the right answer, and the misreading of all of them stays in 0..199. */
export function wordChain(rng: Rng, kind: ChainKind): WordChain {
  for (;;) {
    const start = rng.integer(3, 60);
    const steps = drawSteps(rng, kind, start);
    if (steps === undefined || !isGuarded(start, steps)) continue;
    return { person: rng.pick(people), thing: rng.pick(things), start, steps };
  }
}

export function questionOf({ person, thing, start, steps }: WordChain): string {
  const sentences = steps.map((step) => `${person.pronoun} ${step.phrase}.`);
  return `${person.name} has ${start} ${thing}. ${sentences.join(' ')} How many?`;
}

export function answerOf({ start, steps }: WordChain): number {
  return steps.reduce(applyOperation, start);
}

export function solutionOf({ start, steps }: WordChain): Solution {
  return { start, steps: steps.map(({ operator, operand, phrase }) => ({ operator, operand, phrase })) };
}

/** A step as an answer writes it: `left operator operand = result`. */
export interface WorkedStep extends StepOperation {
  readonly left: number;
  readonly result: number;
}

/** The steps, done right from `start`. */
export function workedSteps({ start, steps }: Pick<WordChain, 'start' | 'steps'>): WorkedStep[] {
  let value = start;
  return steps.map(({ operator, operand }) => {
    const left = value;
    value = applyOperation(left, { operator, operand });
    return { left, operator, operand, result: value };
  });
}

/** "Step 1: 22 + 12 = 34. … Answer: 61."; null leaves the final answer out. */
export function answerText(steps: readonly WorkedStep[], answer: number | null): string {
  const sentences = steps.map(({ left, operator, operand, result }, index) => `Step ${index + 1}: ${left} ${operator} ${operand} = ${result}.`);
  return [...sentences, ...(answer === null ? [] : [`Answer: ${answer}.`])].join(' ');
}

/** The correct worked answer. */
export function workedAnswer(chain: WordChain): string {
  return answerText(workedSteps(chain), answerOf(chain));
}

export function problemOf(chain: WordChain, id: string, level: Level): Problem {
  return {
    id,
    prompt: [{ role: 'user', content: questionOf(chain) }],
    answer: String(answerOf(chain)),
    level,
    solution: solutionOf(chain),
    demonstration: workedAnswer(chain),
  };
}

/** Whether the operation is exact and its result is a value that problems may pass through. */
export function isAllowed(value: number, operation: StepOperation): boolean {
  if (operation.operator === '/' && value % operation.operand !== 0) return false;
  const result = applyOperation(value, operation);
  return result >= 1 && result <= largestValue;
}

function drawSteps(rng: Rng, kind: ChainKind, start: number): ChainStep[] | undefined {
  const shape = shapes[kind];
  const length = rng.pick(shape.lengths);
  const rareAt = new Map<number, RareWord>();
  if (shape.rareWords > 0) {
    const words = rng.sample(rareWords, shape.rareWords);
    rng.sample([...Array(length).keys()], shape.rareWords).forEach((place, index) => rareAt.set(place, words[index] as RareWord));
  }
  const steps: ChainStep[] = [];
  let value = start;
  for (let place = 0; place < length; place++) {
    const rareWord = rareAt.get(place);
    const step = rareWord === undefined ? commonStep(rng) : rareStep(rng, rareWord);
    if (!isAllowed(value, step)) return undefined;
    value = applyOperation(value, step);
    steps.push(step);
  }
  return steps;
}

function commonStep(rng: Rng): ChainStep {
  const draw = rng.uniform();
  if (draw < 0.72) {
    const operator = draw < 0.36 ? '+' : '-';
    const operand = rng.integer(2, 20);
    const verb = rng.pick(operator === '+' ? addingVerbs : subtractingVerbs);
    return { operator, operand, phrase: `${verb} ${operand}`, misreading: null };
  }
  if (draw < 0.8) return { operator: 'x', operand: 2, phrase: 'doubles them', misreading: null };
  if (draw < 0.92) {
    const operand = rng.integer(2, 4);
    return { operator: 'x', operand, phrase: `multiplies them by ${operand}`, misreading: null };
  }
  const operand = rng.pick([2, 4]);
  return { operator: '/', operand, phrase: `divides them by ${operand}`, misreading: null };
}

function rareStep(rng: Rng, rare: RareWord): ChainStep {
  if (rare.form === 'verb') return { ...rare.meaning, phrase: `${rare.word} them`, misreading: rare.misreading };
  const operator = rng.pick(['+', '-'] as const);
  const verb = rng.pick(operator === '+' ? addingVerbs : subtractingVerbs);
  return { operator, operand: rare.meaning, phrase: `${verb} a ${rare.word}`, misreading: { operator, operand: rare.misreading } };
}

/** The promise of `wordChain` about misreadings. */
function isGuarded(start: number, steps: readonly ChainStep[]): boolean {
  const answer = steps.reduce(applyOperation, start);
  const rarePlaces = [...steps.keys()].filter((place) => steps[place]?.misreading !== null);
  const allMisread = 2 ** rarePlaces.length - 1;
  for (let misread = 1; misread <= allMisread; misread++) {
    let value = start;
    for (const [place, step] of steps.entries()) {
      const isMisread = step.misreading !== null && ((misread >> rarePlaces.indexOf(place)) & 1) === 1;
      value = applyOperation(value, isMisread ? step.misreading : step);
      if (misread === allMisread && (value < 0 || value > largestWrongValue)) return false;
    }
    if (value === answer) return false;
  }
  return true;
}
