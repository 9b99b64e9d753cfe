/** Verifier: the chosen letter of a multiple choice question is the gold letter (GPQA, MMLU-Pro). */
import type { Cause, Problem } from '../protocol/records.ts';
import { isChoiceText, readChoice, type ReadChoice } from './choiceText.ts';
import { findFinalAnswer } from './finalAnswer.ts';
import type { Verifier, VerifierOutcome } from './verifier.ts';

/**
 * The answer is a letter or the text of one choice, behind the last `Answer:`, `answer is`, `the correct option is`, in `\boxed{}`, or alone on
 * the last line. Two letters, or a letter with the text of another choice, are no answer.
 */
export const choice: Verifier = {
  name: 'choice',
  summary: 'The letter (or the text) of the chosen answer is that of the gold answer; for problems with choices A to J, or up to Z.',
  isBounded: true,
  verify({ problem, completion, finish }) {
    const choices = problem.choices ?? [];
    const gold = readChoice(problem.answer, choices);
    if (gold?.letter === undefined) return { ...unfit(problem), cause: 'verifierFailed' };
    const answer = statedAnswer(completion, choices);
    const isCut = finish === 'length' && (answer === null || answer.isAtEnd);
    if (answer === null) {
      return isCut
        ? wrong('truncated', null, 'The completion reached its length limit before an answer.')
        : wrong('noAnswer', null, 'The completion states no answer.');
    }
    const read = readChoice(answer.text, choices);
    if (isCut && !isClosed(read, answer.text)) return wrong('truncated', answer.text, 'The completion reached its length limit inside the answer.');
    if (read === null) return wrong('unparsable', answer.text, `"${shortened(answer.text)}" is not one of the choices.`);
    if (read.letter === undefined) return wrong('unparsable', answer.text, `"${shortened(answer.text)}" ${read.problem}.`);
    if (read.letter !== gold.letter) return wrong('wrongValue', read.letter, `The answer ${read.letter} is not ${gold.letter}.`);
    return { status: 'right', reward: 1, extracted: read.letter, reason: `The answer ${read.letter} is right.`, cause: null };
  },
};

const optionStatement = /\b(?:option|choice)\b[\s*_]{0,4}(?:is\b|[:=：])/giu;

function statedAnswer(completion: string, choices: readonly string[]): { readonly text: string; readonly isAtEnd: boolean } | null {
  const stated = findFinalAnswer(completion);
  if (stated !== null) return stated;
  let end = -1;
  for (const match of completion.matchAll(optionStatement)) end = match.index + match[0].length;
  const trimmed = completion.trimEnd();
  const text = end >= 0 ? trimmed.slice(end) : trimmed.slice(trimmed.lastIndexOf('\n') + 1);
  const [line = ''] = text.replace(/^[\s*_:=：]+/u, '').split('\n', 1);
  // A sentence is no choice merely because it is the last.
  return end >= 0 || isAlone(line) || isChoiceText(line, choices) ? { text: line, isAtEnd: trimmed.endsWith(line) } : null;
}

const aloneLength = 400;
const alone = /^[\s*_$]{0,8}(?:\\?[a-z]{0,8}\{)?\(?\p{L}(?:\)|[.:]|[\s*_$}]{0,8}$)/iu;

/** The line is a letter, or a letter and what it stands for. */
function isAlone(line: string): boolean {
  return line.length <= aloneLength && alone.test(line);
}

/** The letter cannot be the beginning of a word that was cut off. */
function isClosed(read: ReadChoice | null, text: string): boolean {
  return read?.letter !== undefined && /^[\s*_]{0,8}(?:\(\s?\p{L}\s?\)|\p{L}[).:])/u.test(text);
}

function unfit({ id, answer, choices }: Problem): Omit<VerifierOutcome, 'cause'> {
  const among = choices === undefined ? 'a letter' : `a letter or the text of one of the ${choices.length} choices`;
  return { status: 'failed', reward: 0, extracted: null, reason: `The gold answer "${shortened(answer)}" of ${id} is not ${among}.` };
}

function wrong(cause: Cause, extracted: string | null, reason: string): VerifierOutcome {
  return { status: 'wrong', reward: 0, extracted: extracted === null ? null : shortened(extracted), reason, cause };
}

function shortened(text: string): string {
  return text.length <= 80 ? text : `${text.slice(0, 79)}…`;
}
