/** What events of a run mean for the explorer. */
import type { Event } from '../../backend/protocol/events.ts';

export interface ExplorerNews {
  readonly finishedGroups: number;
  /** Steps that left groups out. */
  readonly filteredSteps: readonly number[];
  /** A critique or what came of one may look different now. */
  readonly isAboutCritiques: boolean;
}

const aboutCritiques: readonly string[] = ['critiqueRevised', 'critiqueEnlisted', 'critiqueWithdrawn', 'trialFinished'];

export function newsOf(events: readonly Event[], runId: string | null): ExplorerNews {
  const bodies = events.filter((event) => event.runId === runId).map(({ body }) => body);
  return {
    finishedGroups: bodies.filter(({ type }) => type === 'groupFinished').length,
    filteredSteps: bodies.flatMap((body) =>
      body.type === 'stepFinished' && (body.update.metrics['groupsFiltered'] ?? 0) > 0 ? [body.update.step] : [],
    ),
    isAboutCritiques: bodies.some(({ type }) => aboutCritiques.includes(type)),
  };
}
