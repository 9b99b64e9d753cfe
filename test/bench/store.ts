/**
 * How fast the store is: `npx tsx test/bench/store.ts [rollouts]`. Writes that many 2 KB rollouts with all that belongs to them into a temporary
 * folder, asks the questions that lists ask, and prints a table and one line of JSON. The bars are those of the design (1,000,000 rollouts).
 */
import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { quantile } from '../../backend/core/stats.ts';
import type { Critique, Group, Refinement, Rollout, Verdict } from '../../backend/protocol/records.ts';
import { runConfigSchema } from '../../backend/protocol/runConfig.ts';
import { openStore } from '../../backend/store/openStore.ts';
import type { RecordBatch } from '../../backend/store/recorder.ts';
import type { RolloutFilter } from '../../backend/protocol/views.ts';
import type { Store } from '../../backend/store/store.ts';

const runId = 'bench';
const groupSize = 8;
const groupsPerStep = 64;
const problemCount = 5000;
const tokensPerRollout = 140;
const wordsPerRollout = 100;

interface Measure {
  readonly what: string;
  readonly value: number;
  readonly unit: string;
  readonly bar: string;
  readonly isMet: boolean;
}

/** A small fast generator: the bench must not measure its own making of data. */
let state = 12345;
function random(): number {
  state = (Math.imul(state, 1664525) + 1013904223) | 0;
  return (state >>> 0) / 2 ** 32;
}

/** 20,000 words; the n-th is about as frequent as 1/n. */
const vocabulary = Array.from({ length: 20_000 }, (_, i) => `w${i.toString(36)}x`);
function word(): string {
  return vocabulary[Math.floor(vocabulary.length ** random()) - 1] ?? 'w0x';
}

function text(words: number): string {
  return Array.from({ length: words }, word).join(' ');
}

function rollout(step: number, problemId: string, index: number): Rollout {
  return {
    id: `s${step}/${problemId}/${index}`,
    runId,
    step,
    problemId,
    index,
    policyVersion: step,
    seed: Math.floor(random() * 2 ** 32),
    promptTokens: Array.from({ length: 60 }, (_, i) => i),
    tokens: Array.from({ length: tokensPerRollout }, () => Math.floor(random() * 30_000)),
    behaviorLogprobs: Array.from({ length: tokensPerRollout }, () => Math.fround(-random())),
    completion: text(wordsPerRollout),
    finish: 'stop',
  };
}

function verdict(rolloutId: string): Verdict {
  const u = random();
  const status = u < 0.3 ? 'right' : u < 0.999 ? 'wrong' : 'failed';
  const cause = status === 'right' ? null : status === 'failed' ? 'verifierFailed' : u < 0.9 ? 'wrongValue' : 'noAnswer';
  return { rolloutId, verifier: 'numeric', status, reward: status === 'right' ? 1 : 0, extracted: '42', reason: 'compared with 42', cause };
}

