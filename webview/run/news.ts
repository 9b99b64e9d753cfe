/** What happened in a run, as sentences for a list. */
import type { Event } from '../../backend/protocol/events.ts';
import { formatPercent } from '../ui/format.ts';
import { visibleText } from '../ui/visibleText.ts';

export interface NewsItem {
  readonly seq: number;
  readonly time: number;
  readonly tone: 'info' | 'good' | 'warning' | 'error';
  readonly text: string;
  /** The rollout that the news is about; null when it is about none. */
  readonly rolloutId: string | null;
}

/** How many are shown. */
export const maxNews = 100;

/** Newest first; an event that is there already is not added again. */
export function withNews(news: readonly NewsItem[], event: Event): readonly NewsItem[] {
  const item = newsOf(event);
  if (item === null || news.some(({ seq }) => seq === item.seq)) return news;
  return [item, ...news].sort((a, b) => b.seq - a.seq).slice(0, maxNews);
}

/** Null for events that the charts show well enough. */
export function newsOf({ seq, time, body }: Event): NewsItem | null {
  const item = (tone: NewsItem['tone'], text: string, rolloutId: string | null = null): NewsItem => ({ seq, time, tone, text, rolloutId });
  switch (body.type) {
    case 'runStarted':
      return item(
        'info',
        body.resumedFrom === null ? `Training began: ${body.steps} steps.` : `Training went on from the checkpoint of step ${body.resumedFrom}.`,
      );
    case 'evaluationFinished': {
      const { step, set, all } = body.evaluation;
      const name = set === 'heldOut' ? 'Held-out' : 'Training-set';
      return item(
        'info',
        `${name} pass@1 at step ${step}: ${formatPercent(all.passAt1)}, ${all.neverSolved} of ${all.problems} problems never solved.`,
      );
    }
    case 'checkpointSaved':
      return item('info', `Checkpoint of step ${body.step} saved.`);
    case 'critiqueRevised':
      return body.revision > 1 ? item('info', `A critique was rewritten (revision ${body.revision}).`, body.rolloutId) : null;
    case 'critiqueEnlisted':
      return item('good', `From step ${body.fromStep} on, training learns from a critique by a person.`, body.rolloutId);
    case 'critiqueWithdrawn':
      return item('info', `From step ${body.untilStep} on, a critique by a person no longer takes part.`);
    case 'trialFinished':
      return item(body.right > 0 ? 'good' : 'info', `${body.right} of ${body.total} refinements of a trial were right.`, body.rolloutId);
    case 'noticeRaised':
      return item('warning', `Step ${body.step}: ${visibleText(body.message)}`);
    case 'runStopped':
      return item(
        body.reason === 'failed' ? 'error' : 'info',
        `Training ${stopWords[body.reason]} at step ${body.step}. ${visibleText(body.message)}`.trim(),
      );
    case 'groupFinished':
    case 'stepFinished':
      return null;
  }
}

const stopWords = { finished: 'finished', interrupted: 'was stopped', failed: 'failed' } as const;
