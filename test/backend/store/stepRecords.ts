/** A made-up run for the tests of the store: the same step always gives the same records. */
import { createHash } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import type { Audit, Critique, CritiqueCall, Group, GroupKind, Problem, Refinement, Rollout, Verdict } from '../../../backend/protocol/records.ts';
import { runConfigSchema } from '../../../backend/protocol/runConfig.ts';
import { openStore } from '../../../backend/store/openStore.ts';
import type { RecordBatch } from '../../../backend/store/recorder.ts';
import type { NewRun } from '../../../backend/store/runQueries.ts';
import type { Store } from '../../../backend/store/store.ts';

const config = runConfigSchema.parse({ model: { path: 'model' }, data: { train: 'train.jsonl' } });

export function newRun(id: string): NewRun {
  return { id, name: id, algorithm: 'critiqueGrpo', seed: 7, config };
}

const levels = ['easy', 'hard'];
const problemCount = 6;
const rolloutsPerGroup = 4;
const words = ['apples', 'pears', 'twelve', 'minus', 'plus', 'seven', 'boxes', 'total', 'answer', 'wrong'];

export const problems: readonly Problem[] = Array.from({ length: problemCount }, (_, i) => ({
  id: `problem-${i}`,
  prompt: [{ role: 'user', content: `What is ${i} plus ${i}?` }],
  answer: String(2 * i),
  level: levels[i % levels.length] ?? 'easy',
  ...(i % 2 === 0 ? { solution: { start: i, steps: [{ operator: '+', operand: i, phrase: 'plus' }] } } : { demonstration: 'It is even.' }),
}));

/** Two groups of four rollouts; a wrong rollout of a group without a right one has a critique and a refinement. */
export function stepBatch(runId: string, step: number): Required<RecordBatch> {
  const rollouts: Rollout[] = [];
  const verdicts: Verdict[] = [];
  const critiques: Critique[] = [];
  const refinements: Refinement[] = [];
  const groups: Group[] = [];
  for (const offset of [0, 1]) {
    const problem = problems[(2 * step + offset) % problems.length];
    if (problem === undefined) throw new Error('no problem');
    const ofGroup = Array.from({ length: rolloutsPerGroup }, (_, index) => rollout(runId, step, problem.id, index));
    const judged = ofGroup.map(({ id }) => verdict(id));
    const hasRight = judged.some(({ status }) => status === 'right');
    let isRescued = false;
    if (!hasRight) {
      const at = judged.findIndex(({ status }) => status === 'wrong');
      const failed = ofGroup[at];
      if (failed !== undefined) {
        const kind = pick(`kind ${failed.id}`, ['stepLevel', 'self'] as const);
        const critique: Critique = {
          id: `${failed.id}/critique`,
          runId,
          rolloutId: failed.id,
          kind,
          author: 'critic',
          text: `Look at ${pick(`look ${failed.id}`, words)} again.`,
          revision: 1,
          supersedes: null,
          createdAt: 1000 + step,
        };
        const base = rollout(runId, step, problem.id, rolloutsPerGroup);
        const refinement: Refinement = { ...base, id: `${failed.id}/refined`, critiqueId: critique.id, rolloutId: failed.id, problemLogprobs: null };
        const result = verdict(refinement.id);
        isRescued = result.status === 'right';
        critiques.push(critique);
        refinements.push(isRescued ? { ...refinement, problemLogprobs: base.behaviorLogprobs.map((x) => Math.fround(x - 0.25)) } : refinement);
        judged.push(result);
      }
    }
    const rights = judged.slice(0, rolloutsPerGroup).filter(({ status }) => status === 'right').length;
    const kind: GroupKind = rights === 0 ? (isRescued ? 'rescued' : 'allWrong') : rights === rolloutsPerGroup ? 'allRight' : 'mixed';
    groups.push({
      id: `${runId}/${step}/${problem.id}`,
      runId,
      step,
      problemId: problem.id,
      kind,
      zeroSignal: kind === 'allWrong' || kind === 'allRight',
      excluded: judged.filter(({ status }) => status === 'failed').length,
      members: ofGroup
        .filter((_, i) => judged[i]?.status !== 'failed')
        .map(({ id }, i) => ({ id, origin: 'policy', reward: judged[i]?.reward ?? 0, advantage: hash(`advantage ${id}`) / 2 ** 32, weight: 0.25 })),
    });
    rollouts.push(...ofGroup);
    verdicts.push(...judged);
  }
  const update = {
    runId,
    step,
    policyVersion: step + 1,
    loss: hash(`loss ${step}`) / 2 ** 31 - 1,
    gradientNorm: 0.1 + step,
    learningRate: 1e-4,
    tokensSampled: 100,
    tokensTrained: 80,
    seconds: { sample: 0.5 + step, train: 0.25 },
    metrics: { entropy: hash(`entropy ${step}`) / 2 ** 32, 'reward/mean': 0.5, ...(step % 2 === 0 ? { even: 1 } : {}) },
  };
  return {
    runId,
    problems: step === 0 ? problems : [],
    rollouts,
    verdicts,
    critiques,
    critiqueCalls: critiques.map(callOf),
    audits: critiques.filter(({ id }) => hash(`audit ${id}`) % 4 === 0).map(auditOf),
    refinements,
    trials: [],
    groups,
    updates: [update],
    evaluations: [],
    persistentFailures: [],
    events: [
      ...groups.map(({ id, problemId, kind, zeroSignal }) => ({ type: 'groupFinished', step, groupId: id, problemId, kind, zeroSignal }) as const),
      { type: 'noticeRaised', code: 'verifier.failed', message: 'A verifier failed.', step },
      { type: 'noticeRaised', code: 'verifier.failed', message: 'A verifier failed.', step },
      { type: 'stepFinished', update },
    ],
  };
}

