/** Groups, answers, critiques and refinements of the made-up run whose list is in `explorerRows.ts`. */
import type { Audit, Critique, CritiqueCall, CritiqueKind, Group, Problem, Refinement, Rollout, Verdict } from '../../backend/protocol/records.ts';
import type { Attempt, GroupDetail, JudgedRefinement, ProblemHistory, RolloutRow } from '../../backend/protocol/views.ts';
import { answerAt, groupIdAt, groupOf, levels, problemIdAt, problemsPerStep, rolloutsPerGroup, rowAt, runId, type Wording } from './explorerRows.ts';

const time = Date.UTC(2026, 10, 24, 14, 5);

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

export function refinementAt(rolloutId: string, critiqueId: string, i: number, isRight: boolean, wording: Wording): JudgedRefinement {
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
