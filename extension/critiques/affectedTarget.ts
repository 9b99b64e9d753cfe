/** Which failure an event is about. */
import type { Event } from '../../backend/protocol/events.ts';

/** Null: none. `rolloutId` null: some failure of the run, the event does not say which. */
export function affectedTarget({ runId, body }: Event): { readonly runId: string; readonly rolloutId: string | null } | null {
  switch (body.type) {
    case 'critiqueRevised':
    case 'critiqueEnlisted':
    case 'trialFinished':
      return { runId, rolloutId: body.rolloutId };
    case 'critiqueWithdrawn':
      return { runId, rolloutId: null };
    default:
      return null;
  }
}
