/** A made-up run for the gallery and the tests of the explorer: any number of rollouts, computed when asked for, the same every time. */
import { wilsonInterval } from '../../backend/core/stats.ts';
import type { Audit, Critique, CritiqueCall, CritiqueKind, Group, Problem, Refinement, Rollout, Verdict } from '../../backend/protocol/records.ts';
import type {
  Attempt,
  CounterfactualEntry,
  GroupDetail,
  JudgedRefinement,
  ProblemHistory,
  RolloutFilter,
  RolloutPage,
  RolloutPageRequest,
  RolloutRow,
  TokenDetail,
} from '../../backend/protocol/views.ts';

export const runId = 'demo-critique-grpo-0';
export const rolloutsPerGroup = 7;
const problemsPerStep = 8;
const levels = ['easy', 'medium', 'hard'] as const;
const time = Date.UTC(2026, 10, 24, 14, 5);

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

export function problemAt(group: number, wording: Wording = {}): Problem {
  return {
    id: problemIdAt(group, wording),
    prompt: [
      { role: 'system', content: 'Answer step by step and end with "Answer: ".' },
      {
        role: 'user',
        content: wording.question ?? 'Leo has **22** marbles. He gets a dozen. He gets 7. He finds a score. How many, if $22 + 12 + 7 + 20 = x$?',
      },
    ],
    answer: '61',
    level: levels[group % 3] ?? 'easy',
  };
}

export function groupDetailOf(groupId: string, wording: Wording = {}): GroupDetail {
  const group = groupOf(groupId);
  const attempts = Array.from({ length: rolloutsPerGroup }, (_, index) => attemptAt(group * rolloutsPerGroup + index, wording));
  const guest = group % 3 === 2 ? guestOf(group, wording) : [];
  const joined = attempts.flatMap(({ refinements }) => refinements).slice(0, 1);
  const members: Group['members'] = [
    ...attempts
      .filter(({ verdict }) => verdict?.status !== 'failed')
      .map(({ rollout, verdict }) => memberOf(rollout.id, 'policy', verdict?.reward ?? 0)),
    ...[...joined, ...guest].map(({ refinement, verdict }) => memberOf(refinement.id, 'refinement', verdict?.reward ?? 0)),
  ];
  const mean = members.reduce((sum, { reward }) => sum + reward, 0) / members.length;
  const credited = members.map((member) => ({ ...member, advantage: member.reward - mean, weight: member.origin === 'refinement' ? 7 : 1 }));
  const row = rowAt(group * rolloutsPerGroup, wording);
  return {
    group: {
      id: row.groupId ?? '',
      runId,
      step: row.step,
      problemId: row.problemId,
      kind: row.groupKind ?? 'mixed',
      zeroSignal: credited.every(({ advantage }) => advantage === 0),
      excluded: rolloutsPerGroup - attempts.filter(({ verdict }) => verdict?.status !== 'failed').length,
      members: credited,
    },
    problem: problemAt(group, wording),
    attempts,
    guests: guest,
  };
}

export function attemptOf(rolloutId: string, wording: Wording = {}): Attempt {
  const index = Number(/\/r(\d+)/.exec(rolloutId)?.[1] ?? 0);
  return attemptAt(groupOf(rolloutId.replace(/\/r\d.*$/, '')) * rolloutsPerGroup + index, wording);
}

export function historyOf(problemId: string, wording: Wording = {}): ProblemHistory {
  const first = Number(/(\d+)/.exec(problemId)?.[1] ?? 2);
  const groups = Array.from({ length: 9 }, (_, visit) => first + visit * 24);
  const visits = groups.map((group, visit) => {
    const right = Math.min(rolloutsPerGroup, Math.max(0, visit - 3));
    const kind = right === 0 ? (visit === 0 ? 'allWrong' : 'rescued') : right === rolloutsPerGroup ? 'allRight' : 'mixed';
    return {
      step: Math.floor(group / problemsPerStep) + 1,
      groupId: groupIdAt(group, wording),
      kind,
      right,
      wrong: rolloutsPerGroup - right,
      failed: 0,
    } as const;
  });
  const critiques = groups.slice(1, 4).flatMap((group) => {
    const { critiques: written, refinements } = attemptAt(group * rolloutsPerGroup + 1, wording);
    return written.map((critique) => ({ critique, step: Math.floor(group / problemsPerStep) + 1, refinements }));
  });
  return { problem: problemAt(first, wording), visits, critiques };
}

