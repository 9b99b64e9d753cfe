/** The demonstration's tokens, in the order of their ids. */
import { addingVerbs, people, rareWords, subtractingVerbs, things, vagueNouns, vagueVerbs } from './lexicon.ts';

/** Marks of a conversation: `<q>` question, `<a>` answer, `<c>` critique, `<r>` refinement. `<unk>` stands for symbols that are no token. */
export const specialTokens = ['<pad>', '<eos>', '<q>', '<a>', '<c>', '<r>', '<unk>'] as const;
export type SpecialToken = (typeof specialTokens)[number];

/** Words of the model's WordPiece vocabulary start with this when they continue a word. */
export const continuation = '##';

const digits = [...'0123456789'];
const signs = [..."+-x/=.,:?!'"];
export const alphabet = [...'abcdefghijklmnopqrstuvwxyz'];

/** "Step 2" is one token, so that a critique's "step 2" and the answer's "Step 2" are easy to match. */
const stepMarks = ['Step', 'step'].flatMap((word) => digits.slice(1).map((digit) => `${word} ${digit}`));

const questionWords = [
  ...people.flatMap(({ name, pronoun }) => [name, pronoun]),
  ...things,
  ...[...addingVerbs, ...subtractingVerbs].flatMap((verb) => verb.split(' ')),
  ...['has', 'doubles', 'multiplies', 'divides', 'them', 'by', 'a', 'How', 'many'],
  ...rareWords.map(({ word }) => word),
  ...vagueNouns,
  ...vagueVerbs,
];

const answerWords = ['Answer'];

const critiqueWords = [
  ...['The', 'the', 'A', 'answer', 'right', 'wrong', 'is', 'It', 'it', 'should', 'be', 'not', 'use', 'Use', 'used', 'In', 'in', 'Check', 'check'],
  ...['means', 'missing', 'from', 'needed', 'instead', 'of', 'You', 'you', 'forgot', 'but', 'Change', 'change', 'to', 'please', 'no', 'that', 'look'],
  ...['read', 'again', 'No', 'Not', 'Please', 'Look', 'sorry', 'think', 'wait'],
];

/** Unknown words are spelled: a first letter, then continuing ones. Capitals inside a word are not spelled. */
const letters = [...alphabet, ...alphabet.map((letter) => letter.toUpperCase()), ...alphabet.map((letter) => continuation + letter)];

/** Token text by id. The article `a` and the operator `x` share the tokens of the letters. */
export const vocabulary: readonly string[] = [
  ...new Set([...specialTokens, ...digits, ...signs, ...stepMarks, ...questionWords, ...answerWords, ...critiqueWords, ...letters]),
];

/** Text is cut into these before tokens are looked up, whitespace left out: a step mark, a digit, a word, or one other symbol. */
export const piecePattern = String.raw`[Ss]tep \d|\d|[A-Za-z]+|[^\sA-Za-z\d]`;

/** Pieces and spelled special tokens. */
export const pieces = new RegExp(`${specialTokens.join('|')}|${piecePattern}`, 'gu');
