/** What makes two events of a run the same one when its steps are made again. */
import type { EventBody } from '../protocol/events.ts';

/** Parts of a body that may differ in a replay: durations, and paths after the workspace was moved. */
export const unstableEventPaths: readonly string[] = ['update.seconds', 'path'];

/**
 * Names the events of one batch. Notices carry no id, so the same notice raised n times in a batch is told apart by its number; starts and
 * stops are always new (null).
 */
export class EventIdentities {
  private readonly notices = new Map<string, number>();

  of(body: EventBody): string | null {
    switch (body.type) {
      case 'runStarted':
      case 'runStopped':
        return null;
      case 'groupFinished':
        return `groupFinished ${body.groupId}`;
      case 'stepFinished':
        return `stepFinished ${body.update.step}`;
      case 'evaluationFinished': {
        const { step, set, samplesPerProblem, temperature } = body.evaluation;
        return `evaluationFinished ${step} ${set} ${samplesPerProblem} ${temperature}`;
      }
      case 'checkpointSaved':
        return `checkpointSaved ${body.step}`;
      case 'critiqueRevised':
        return `critiqueRevised ${body.critiqueId}`;
      case 'critiqueEnlisted':
      case 'critiqueWithdrawn':
        return `${body.type} ${body.enlistmentId}`;
      case 'trialFinished':
        return `trialFinished ${body.trialId}`;
      case 'noticeRaised': {
        const notice = `noticeRaised ${body.step} ${body.code} ${body.message}`;
        const number = (this.notices.get(notice) ?? 0) + 1;
        this.notices.set(notice, number);
        return `${notice} #${number}`;
      }
    }
  }
}
