/** Made-up runs for the gallery and the tests of the dashboard: any number of steps, the same every time. */
import { wilsonInterval } from '../../backend/core/stats.ts';
import type { Evaluation, LevelScore, Update } from '../../backend/protocol/records.ts';
import { runConfigSchema } from '../../backend/protocol/runConfig.ts';
import type { Funnel, RunSummary, Series } from '../../backend/protocol/views.ts';
import { methodMetrics, type MadeUpMethod } from './runMethods.ts';

/** What a made-up run is like. */
export interface RunTraits {
  readonly id: string;
  readonly steps: number;
  /** Steps done. */
  readonly done: number;
  readonly summary?: Partial<RunSummary>;
  /** Only `critiqueGrpo`, the default, has refinements; `stuck` has no signal at all. */
  readonly kind?: MadeUpMethod;
  /** By which runs of one kind differ. */
  readonly seed?: number;
  readonly levels?: readonly string[];
  readonly evaluateEvery?: number;
}

export const startTime = Date.UTC(2026, 10, 24, 14, 5);

export function summaryOf(traits: RunTraits): RunSummary {
  const { id, steps, done, kind = 'critiqueGrpo', seed = 0 } = traits;
  const scores = evaluationsOf(traits).map(({ all }) => all.passAt1);
  return {
    id,
    name: id,
    algorithm: kind === 'stuck' ? 'grpo' : kind,
    seed,
    config: runConfigSchema.parse({
      seed,
      model: { path: 'models/demo' },
      data: { train: 'train.jsonl', heldOut: 'held-out.jsonl' },
      training: { steps },
    }),
    createdAt: startTime,
    state: 'running',
    lastStep: done === 0 ? null : done,
    bestPassAt1: scores.length === 0 ? null : Math.max(...scores),
    lastPassAt1: scores.at(-1) ?? null,
    stopMessage: null,
    secondsLeft: done < 2 ? null : (steps - done) * 3.1,
    isHumanTouched: false,
    activity: 'training',
    ...traits.summary,
  };
}

/** Update of one step, counted from 1. */
export function updateAt(step: number, { id, steps, kind = 'critiqueGrpo', seed = 0 }: RunTraits): Update {
  const noise = (salt: number): number => (hash(step * 31 + salt * 7 + seed * 101) - 0.5) * 2;
  const learned = kind === 'stuck' ? 0 : 1 / (1 + Math.exp(-(9 * (step / steps) - (kind === 'critiqueGrpo' ? 4 : 6.5))));
  const passRate = kind === 'stuck' ? 0 : clamp(0.12 + 0.62 * learned + 0.09 * noise(1));
  const groups = 8;
  const allRight = kind === 'stuck' ? 0 : Math.round(groups * clamp(passRate - 0.45 + 0.1 * noise(2)));
  const hopeless = kind === 'stuck' ? groups : Math.round((groups - allRight) * clamp(0.62 - 0.5 * learned + 0.12 * noise(3)));
  const rescued = kind === 'critiqueGrpo' ? Math.round(hopeless * clamp(0.75 + 0.2 * noise(4))) : 0;
  const allWrong = hopeless - rescued;
  const zeroSignal = allRight + allWrong;
  const refinements = kind === 'critiqueGrpo' ? hopeless : 0;
  const isIdle = zeroSignal === groups;
  const sampled = Math.round(56 * (48 - 8 * learned + 3 * noise(5)));
  return {
    runId: id,
    step,
    policyVersion: step,
    loss: isIdle ? 0 : -0.02 + 0.03 * noise(6),
    gradientNorm: isIdle ? 0 : 0.4 + 0.3 * Math.abs(noise(7)) + (step % 37 === 11 ? 2.2 : 0),
    learningRate: 0.0005 * Math.min(1, step / 10),
    tokensSampled: sampled,
    tokensTrained: isIdle ? 0 : Math.round(sampled * (1 - zeroSignal / groups)),
    seconds: { sample: 1.4 + 0.2 * noise(8), critique: 0.02, refine: refinements * 0.05, forward: 0.2, update: isIdle ? 0 : 1.1 + 0.1 * noise(9) },
    metrics: {
      groups,
      groupsAllRight: allRight,
      groupsMixed: groups - allRight - hopeless,
      groupsAllWrong: allWrong,
      groupsRescued: rescued,
      groupsZeroSignal: zeroSignal,
      verifierFailed: step % 50 === 49 ? 1 : 0,
      reward: passRate,
      passRate,
      completionTokens: sampled / 56,
      truncated: kind === 'stuck' ? 0.31 : Math.max(0, 0.05 * noise(10)),
      entropy: 0.62 - 0.4 * learned + 0.03 * noise(11),
      rolloutRatio: 1 + 0.002 * noise(12),
      rolloutShare: 0.9,
      clipFraction: Math.max(0, 0.01 * noise(13)),
      klToReference: 0.08 * learned + 0.004 * Math.abs(noise(14)),
      groupsFiltered: 0,
      updates: isIdle ? 0 : 1,
      ...methodMetrics(kind, learned, zeroSignal, noise),
      ...(refinements === 0
        ? {}
        : {
            critiques: refinements,
            refinementsRight: rescued,
            refinementsWrong: refinements - rescued,
            refinementsJoined: refinements,
            refinementTokens: 44 + 3 * noise(15),
            conditionGap: 0.9 - 0.6 * learned + 0.1 * noise(16),
            refinementRatio: 0.7 + 0.2 * learned + 0.03 * noise(17),
            refinementProbability: 0.6 + 0.3 * learned + 0.03 * noise(18),
            refinementShare: 0.1,
          }),
    },
  };
}

