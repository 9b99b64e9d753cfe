/** Verifier: the completion has the form that is asked for; what it answers does not count. */
import type { Finish } from '../protocol/records.ts';
import { readTagForm } from './tagForm.ts';
import type { Verifier, VerifierOutcome } from './verifier.ts';

/** The form where a run file names none: that of DeepSeek-R1 (arXiv 2501.12948 §2.2.2). */
const defaultTags = ['think', 'answer'];

/** Not bounded, because a pattern may backtrack for ever: it is matched in a worker with a deadline. */
export const format: Verifier = {
  name: 'format',
  summary: 'The completion is a sequence of tags (verifierOptions.tags; <think> then <answer> by default) or matches verifierOptions.pattern.',
  isBounded: false,
  knowsGold: false,
  readsWhole: true,
  verify({ completion, finish, options }) {
    const pattern = options?.pattern ?? null;
    const tags = options?.tags ?? (pattern === null ? defaultTags : null);
    if (tags !== null) {
      const form = readTagForm(completion, tags);
      if ('problem' in form) return misshapen(finish, `The form is not that of ${tags.map((tag) => `<${tag}>`).join(' ')}: ${form.problem}.`);
    }
    // Anchored so that alternatives are alternatives of the whole.
    if (pattern !== null && !new RegExp(`^(?:${pattern})$`, 'su').test(completion)) {
      return misshapen(finish, 'The completion does not match the pattern.');
    }
    return { status: 'right', reward: 1, extracted: null, reason: 'The form is right.', cause: null };
  },
};

function misshapen(finish: Finish, reason: string): VerifierOutcome {
  return { status: 'wrong', reward: 0, extracted: null, reason, cause: finish === 'length' ? 'truncated' : 'unparsable' };
}
