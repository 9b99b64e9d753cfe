/** Verifier: the final answer equals the gold answer as normalized text. */
import type { Cause } from '../protocol/records.ts';
import { findFinalAnswer } from './finalAnswer.ts';
import type { Verifier, VerifierOutcome } from './verifier.ts';

/**
 * The answer is what follows the last `Answer:`, `answer is` or stands in `\boxed{}`; without any of them, the whole completion. Case,
 * blanks and a final stop do not count.
 */
export const exact: Verifier = {
  name: 'exact',
  summary: 'The final answer equals the gold answer, up to case, blanks and a final stop.',
  isBounded: true,
  verify({ problem, completion, finish }) {
    const answer = findFinalAnswer(completion);
    const text = (answer === null ? completion : answer.text).trim();
    const isCut = finish === 'length' && (answer === null || answer.isAtEnd);
    if (normalized(text) === normalized(problem.answer)) {
      return { status: 'right', reward: 1, extracted: shortened(text), reason: 'The answer equals the gold answer.', cause: null };
    }
    if (isCut) return wrong('truncated', text, 'The completion reached its length limit before the end of an answer.');
    if (text === '') return wrong('noAnswer', text, 'The completion states no answer.');
    return wrong('wrongValue', text, `The answer "${shortened(text)}" is not "${shortened(problem.answer)}".`);
  },
};

function normalized(text: string): string {
  const dressed = text
    .normalize('NFKC')
    .replace(/\p{Cf}+/gu, '')
    .replace(/\s+/gu, ' ')
    .toLowerCase();
  return dressed.replace(/^[\s*_$"'`]+/u, '').replace(/[\s*_$"'`.]{1,16}$/u, '');
}

function wrong(cause: Cause, text: string, reason: string): VerifierOutcome {
  return { status: 'wrong', reward: 0, extracted: text === '' ? null : shortened(text), reason, cause };
}

function shortened(text: string): string {
  return text.length <= 80 ? text : `${text.slice(0, 79)}…`;
}