export function updatesOf(traits: RunTraits): readonly Update[] {
  return Array.from({ length: traits.done }, (_, i) => updateAt(i + 1, traits));
}

/** As the store answers `run/series`: every name there is. */
export function seriesOf(updates: readonly Update[]): Series {
  const rows = updates.map(({ metrics, seconds, runId: _, step: __, ...own }): Record<string, number> => ({
    ...own,
    ...Object.fromEntries(Object.entries(metrics).map(([name, value]) => [`metrics.${name}`, value])),
    ...Object.fromEntries(Object.entries(seconds).map(([name, value]) => [`seconds.${name}`, value])),
  }));
  const names = [...new Set(rows.flatMap((row) => Object.keys(row)))].sort();
  return { steps: updates.map(({ step }) => step), values: Object.fromEntries(names.map((name) => [name, rows.map((row) => row[name] ?? null)])) };
}

export function evaluationsOf(traits: RunTraits): readonly Evaluation[] {
  const { id, steps, done, kind = 'critiqueGrpo', seed = 0, levels = ['easy', 'medium', 'hard'], evaluateEvery = 20 } = traits;
  if (done === 0) return [];
  const at = Array.from({ length: Math.floor(done / evaluateEvery) + 1 }, (_, i) => i * evaluateEvery);
  return at.map((step): Evaluation => {
    const learned = kind === 'stuck' ? 0 : 1 / (1 + Math.exp(-(9 * (step / steps) - (kind === 'critiqueGrpo' ? 4 : 6.5))));
    const scores = levels.map((_, i) => {
      const ease = 1 - i / levels.length;
      return scoreOf(40, clamp(0.05 + 0.5 * ease * ease + (0.35 + 0.2 * (1 - ease)) * learned + 0.04 * (hash(step + seed * 7 + i) - 0.5)));
    });
    const right = scores.reduce((sum, { passAt1, samples }) => sum + passAt1 * samples, 0);
    const all = scoreOf(40 * levels.length, right / (40 * levels.length));
    const byLevel = Object.fromEntries(levels.map((level, i) => [level, scores[i] ?? all]));
    return { runId: id, step, set: 'heldOut', samplesPerProblem: 1, temperature: 1, all, byLevel, tokensSampled: 5000 };
  });
}

export function funnelOf({ kind = 'critiqueGrpo', done }: RunTraits): Funnel {
  const wrong = done * 21;
  if (kind !== 'critiqueGrpo' || done === 0) return { wrong, kinds: [] };
  const stepLevel = {
    kind: 'stepLevel',
    critiqued: done * 3,
    refined: done * 3,
    refinedRight: Math.round(done * 2.1),
    problems: done * 3,
    problemsRescued: done * 2,
    flagged: Math.round(done * 0.3),
    refinedRightUnflagged: Math.round(done * 1.9),
    problemsRescuedUnflagged: Math.round(done * 1.8),
  } as const;
  const self = {
    kind: 'self',
    critiqued: done,
    refined: done,
    refinedRight: Math.round(done * 0.2),
    problems: done,
    problemsRescued: Math.round(done * 0.2),
    flagged: Math.round(done * 0.1),
    refinedRightUnflagged: Math.round(done * 0.15),
    problemsRescuedUnflagged: Math.round(done * 0.15),
  } as const;
  const human = {
    kind: 'human',
    critiqued: 4,
    refined: 3,
    refinedRight: 3,
    problems: 4,
    problemsRescued: 3,
    flagged: 0,
    refinedRightUnflagged: 3,
    problemsRescuedUnflagged: 3,
  } as const;
  return { wrong, kinds: done > 20 ? [stepLevel, self, human] : [stepLevel] };
}

function scoreOf(samples: number, share: number): LevelScore {
  const right = Math.round(samples * share);
  return {
    problems: samples,
    samples,
    passAt1: right / samples,
    interval: [...wilsonInterval(right, samples)],
    passAtK: { '1': right / samples },
    neverSolved: samples - right,
  };
}

function clamp(share: number): number {
  return Math.min(1, Math.max(0, share));
}

/** A fraction in [0, 1) that looks drawn. */
function hash(value: number): number {
  const mixed = Math.imul(value ^ (value >>> 15), 0x2c1b3c6d) ^ 0x9e3779b9;
  return ((Math.imul(mixed ^ (mixed >>> 13), 0x297a2d39) ^ (mixed >>> 16)) >>> 0) / 2 ** 32;
}