/** One step: groups of eight, a critique and a refinement for one group in four. */
function stepBatch(step: number): RecordBatch {
  const rollouts: Rollout[] = [];
  const verdicts: Verdict[] = [];
  const critiques: Critique[] = [];
  const refinements: Refinement[] = [];
  const groups: Group[] = [];
  for (let at = 0; at < groupsPerStep; at++) {
    const problemId = `p${(step * groupsPerStep + at) % problemCount}`;
    const members = Array.from({ length: groupSize }, (_, index) => rollout(step, problemId, index));
    rollouts.push(...members);
    verdicts.push(...members.map(({ id }) => verdict(id)));
    const [first] = members;
    if (first !== undefined && at % 4 === 0) {
      const kind = step % 100 === 0 && at === 0 ? 'human' : 'stepLevel';
      const base = { runId, rolloutId: first.id };
      critiques.push({ ...base, id: `${first.id}/c`, kind, author: 'bench', text: text(30), revision: 1, supersedes: null, createdAt: 0 });
      const refinement = rollout(step, problemId, groupSize);
      refinements.push({ ...refinement, id: `${first.id}/r`, critiqueId: `${first.id}/c`, rolloutId: first.id, problemLogprobs: null });
      verdicts.push(verdict(`${first.id}/r`));
    }
    groups.push({
      id: `s${step}/${problemId}`,
      runId,
      step,
      problemId,
      kind: at % 4 === 0 ? (at % 8 === 0 ? 'rescued' : 'allWrong') : 'mixed',
      zeroSignal: false,
      excluded: 0,
      members: members.map(({ id }) => ({ id, origin: 'policy', reward: 0, advantage: 0.5, weight: 0.125 })),
    });
  }
  const update = {
    runId,
    step,
    policyVersion: step,
    loss: random(),
    gradientNorm: 1,
    learningRate: 1e-6,
    tokensSampled: 1,
    tokensTrained: 1,
    seconds: { sample: 1 },
    metrics: Object.fromEntries(Array.from({ length: 30 }, (_, i) => [`metric${i}`, random()])),
  };
  return { runId, rollouts, verdicts, critiques, refinements, groups, updates: [update], events: [{ type: 'stepFinished', update }] };
}

function write(store: Store, steps: number): { perSecond: number; perCpuSecond: number; slowestMs: number } {
  let seconds = 0;
  let cpuMicroseconds = 0;
  let slowestMs = 0;
  for (let step = 0; step < steps; step++) {
    const batch = stepBatch(step);
    const cpuBefore = process.cpuUsage();
    const began = performance.now();
    store.record(batch);
    const took = performance.now() - began;
    seconds += took / 1000;
    const { user, system } = process.cpuUsage(cpuBefore);
    cpuMicroseconds += user + system;
    slowestMs = Math.max(slowestMs, took);
  }
  const rollouts = steps * groupsPerStep * groupSize;
  return { perSecond: rollouts / seconds, perCpuSecond: (rollouts / cpuMicroseconds) * 1e6, slowestMs };
}

/** The slowest of the questions, each the median of five. */
function slowest(questions: readonly (() => unknown)[]): { ms: number; at: number } {
  const times = questions.map((question) =>
    quantile(
      Array.from({ length: 5 }, () => {
        const began = performance.now();
        question();
        return performance.now() - began;
      }),
      0.5,
    ),
  );
  const ms = Math.max(...times);
  return { ms, at: times.indexOf(ms) };
}

