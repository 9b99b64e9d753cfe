/** The text of each document of scheme `cgrpo`. */
import type { DocumentAddress } from './documentAddress.ts';
import type { Draft } from './drafts.ts';
import { critiquesOf, refinementsOf, type Failure } from './failure.ts';
import { answerText, critiqueText, failureText } from './failureText.ts';

/** Null when the failure has no such part. */
export function documentText(address: DocumentAddress, failure: Failure, draft: Draft | null): string | null {
  switch (address.part) {
    case 'failure':
      return failureText(failure).text;
    case 'answer':
      return answerText(failure.attempt.rollout.completion);
    case 'refinement': {
      const judged = refinementsOf(failure).find(({ refinement }) => refinement.id === address.refinementId);
      return judged === undefined ? null : answerText(judged.refinement.completion);
    }
    case 'critique': {
      const critique = critiquesOf(failure).find(({ id }) => id === address.critiqueId);
      return critique === undefined ? null : critiqueText(critique.text);
    }
    case 'draft':
      return draft === null ? null : critiqueText(draft.text);
  }
  return address satisfies never;
}