/** The refinement's tokens: a few are likely only because of the critique. `count` repeats the answer to that length. */
export function tokensOf(id: string, count: number, wording: Wording = {}): TokenDetail {
  const isRefinement = id.includes('/f');
  const words = (wording.answer ?? answerAt('right', 0)).match(/\s*\S+|\s+$/g) ?? ['?'];
  return {
    rolloutId: id,
    isRefinement,
    tokens: Array.from({ length: count }, (_, i) => {
      const logprob = -((((i * 7919) % 97) / 97) ** 6) * 6 - 0.001;
      const gap = (i * 31) % 17 === 0 ? 4.5 : (((i * 13) % 23) / 23 - 0.3) * 0.6;
      return {
        text: `${words[i % words.length] ?? ''}${(i + 1) % words.length === 0 ? '\n' : ''}`,
        logprob,
        problemLogprob: isRefinement ? Math.min(-0.001, logprob - gap) : null,
        entropy: ((i * 37) % 101) / 40,
      };
    }),
    advantage: isRefinement ? 0.875 : -0.125,
    weight: isRefinement ? 7 : 1,
    shapingGamma: isRefinement ? 0.1 : null,
  };
}

export function counterfactualOf(
  critics: readonly string[],
  humanText: string | undefined,
  samples: number,
  rolloutId: string,
): readonly CounterfactualEntry[] {
  const names = [...critics, ...(humanText === undefined ? [] : ['human'])];
  const { critiques } = attemptOf(rolloutId);
  return names.map((critic) => {
    const share = { none: 0, verdict: 0, 'verdict-answer': 0.06, 'step-level': 0.62, self: 0.12, human: 0.9 }[critic] ?? 0;
    const right = Math.round(samples * share);
    const error = critic === 'self' ? 'The critic self has nothing to say: its answer was empty.' : null;
    const text =
      { none: '', verdict: 'The answer is wrong.', 'verdict-answer': 'The answer is wrong. It should be 61.', human: humanText ?? '' }[critic] ??
      critiques[0]?.text ??
      '';
    const refinements = error !== null ? [] : Array.from({ length: samples }, (_, i) => refinementAt(rolloutId, `trial-${critic}`, i, i < right, {}));
    const total = refinements.length;
    return {
      critic,
      text: error === null ? text : '',
      error,
      refinements,
      success: { right: total === 0 ? 0 : right, total, interval: wilsonInterval(total === 0 ? 0 : right, total) },
    };
  });
}

function attemptAt(key: number, wording: Wording): Attempt {
  const row = rowAt(key, wording);
  const critiques = row.critiqueKinds.map((kind, i) => critiqueAt(row.id, kind, i, wording));
  const verdict: Verdict = {
    rolloutId: row.id,
    verifier: 'numeric',
    status: row.status ?? 'wrong',
    reward: row.reward ?? 0,
    extracted: row.extracted,
    reason: { right: '61 equals the gold answer.', wrong: '59 is not 61.', failed: 'The verifier took longer than 2,000 ms.' }[row.status ?? 'wrong'],
    cause: row.cause,
  };
  const refinements = critiques.slice(-1).map(({ id }) => refinementAt(row.id, id, 0, row.index < 5, wording));
  const audits = critiques.slice(0, 1).map(({ id }): Audit => ({ runId, id, subject: 'critique', rolloutId: row.id, flags: ['statesAnswer'] }));
  const calls = critiques.filter(({ kind }) => kind === 'self').map((): CritiqueCall => callAt(row.id, row.step));
  return { rollout: rolloutAt(row, wording.answer ?? answerAt(row.status, key)), verdict, critiques, refinements, audits, calls };
}