function ask(store: Store, steps: number): Measure[] {
  const middle = store.rolloutPage({ runId }).rows[0]?.key ?? 0;
  const filters: RolloutFilter[] = [
    { status: 'wrong' },
    { status: 'failed' },
    { cause: 'unparsable' },
    { problemId: 'p17' },
    { level: 'hard', status: 'failed', groupKind: 'rescued' },
    { critiqueKind: 'human' },
    { critiqueKind: 'self' },
    { fromStep: 3, toStep: 5, cause: 'noAnswer' },
    { groupKind: 'allRight' },
  ];
  const searches: RolloutFilter[] = [
    { text: vocabulary[0] ?? '' },
    { text: `${vocabulary[0] ?? ''} ${vocabulary[1] ?? ''} ${vocabulary[2] ?? ''}` },
    { text: vocabulary[15_000] ?? '' },
    { text: `${vocabulary[12_345] ?? ''} ${vocabulary[17_001] ?? ''}` },
    { text: `"${vocabulary[5] ?? ''} ${vocabulary[3] ?? ''} ${vocabulary[9] ?? ''}"` },
    { text: 'w1a*' },
    { text: vocabulary[0] ?? '', fromStep: 3, toStep: 5 },
    { text: vocabulary[0] ?? '', critiqueKind: 'human' },
    { text: vocabulary[0] ?? '', cause: 'unparsable' },
  ];
  const pages = slowest([
    () => store.rolloutPage({ runId }),
    () => store.rolloutPage({ runId, order: 'oldest' }),
    () => store.rolloutPage({ runId, after: Math.floor(middle / 2) }),
    () => store.group(runId, `s${steps - 1}/p${((steps - 1) * groupsPerStep) % problemCount}`),
  ]);
  const filtered = slowest(filters.map((filter) => () => store.rolloutPage({ runId, ...filter })));
  const searched = slowest(searches.map((filter) => () => store.rolloutPage({ runId, ...filter })));
  const other = (what: string, question: () => unknown): Measure => ({ what, value: slowest([question]).ms, unit: 'ms', bar: '', isMet: true });
  return [
    { what: 'page of 100', value: pages.ms, unit: 'ms', bar: '< 50', isMet: pages.ms < 50 },
    { what: `filter, slowest: ${JSON.stringify(filters[filtered.at])}`, value: filtered.ms, unit: 'ms', bar: '< 200', isMet: filtered.ms < 200 },
    { what: `text, slowest: ${JSON.stringify(searches[searched.at])}`, value: searched.ms, unit: 'ms', bar: '< 500', isMet: searched.ms < 500 },
    other('count of a filter', () => store.countRollouts(runId, { status: 'wrong' })),
    other('standing failures', () => store.standingFailures(runId, 2)),
    other('critiques to review', () => store.critiquesToReview(runId)),
    other('funnel', () => store.funnel(runId)),
    other('problem history', () => store.problemHistory(runId, 'p17')),
    other('failing problems by the verdicts of now', () => store.standingVerdicts(runId, 'current').failures()),
    other('1,000 events of the run', () => store.eventsAfter(0, 1000, runId)),
    other('news of the run', () => store.newsOf(runId, 100)),
    other('series of three metrics', () => store.series(runId, ['loss', 'metrics.metric3', 'metrics.metric29'])),
    ...searches.map((filter) => other(`text ${JSON.stringify(filter)}`, () => store.rolloutPage({ runId, ...filter }))),
    ...filters.map((filter) => other(`filter ${JSON.stringify(filter)}`, () => store.rolloutPage({ runId, ...filter }))),
  ];
}

const wanted = Number(process.argv[2] ?? 200_000);
const steps = Math.ceil(wanted / (groupsPerStep * groupSize));
const folder = mkdtempSync(join(tmpdir(), 'critique-grpo-bench-'));
try {
  const store = openStore(folder);
  const config = runConfigSchema.parse({ model: { path: 'model' }, data: { train: 'train.jsonl' } });
  store.createRun({ id: runId, name: 'bench', algorithm: 'critiqueGrpo', seed: 0, config });
  const problems = Array.from({ length: problemCount }, (_, i) => ({
    id: `p${i}`,
    prompt: [{ role: 'user' as const, content: 'How many?' }],
    answer: '42',
    level: i % 10 === 0 ? 'hard' : 'easy',
  }));
  store.record({ runId, problems });
  const { perSecond, perCpuSecond, slowestMs } = write(store, steps);
  const measures: Measure[] = [
    { what: 'rollouts written', value: perSecond, unit: '/s', bar: '≥ 10,000', isMet: perSecond >= 10_000 },
    { what: 'the same by CPU time, for a busy machine', value: perCpuSecond, unit: '/s', bar: '', isMet: true },
    { what: 'slowest step of 512 rollouts', value: slowestMs, unit: 'ms', bar: '', isMet: true },
    ...ask(store, steps),
  ];
  const fileBytes = statSync(join(folder, '.critique-grpo', 'store.db')).size;
  store.close();
  const rows = measures.map(({ what, value, unit, bar, isMet }) => ({
    what,
    value: `${value.toFixed(value < 100 ? 1 : 0)} ${unit}`,
    bar,
    met: isMet,
  }));
  console.table(rows);
  console.log(
    JSON.stringify({ rollouts: steps * groupsPerStep * groupSize, bytesPerRollout: fileBytes / (steps * groupsPerStep * groupSize), measures }),
  );
} finally {
  rmSync(folder, { recursive: true, force: true });
}
