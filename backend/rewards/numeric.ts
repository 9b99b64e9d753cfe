/** Verifier: the final number equals the gold number exactly, as rationals. */
import type { Cause } from '../protocol/records.ts';
import { findFinalAnswer, type FinalAnswer } from './finalAnswer.ts';
import { findNumber, isEqual, type NumberText } from './rational.ts';
import type { Verifier, VerifierOutcome } from './verifier.ts';

/**
 * The answer is the number behind the last `Answer:`, `answer is` or `\boxed{`; a bare number elsewhere in the text is none, or a
 * model would be rewarded for ending anyhow on the right number. Behind an `=` it is the number after the last `=`.
 */
export const numeric: Verifier = {
  name: 'numeric',
  summary: 'The number behind the last "Answer:", "answer is" or \\boxed{} equals the gold number exactly.',
  isBounded: true,
  verify({ problem, completion, finish }) {
    const gold = findNumber(clean(problem.answer));
    if (gold === null) {
      return {
        status: 'failed',
        reward: 0,
        extracted: null,
        reason: `The gold answer ${quoted(problem.answer)} of ${problem.id} is not a number.`,
        cause: 'verifierFailed',
      };
    }
    const answer = findFinalAnswer(completion);
    if (answer === null) {
      return finish === 'length'
        ? wrong('truncated', null, 'The completion reached its length limit before an answer.')
        : wrong('noAnswer', null, 'The completion states no answer.');
    }
    const number = numberOf(answer);
    const isCut = finish === 'length' && answer.isAtEnd && (number === null || number.isLast);
    if (isCut) return wrong('truncated', answer.text, 'The completion reached its length limit inside the answer.');
    if (number === null) return wrong('unparsable', answer.text, `${quoted(answer.text)} is not a number.`);
    if (!isEqual(number.value, gold.value))
      return wrong('wrongValue', number.text, `The answer ${quoted(number.text)} is not ${quoted(problem.answer)}.`);
    return { status: 'right', reward: 1, extracted: number.text, reason: `The answer ${quoted(number.text)} is right.`, cause: null };
  },
};

/** A number must stand near the mark: what follows a long preamble is not the answer. */
const reach = 64;

function numberOf(answer: FinalAnswer): NumberText | null {
  const text = clean(answer.text);
  const sentence = answer.form === 'boxed' ? text : firstSentence(text);
  const number = findNumber(sentence.slice(sentence.lastIndexOf('=') + 1));
  if (number === null || number.start > reach) return null;
  return { ...number, isLast: number.isLast && sentence.length === text.length };
}

/** Up to the first full stop behind a number, which therefore is no decimal point. */
function firstSentence(text: string): string {
  const end = text.search(/[\d)\]}$%*][.;!?]\s/u);
  return end < 0 ? text : text.slice(0, end + 1);
}

/** Without invisible format characters (bidi marks, zero-width spaces) and LaTeX that only dresses. */
function clean(text: string): string {
  return text.replace(/\p{Cf}+/gu, '').replace(/\\(?:text|mathrm|mathbf|displaystyle|approx)(?![a-z])/gu, '');
}

function wrong(cause: Cause, extracted: string | null, reason: string): VerifierOutcome {
  return { status: 'wrong', reward: 0, extracted: extracted === null ? null : shortened(extracted), reason, cause };
}

function quoted(text: string): string {
  return `"${shortened(text)}"`;
}

function shortened(text: string): string {
  return text.length <= 80 ? text : `${text.slice(0, 79)}…`;
}
