/** What happened lately in a run, and the newest problem that a critique rescued. */
import { html, nothing, type TemplateResult } from 'lit';
import type { RolloutRow } from '../../backend/protocol/views.ts';
import { formatAgo } from '../ui/format.ts';
import type { DashboardController } from './controller.ts';
import type { NewsItem } from './news.ts';

const signs: Readonly<Record<NewsItem['tone'], string>> = {
  info: 'codicon-circle-small-filled',
  good: 'codicon-pass',
  warning: 'codicon-warning',
  error: 'codicon-error',
};

export function newsView(news: readonly NewsItem[], now: number, runId: string, controller: DashboardController): TemplateResult | typeof nothing {
  if (news.length === 0) return nothing;
  return html`<section class="news" aria-labelledby="news-title">
    <h2 id="news-title">What happened</h2>
    <ol tabindex="0" aria-labelledby="news-title">
      ${news.map(({ tone, text, time, rolloutId }) => {
        const open = (): void => {
          if (rolloutId !== null) controller.act({ do: 'openFailure', runId, rolloutId });
        };
        return html`<li class=${tone}>
          <span class="codicon ${signs[tone]}" aria-hidden="true"></span>
          <span dir="auto">${text} ${rolloutId === null ? nothing : html`<button class="link" @click=${open}>Open</button>`}</span>
          <time datetime=${new Date(time).toISOString()}>${formatAgo(time, Math.max(now, time))}</time>
        </li>`;
      })}
    </ol>
  </section>`;
}

export function rescueView(row: RolloutRow | null, runId: string, controller: DashboardController): TemplateResult | typeof nothing {
  if (row === null) return nothing;
  const { step, problemId, level, groupId, id } = row;
  const open = (): void =>
    groupId === null
      ? controller.act({ do: 'openFailure', runId, rolloutId: id })
      : controller.act({ do: 'openPanel', view: { kind: 'rollouts', runId, filter: {}, open: { page: 'group', groupId } } });
  return html`<p class="rescue">
    <span class="codicon codicon-pass" aria-hidden="true"></span>
    <span>
      Newest rescue, step ${step}: every rollout of <b dir="auto">${problemId}</b>${level === null ? '' : ` (${level})`} was wrong, a refinement was
      right.
      <button id="open-rescue" class="link" @click=${open}>Read it</button>
    </span>
  </p>`;
}
