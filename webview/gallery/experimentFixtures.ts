/** Made-up experiments for the gallery and the tests of their page: the same every time. */
import { wilsonInterval } from '../../backend/core/stats.ts';
import type { ExperimentFile } from '../../backend/protocol/experiment.ts';
import type {
  BenchmarkScores,
  CellResult,
  ExperimentDetail,
  ExperimentReport,
  ExperimentRunView,
  FunnelShares,
  SeedResult,
} from '../../backend/protocol/experimentViews.ts';
import type { CritiqueKind } from '../../backend/protocol/records.ts';

/** What a made-up experiment is like. */
export interface ExperimentTraits {
  readonly id: string;
  readonly cells: readonly CellTraits[];
  readonly seeds: readonly number[];
  readonly steps: number;
  /** Runs that are done, seed by seed; the next one is in progress where `isRunning`. */
  readonly done: number;
  readonly isRunning?: boolean;
  /** Names of evaluation sets. */
  readonly sets?: readonly string[];
  readonly levels?: readonly string[];
  /** Index of a run that failed, and why. */
  readonly failed?: Readonly<Record<number, string>>;
}

export interface CellTraits {
  readonly label: string;
  readonly values: Readonly<Record<string, string>>;
  /** How much is learned: 0 nothing, 1 all. */
  readonly gain: number;
  readonly kinds?: readonly CritiqueKind[];
}

export function detailOf(traits: ExperimentTraits): ExperimentDetail {
  const { id, cells, seeds, steps, done, isRunning = false, sets = [], failed = {} } = traits;
  const runs = seeds.flatMap((seed, s) =>
    cells.map(({ label }, c): ExperimentRunView => {
      const index = s * cells.length + c;
      const error = failed[index] ?? null;
      const isDone = index < done && error === null;
      const isCurrent = index === done && isRunning;
      const hasBegun = index < done || isCurrent;
      return {
        cell: label,
        seed,
        state: error !== null ? 'failed' : isDone ? 'finished' : isCurrent ? 'running' : 'waiting',
        runId: hasBegun ? runIdOf(traits, c, seed) : null,
        step: isDone ? steps : isCurrent || error !== null ? Math.floor(steps * 0.4) : 0,
        steps,
        setsDone: isDone ? sets.length : 0,
        sets: sets.length,
        error,
      };
    }),
  );
  const count = (state: ExperimentRunView['state']): number => runs.filter((run) => run.state === state).length;
  const finished = count('finished');
  return {
    ...{ id, name: id, path: `problems/${id}.experiment.json`, isRunning, finished, failed: count('failed'), total: runs.length },
    secondsLeft: isRunning && finished > 0 ? (runs.length - finished) * 312 : null,
    definition: definitionOf(traits),
    runs,
  };
}

export function reportOf(traits: ExperimentTraits): ExperimentReport {
  return { cells: cellsOf(traits), markdown: `# ${traits.id}\n`, figures: [], folder: `problems/.critique-grpo/experiments/${traits.id}` };
}

export function cellsOf(traits: ExperimentTraits): readonly CellResult[] {
  const finished = new Set(detailOf(traits).runs.flatMap(({ state, runId }) => (state === 'finished' ? (runId ?? []) : [])));
  return traits.cells.map((cell, c): CellResult => ({
    label: cell.label,
    values: cell.values,
    seeds: traits.seeds.filter((seed) => finished.has(runIdOf(traits, c, seed))).map((seed) => seedOf(traits, c, seed)),
  }));
}