function callOf({ runId, rolloutId }: Critique, i: number): CritiqueCall {
  const isFallback = i % 2 === 1;
  return {
    runId,
    rolloutId,
    step: Number(rolloutId.split('/')[1]),
    critic: 'chain-of-thought',
    model: 'judge',
    attempts: 1 + i,
    promptTokens: 100,
    completionTokens: 20 + i,
    cost: 0.25,
    isCached: false,
    conclusion: isFallback ? null : 'wrong',
    disagreements: i,
    fallback: isFallback ? 'verdict' : null,
    isCutOff: isFallback,
    error: isFallback ? 'the critique was cut off' : null,
    seconds: 0.5,
  };
}

function auditOf({ runId, id, rolloutId }: Critique): Audit {
  return { runId, id, subject: 'critique', rolloutId, flags: ['statesAnswer', 'cutOff'] };
}

/** A store of a folder of its own, both gone after the test. */
export function temporaryStore(): { store: Store; workspace: string } {
  const workspace = temporaryFolder();
  const store = openStore(workspace, { clock: () => 5000 });
  onTestFinished(() => store.close());
  return { store, workspace };
}

export function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'critique-grpo-store-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** A store with runs of so many steps each. */
export function filledStore(steps: Readonly<Record<string, number>>): { store: Store; workspace: string } {
  const made = temporaryStore();
  for (const runId of Object.keys(steps)) made.store.createRun(newRun(runId));
  // Interleaved, so that no run's rows lie together.
  for (let step = 0; step < Math.max(...Object.values(steps)); step++) {
    for (const [runId, count] of Object.entries(steps)) if (step < count) made.store.record(stepBatch(runId, step));
  }
  return made;
}

function rollout(runId: string, step: number, problemId: string, index: number): Rollout {
  const id = `${runId}/${step}/${problemId}/${index}`;
  const n = 1 + (hash(`length ${id}`) % 6);
  const text = Array.from({ length: n }, (_, i) => pick(`${i} ${id}`, words)).join(' ');
  return {
    id,
    runId,
    step,
    problemId,
    index,
    policyVersion: step,
    seed: hash(`seed ${id}`),
    promptTokens: [1, 2, 70_000],
    tokens: Array.from({ length: n }, (_, i) => hash(`token ${i} ${id}`) % 1000),
    behaviorLogprobs: Array.from({ length: n }, (_, i) => Math.fround(-(hash(`logprob ${i} ${id}`) / 2 ** 32))),
    completion: text,
    finish: pick(`finish ${id}`, ['stop', 'length'] as const),
  };
}

function verdict(rolloutId: string): Verdict {
  const status = pick(`status ${rolloutId}`, ['right', 'wrong', 'wrong', 'wrong', 'wrong', 'failed'] as const);
  const cause = status === 'wrong' ? pick(`cause ${rolloutId}`, ['wrongValue', 'noAnswer'] as const) : status === 'failed' ? 'verifierFailed' : null;
  return {
    rolloutId,
    verifier: 'numeric',
    status,
    reward: status === 'right' ? 1 : 0,
    extracted: status === 'failed' ? null : '4',
    reason: 'because',
    cause,
  };
}

function pick<T>(key: string, choices: readonly T[]): T {
  const choice = choices[hash(key) % choices.length];
  if (choice === undefined) throw new Error('nothing to pick from');
  return choice;
}

/** 32 even bits. */
function hash(key: string): number {
  return createHash('sha1').update(key).digest().readUInt32LE(0);
}