function callAt(rolloutId: string, step: number): CritiqueCall {
  const asked = { model: 'judge-70b', attempts: 2, promptTokens: 812, completionTokens: 240, cost: 0.0021, isCached: false, seconds: 1.4 };
  const said = { conclusion: 'wrong', disagreements: 1, fallback: null, isCutOff: false, error: null } as const;
  return { runId, rolloutId, step, critic: 'chain-of-thought', ...asked, ...said };
}

function rolloutAt({ id, step, problemId, index, finish, tokenCount }: RolloutRow, completion: string): Rollout {
  const tokens = Array.from({ length: tokenCount }, (_, i) => i);
  return {
    id,
    runId,
    step,
    problemId,
    index,
    policyVersion: step - 1,
    seed: 7,
    promptTokens: [1],
    tokens,
    behaviorLogprobs: tokens.map(() => -0.1),
    completion,
    finish,
  };
}

function critiqueAt(rolloutId: string, kind: CritiqueKind, i: number, wording: Wording): Critique {
  const text = wording.critique ?? (kind === 'human' ? 'Check step 3: a score means + 20.' : 'Step 3: + 20.');
  const id = `${rolloutId}/c${i}`;
  return {
    id,
    runId,
    rolloutId,
    kind,
    author: kind === 'human' ? 'Ada' : 'step-level',
    text,
    revision: i + 1,
    supersedes: i === 0 ? null : `${rolloutId}/c${i - 1}`,
    createdAt: time + i * 90_000,
  };
}

function refinementAt(rolloutId: string, critiqueId: string, i: number, isRight: boolean, wording: Wording): JudgedRefinement {
  const id = `${rolloutId}/f${i}-${critiqueId.split('/').at(-1) ?? ''}`;
  const completion = wording.answer === undefined ? answerAt(isRight ? 'right' : 'wrong', i) : wording.answer.replaceAll('59', '61');
  const { rollout } = { rollout: rolloutAt({ ...rowAt(0), id }, completion) };
  const refinement: Refinement = { ...rollout, critiqueId, rolloutId, problemLogprobs: null };
  const status = isRight ? 'right' : 'wrong';
  return {
    refinement,
    verdict: {
      rolloutId: id,
      verifier: 'numeric',
      status,
      reward: isRight ? 1 : 0,
      extracted: isRight ? '61' : '59',
      reason: isRight ? '61 equals the gold answer.' : '59 is not 61.',
      cause: isRight ? null : 'wrongValue',
    },
  };
}

function guestOf(group: number, wording: Wording): GroupDetail['guests'] {
  const earlier = rowAt(Math.max(0, group - 24) * rolloutsPerGroup, wording).id;
  const critique = critiqueAt(earlier, 'human', 1, wording);
  return [{ ...refinementAt(earlier, critique.id, 9, true, wording), critique }];
}

function memberOf(id: string, origin: 'policy' | 'refinement', reward: number): Group['members'][number] {
  return { id, origin, reward, advantage: 0, weight: 1 };
}

function statusAt(key: number): Verdict['status'] {
  const group = Math.floor(key / rolloutsPerGroup);
  if (key % 211 === 210) return 'failed';
  return group % 3 === 0 ? 'right' : group % 3 === 1 && key % 2 === 0 ? 'right' : 'wrong';
}

function answerAt(status: Verdict['status'] | null, key: number): string {
  const last = status === 'right' ? '41 + 20 = 61' : '41 + 18 = 59';
  return `Step 1: 22 + 12 = 34.\nStep 2: 34 + 7 = 41.\nStep 3: ${last}.\n${key % rolloutsPerGroup === 3 && status === 'wrong' ? 'Answ' : `Answer: ${status === 'right' ? 61 : 59}.`}`;
}

function problemIdAt(group: number, { id }: Wording): string {
  return id === undefined ? `chain-${group % 24}` : `${id}-${group % 24}`;
}

function groupIdAt(group: number, wording: Wording): string {
  return `${runId}/${Math.floor(group / problemsPerStep) + 1}/${problemIdAt(group, wording)}/g${group}`;
}

function groupOf(groupId: string): number {
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