function seedOf(traits: ExperimentTraits, c: number, seed: number): SeedResult {
  const { steps, sets = [], levels = ['easy', 'medium', 'hard'] } = traits;
  const { gain = 0, kinds = [] } = traits.cells[c] ?? {};
  const noise = (salt: number): number => hash(c * 131 + seed * 17 + salt * 7919) - 0.5;
  const learned = (step: number): number => gain / (1 + Math.exp(4 - (9 * step) / steps));
  const score = (step: number): number => clamp(0.12 + 0.62 * learned(step) + 0.03 * noise(step));
  const curve = Array.from({ length: 9 }, (_, i) => Math.round((i * steps) / 8)).map((step) => ({ step, passAt1: score(step) }));
  const points = (of: (step: number) => number): [number, number][] => Array.from({ length: steps }, (_, i) => [i + 1, of(i + 1)]);
  const hasCritiques = kinds.length > 0;
  return {
    ...{ seed, runId: runIdOf(traits, c, seed), curve },
    ...{ before: score(0), after: score(steps), best: Math.max(...curve.map(({ passAt1 }) => passAt1)) },
    byLevel: Object.fromEntries(levels.map((level, i) => [level, clamp(score(steps) + 0.2 - 0.25 * i + 0.02 * noise(90 + i))])),
    failures: { attempts: 8, before: 117, after: Math.round(117 - 70 * gain + 6 * noise(3)), problems: 256 },
    funnel: kinds.map((kind, i) => funnelOf(kind, Math.round(900 - 300 * gain + 60 * noise(20 + i)), 0.35 + 0.4 * gain + 0.1 * noise(30 + i))),
    tokens: { sampled: Math.round(4.1e5 + 6e4 * noise(4)), trained: Math.round(2.6e5 + 4e4 * noise(5)) },
    critiqueTokens: kinds.includes('self') ? 148 + 20 * noise(6) : null,
    dynamics: {
      passRate: points((step) => clamp(0.12 + 0.6 * learned(step) + 0.15 * noise(step + 200))),
      entropy: points((step) => 0.62 - 0.4 * learned(step) + 0.05 * noise(step + 400)),
      completionTokens: points((step) => 48 - 9 * learned(step) + 4 * noise(step + 600)),
      ...(hasCritiques ? { refinementTokens: points((step) => 44 + 3 * noise(step + 800)) } : {}),
    },
    benchmarks: sets.map((set, i) => benchmarkOf(set, clamp(0.2 + 0.1 * i + 0.4 * gain + 0.03 * noise(50 + i)))),
    rescue: hasCritiques ? rescueOf(gain, noise(60)) : null,
  };
}

function rescueOf(gain: number, noise: number): NonNullable<SeedResult['rescue']> {
  const critics = [
    ['verdict', 0.04],
    ['verdict-answer', 0.2],
    ['step-level', 0.45],
  ] as const;
  return {
    ...{ attempts: 4, problems: 256, persistent: 41 },
    critics: critics.map(([critic, share]) => {
      const right = Math.round(164 * clamp(share + 0.1 * gain + 0.05 * noise));
      const rescued = Math.round(41 * clamp(share + 0.15 + 0.1 * gain));
      return { critic, wrong: 164, valid: 164, refined: 164, right, questions: 41, rescued, criticTokens: 0 };
    }),
  };
}

function funnelOf(kind: CritiqueKind, wrong: number, success: number): FunnelShares {
  const critiqued = Math.round(wrong * 0.94);
  const refinedRight = Math.round(critiqued * clamp(success));
  const questions = Math.round(wrong / 8);
  const rescued = Math.round(questions * clamp(success + 0.1));
  const isModel = kind === 'self';
  return {
    ...{ kind, wrong, critiqued, refinedRight, questions, rescued },
    ...{ validCritiques: isModel ? 0.83 : 1, validRefinements: refinedRight / critiqued, rescuedQuestions: rescued / questions },
  };
}

function benchmarkOf(set: string, value: number): BenchmarkScores {
  const problems = 200;
  const greedy = { value, interval: wilsonInterval(Math.round(value * problems), problems) };
  return { set, title: set, problems, published: 500, greedy, sampled: null, byLevel: {}, failed: 0, truncated: 3, tokensSampled: 61_000 };
}

function definitionOf({ id, seeds, sets = [] }: ExperimentTraits): ExperimentFile {
  return {
    name: id,
    base: { preset: 'demo', set: {} },
    variants: [],
    axes: {},
    seeds: [...seeds],
    benchmarks: {
      sets: Object.fromEntries(sets.map((set) => [set, `${set}.jsonl`])),
      ...{ greedy: true, samples: 0, temperature: 1, maxTokens: null, limit: 200, seed: 0 },
    },
    rescue: { critics: [], attempts: 4, limit: null },
  };
}

function runIdOf({ id }: ExperimentTraits, cell: number, seed: number): string {
  return `${id}-${cell}-seed${seed}`;
}

function clamp(share: number): number {
  return Math.min(1, Math.max(0, share));
}

/** A fraction in [0, 1) that looks drawn. */
function hash(value: number): number {
  const mixed = Math.imul(value ^ (value >>> 15), 0x2c1b3c6d) ^ 0x9e3779b9;
  return ((Math.imul(mixed ^ (mixed >>> 13), 0x297a2d39) ^ (mixed >>> 16)) >>> 0) / 2 ** 32;
}
