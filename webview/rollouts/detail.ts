/** The right side of the explorer: one page of a group, a problem, a lone answer or an answer's tokens, and the data that it waits for. */
import type { RolloutPlace } from '../../extension/contract.ts';
import type { Attempt, GroupDetail, ProblemHistory, RolloutPage, RolloutRow, TokenDetail } from '../../backend/protocol/views.ts';
import { idle, ready, type Loadable } from '../ui/loadable.ts';
import { measures, type TokenMode } from './tokenMeasures.ts';
import { bySize } from './tokenTotals.ts';

export type Detail =
  | { readonly page: 'none' }
  /** A rollout whose group is not formed yet. */
  | { readonly page: 'attempt'; readonly rolloutId: string; readonly data: Loadable<Attempt> }
  /** `focusId`: the rollout to bring into view. */
  | { readonly page: 'group'; readonly groupId: string; readonly focusId: string | null; readonly data: Loadable<GroupDetail> }
  | { readonly page: 'problem'; readonly problemId: string; readonly data: Loadable<ProblemPage> }
  | {
      readonly page: 'tokens';
      readonly rolloutId: string;
      readonly groupId: string;
      readonly mode: TokenMode;
      /** The token that the keyboard is on. */
      readonly current: number | null;
      readonly data: Loadable<TokenDetail>;
    };

export interface ProblemPage {
  readonly history: ProblemHistory;
  /** Its newest rollouts, newest first, and whether there are more. */
  readonly attempts: RolloutPage;
}

export type DetailData =
  | { readonly page: 'attempt'; readonly id: string; readonly value: Attempt }
  | { readonly page: 'group'; readonly id: string; readonly value: GroupDetail }
  | { readonly page: 'problem'; readonly id: string; readonly value: ProblemPage }
  | { readonly page: 'tokens'; readonly id: string; readonly value: TokenDetail };

export function placeOf(detail: Detail): RolloutPlace | null {
  switch (detail.page) {
    case 'group':
      return { page: 'group', groupId: detail.groupId };
    case 'problem':
      return { page: 'problem', problemId: detail.problemId };
    case 'tokens':
      return { page: 'tokens', rolloutId: detail.rolloutId, groupId: detail.groupId };
    case 'none':
    case 'attempt':
      return null;
  }
}

/** The page of a place; data that is there already stays. */
export function detailOf(place: RolloutPlace, before: Detail = { page: 'none' }): Detail {
  switch (place.page) {
    case 'group':
      return before.page === 'group' && before.groupId === place.groupId ? before : { ...place, focusId: null, data: idle };
    case 'problem':
      return before.page === 'problem' && before.problemId === place.problemId ? before : { ...place, data: idle };
    case 'tokens':
      return before.page === 'tokens' && before.rolloutId === place.rolloutId ? before : { ...place, mode: 'logprob', current: null, data: idle };
  }
}

/** The page that a row leads to. */
export function detailOfRow({ id, groupId }: RolloutRow, before: Detail): Detail {
  if (groupId === null) return { page: 'attempt', rolloutId: id, data: idle };
  const data = before.page === 'group' && before.groupId === groupId ? before.data : idle;
  return { page: 'group', groupId, focusId: id, data };
}

/** Of the group, problem or answer that the page is of. */
export function idOf(detail: Detail): string | null {
  switch (detail.page) {
    case 'none':
      return null;
    case 'group':
      return detail.groupId;
    case 'problem':
      return detail.problemId;
    case 'attempt':
    case 'tokens':
      return detail.rolloutId;
  }
}

/** The page with what became of its question. */
export function withData(detail: Detail, change: <T>(data: Loadable<T>) => Loadable<T>): Detail {
  switch (detail.page) {
    case 'none':
      return detail;
    case 'attempt':
      return { ...detail, data: change(detail.data) };
    case 'group':
      return { ...detail, data: change(detail.data) };
    case 'problem':
      return { ...detail, data: change(detail.data) };
    case 'tokens':
      return { ...detail, data: change(detail.data) };
  }
}

/** An answer to a question that the page no longer asks changes nothing. */
export function withAnswer(detail: Detail, data: DetailData): Detail {
  if (data.id !== idOf(detail)) return detail;
  if (detail.page === 'attempt' && data.page === 'attempt') return { ...detail, data: ready(data.value) };
  if (detail.page === 'group' && data.page === 'group') return { ...detail, data: ready(data.value) };
  if (detail.page === 'problem' && data.page === 'problem') return { ...detail, data: ready(data.value) };
  if (detail.page === 'tokens' && data.page === 'tokens') return { ...detail, data: ready(data.value) };
  return detail;
}

/** The largest token, or behind it the next in size. */
export function atLargestToken(detail: Detail): Detail {
  if (detail.page !== 'tokens' || detail.data.state !== 'ready') return detail;
  const order = bySize(measures(detail.data.value, detail.mode));
  const at = order[(order.indexOf(detail.current ?? -1) + 1) % Math.max(1, order.length)];
  return at === undefined ? detail : { ...detail, current: at };
}
