/** The list of a made-up run for the gallery and the tests of the explorer: any number of rollouts, computed when asked for, the same every time. */
import type { CritiqueKind, Verdict } from '../../backend/protocol/records.ts';
import type { RolloutFilter, RolloutPage, RolloutPageRequest, RolloutRow, Series } from '../../backend/protocol/views.ts';

export const runId = 'demo-critique-grpo-0';

export const rolloutsPerGroup = 7;

export const problemsPerStep = 8;

export const levels = ['easy', 'medium', 'hard'] as const;

/** Texts in place of the run's own, to see what a page makes of them. */
export interface Wording {
  readonly answer?: string;
  readonly question?: string;
  readonly critique?: string;
  readonly id?: string;
}

export function rowAt(key: number, wording: Wording = {}): RolloutRow {
  const group = Math.floor(key / rolloutsPerGroup);
  const index = key % rolloutsPerGroup;
  const step = Math.floor(group / problemsPerStep) + 1;
  const level = levels[group % 3] ?? 'easy';
  const status = statusAt(key);
  const kinds: readonly CritiqueKind[] = status === 'wrong' && level === 'hard' ? (index === 0 ? ['stepLevel', 'human'] : ['stepLevel']) : [];
  return {
    key,
    id: `${groupIdAt(group, wording)}/r${index}`,
    step,
    problemId: problemIdAt(group, wording),
    index,
    level,
    status,
    reward: status === 'failed' ? null : status === 'right' ? 1 : 0,
    extracted: status === 'right' ? '61' : status === 'wrong' ? '59' : null,
    cause: status === 'right' ? null : status === 'failed' ? 'verifierFailed' : index === 3 ? 'truncated' : 'wrongValue',
    groupId: groupIdAt(group, wording),
    groupKind: level === 'hard' ? 'rescued' : level === 'medium' ? 'mixed' : 'allRight',
    critiqueKinds: kinds,
    finish: index === 3 && status === 'wrong' ? 'length' : 'stop',
    tokenCount: 41 + (key % 9),
    excerpt: (wording.answer ?? answerAt(status, key)).slice(0, 280),
  };
}

export function pageOf(
  total: number,
  { after, limit = 100, order: _, runId: __, ...filter }: RolloutPageRequest,
  wording: Wording = {},
): RolloutPage {
  const rows: RolloutRow[] = [];
  for (let key = Math.min(total, after ?? total) - 1; key >= 0; key--) {
    const row = rowAt(key, wording);
    if (!matches(row, filter)) continue;
    if (rows.length === limit) return { rows, next: rows.at(-1)?.key ?? null };
    rows.push(row);
  }
  return { rows, next: null };
}

export function countOf(total: number, filter: RolloutFilter, wording: Wording = {}): number {
  return Object.keys(filter).length === 0 ? total : pageOf(total, { ...filter, runId, limit: total + 1 }, wording).rows.length;
}

export function statusAt(key: number): Verdict['status'] {
  const group = Math.floor(key / rolloutsPerGroup);
  if (key % 211 === 210) return 'failed';
  return group % 3 === 0 ? 'right' : group % 3 === 1 && key % 2 === 0 ? 'right' : 'wrong';
}

export function answerAt(status: Verdict['status'] | null, key: number): string {
  const last = status === 'right' ? '41 + 20 = 61' : '41 + 18 = 59';
  return `Step 1: 22 + 12 = 34.\nStep 2: 34 + 7 = 41.\nStep 3: ${last}.\n${key % rolloutsPerGroup === 3 && status === 'wrong' ? 'Answ' : `Answer: ${status === 'right' ? 61 : 59}.`}`;
}

export function problemIdAt(group: number, { id }: Wording): string {
  return id === undefined ? `chain-${group % 24}` : `${id}-${group % 24}`;
}

export function groupIdAt(group: number, wording: Wording): string {
  return `${runId}/${Math.floor(group / problemsPerStep) + 1}/${problemIdAt(group, wording)}/g${group}`;
}

export function groupOf(groupId: string): number {
  return Number(/g(\d+)$/.exec(groupId)?.[1] ?? 2);
}

function matches(row: RolloutRow, { problemId, level, status, cause, critiqueKind, groupKind, fromStep, toStep, text }: RolloutFilter): boolean {
  const wanted = { problemId, level, status, cause, groupKind };
  return (
    (Object.keys(wanted) as (keyof typeof wanted)[]).every((key) => wanted[key] === undefined || row[key] === wanted[key]) &&
    (critiqueKind === undefined || row.critiqueKinds.includes(critiqueKind)) &&
    (fromStep === undefined || row.step >= fromStep) &&
    (toStep === undefined || row.step <= toStep) &&
    (text === undefined || row.excerpt.toLowerCase().includes(text.toLowerCase()))
  );
}

/** As the store answers `run/series` of what dynamic sampling left out: with it, some groups of every step. */
export function filteredSeriesOf(total: number, filtersGroups: boolean): Series {
  const last = rowAt(Math.max(0, total - 1)).step;
  const steps = Array.from({ length: last }, (_, i) => i + 1);
  return { steps, values: { 'metrics.groupsFiltered': steps.map(() => (filtersGroups ? 3 : 0)) } };
}
