/** The words of the demonstration's problems: people, things, and what the words for operations mean and are mistaken for. */
import type { StepOperation } from '../../critics/stepFaults.ts';

export const people = [
  ...['Mia', 'Ana', 'Zoe', 'Eva'].map((name) => ({ name, pronoun: 'She' })),
  ...['Tom', 'Max', 'Leo', 'Ben'].map((name) => ({ name, pronoun: 'He' })),
] as const;

export const things = ['coins', 'beads', 'cards', 'shells', 'stamps', 'marbles'] as const;

export const addingVerbs = ['finds', 'gets'] as const;
export const subtractingVerbs = ['loses', 'gives away'] as const;

/**
 * Words whose meaning the base model has wrong. A verb is a whole operation (`triples them`); a noun is an amount that some verb
 * adds or takes away (`finds a score`).
 */
export type RareWord =
  | { readonly word: string; readonly form: 'verb'; readonly meaning: StepOperation; readonly misreading: StepOperation }
  | { readonly word: string; readonly form: 'noun'; readonly meaning: number; readonly misreading: number };

export const rareWords: readonly RareWord[] = [
  { word: 'triples', form: 'verb', meaning: { operator: 'x', operand: 3 }, misreading: { operator: 'x', operand: 2 } },
  { word: 'quadruples', form: 'verb', meaning: { operator: 'x', operand: 4 }, misreading: { operator: 'x', operand: 2 } },
  { word: 'halves', form: 'verb', meaning: { operator: '/', operand: 2 }, misreading: { operator: '-', operand: 2 } },
  { word: 'quarters', form: 'verb', meaning: { operator: '/', operand: 4 }, misreading: { operator: '-', operand: 4 } },
  { word: 'dozen', form: 'noun', meaning: 12, misreading: 10 },
  { word: 'score', form: 'noun', meaning: 20, misreading: 10 },
];

/** Words that mean something in one pretraining document only; there the critique alone says what. */
export const vagueNouns = ['bag', 'box', 'pack', 'handful', 'bunch', 'pile', 'stack', 'bundle'] as const;
export const vagueVerbs = ['grows', 'boosts', 'shrinks', 'changes', 'turns'] as const;
