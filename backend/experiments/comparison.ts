/** A comparison as data: which variants are trained with which seeds, and what came of each run. */
import { isDeepStrictEqual } from 'node:util';
import { findAlgorithm } from '../algorithms/findAlgorithm.ts';
import { WorkbenchError } from '../core/errors.ts';
import { sum } from '../core/stats.ts';
import type { Evaluation, Update } from '../protocol/records.ts';
import type { RunConfig, Switches } from '../protocol/runConfig.ts';
import { findCritic } from '../training/findPlugin.ts';

export type Weighting = Switches['refinementWeighting'];

/** One way to train; with a seed in its configuration, one run of it. */
export interface Variant {
  readonly label: string;
  readonly config: RunConfig;
}

/** What to set side by side; an empty list stands for what the base configuration has. */
export interface VariantRequest {
  readonly algorithms: readonly string[];
  readonly critics: readonly string[];
  readonly weightings: readonly Weighting[];
}

/**
 * Every algorithm; those that need critiques with every critic and every weighting. The base configuration's switches are overrides for its
 * own algorithm and for those that need critiques; any other algorithm keeps its own defaults. Throws `algorithm.unknown`, `critic.unknown`.
 */
export function variantsOf(base: RunConfig, request: VariantRequest): Variant[] {
  const own = findAlgorithm(base.algorithm);
  const algorithms = request.algorithms.length > 0 ? request.algorithms.map(findAlgorithm) : [own];
  const critics = (request.critics.length > 0 ? request.critics : [base.critic]).map((name) => findCritic(name).name);
  const weightings = request.weightings.length > 0 ? request.weightings : [undefined];
  const variants = algorithms.flatMap((algorithm): Variant[] => {
    const { name } = algorithm;
    if (!algorithm.needs.critiques) {
      return [{ label: name, config: { ...base, algorithm: name, switches: algorithm === own ? base.switches : {} } }];
    }
    return critics.flatMap((critic) =>
      weightings.map((weighting): Variant => {
        const label = [name, ...(request.critics.length > 0 ? [critic] : []), ...(weighting === undefined ? [] : [weighting])].join(' · ');
        const switches = weighting === undefined ? base.switches : { ...base.switches, refinementWeighting: weighting };
        return { label, config: { ...base, algorithm: name, critic, switches } };
      }),
    );
  });
  return [...new Map(variants.map((variant) => [variant.label, variant])).values()];
}

/** Every variant with every seed, seed by seed, so that a comparison stopped early is still one. */
export function plannedRuns(variants: readonly Variant[], seeds: readonly number[]): Variant[] {
  return seeds.flatMap((seed) =>
    variants.map(({ label, config }) => ({ label, config: { ...config, seed, name: `${label.replaceAll(' · ', '-')}-seed${seed}` } })),
  );
}

export type Score = Pick<Evaluation, 'all' | 'byLevel' | 'samplesPerProblem'>;

export interface CurvePoint {
  readonly step: number;
  /** Tokens sampled for training until then; those of evaluations are not counted. */
  readonly tokensSampled: number;
  readonly passAt1: number;
  readonly byLevel: Readonly<Record<string, number>>;
}

export interface VariantResult {
  readonly label: string;
  readonly seed: number;
  /** What it was trained with; a result is used again only for the same configuration. */
  readonly config: RunConfig;
  /** On held-out problems. */
  readonly before: Score;
  readonly after: Score;
  readonly curve: readonly CurvePoint[];
  /** Training problems by level, and those of them that had no right answer in the run's number of tries after training. */
  readonly trainProblems: Readonly<Record<string, number>>;
  readonly neverSolved: Readonly<Record<string, number>>;
  readonly tokens: { readonly sampled: number; readonly trained: number };
  /** Of the training steps; start-up and evaluations are not counted, nor is a step that was dropped at an interruption. */
  readonly seconds: number;
  /** Of engine and trainer; one trainer process may have served earlier runs. */
  readonly peakRssMb: number;
}

/** What `results.json` holds. */
export interface Comparison {
  readonly version: 1;
  /** The command lines that made it, oldest first. */
  readonly commands: readonly string[];
  readonly results: readonly VariantResult[];
}

export interface FinishedRun extends Variant {
  readonly evaluations: readonly Evaluation[];
  readonly updates: readonly Update[];
  readonly peakRssMb: number;
}

export function resultOf({ label, config, evaluations, updates, peakRssMb }: FinishedRun): VariantResult {
  const { steps } = config.training;
  const scoreAt = (set: Evaluation['set'], step: number): Evaluation => {
    const found = evaluations.find((evaluation) => evaluation.set === set && evaluation.step === step);
    if (found === undefined) throw new Error(`A finished run of ${label} has no ${set} evaluation at step ${step}.`);
    return found;
  };
  const sampledUntil = (step: number): number => sum(updates.map((update) => (update.step <= step ? update.tokensSampled : 0)));
  const curve = evaluations
    .filter(({ set }) => set === 'heldOut')
    .sort((a, b) => a.step - b.step)
    .map(({ step, all, byLevel }): CurvePoint => ({
      step,
      tokensSampled: sampledUntil(step),
      passAt1: all.passAt1,
      byLevel: mapValues(byLevel, ({ passAt1 }) => passAt1),
    }));
  const train = scoreAt('train', steps);
  return {
    label,
    seed: config.seed,
    config,
    before: scoreOf(scoreAt('heldOut', 0)),
    after: scoreOf(scoreAt('heldOut', steps)),
    curve,
    trainProblems: mapValues(train.byLevel, ({ problems }) => problems),
    neverSolved: mapValues(train.byLevel, ({ neverSolved }) => neverSolved),
    tokens: { sampled: sampledUntil(steps), trained: sum(updates.map(({ tokensTrained }) => tokensTrained)) },
    seconds: Math.round(10 * sum(updates.flatMap(({ seconds }) => Object.values(seconds)))) / 10,
    peakRssMb,
  };
}

/** The result of this very run: same label, same configuration. */
export function findResult(results: readonly VariantResult[], { label, config }: Variant): VariantResult | undefined {
  return results.find((result) => result.label === label && isDeepStrictEqual(result.config, config));
}

/** A new result takes the place of an older one of its label and seed. */
export function withResult(results: readonly VariantResult[], added: VariantResult): VariantResult[] {
  return [...results.filter(({ label, seed }) => label !== added.label || seed !== added.seed), added];
}

/** Results by label in order of first appearance, each list by seed. */
export function byLabel(results: readonly VariantResult[]): Map<string, VariantResult[]> {
  const groups = new Map<string, VariantResult[]>();
  for (const result of results)
    groups.set(
      result.label,
      [...(groups.get(result.label) ?? []), result].sort((a, b) => a.seed - b.seed),
    );
  return groups;
}

/**
 * Runs in one table may differ in algorithm, critic, switches and seed, and those of one label in the seed only. Throws `comparison.otherSettings`
 * when earlier results of a folder are not comparable in this sense with the runs that are planned.
 */
export function checkComparable(earlier: readonly VariantResult[], planned: readonly Variant[], folder: string): void {
  for (const result of earlier) {
    for (const { label, config } of planned) {
      const mayDiffer = label === result.label ? seedKeys : variantKeys;
      const keys = [...new Set([...Object.keys(config), ...Object.keys(result.config)])] as (keyof RunConfig)[];
      const differing = keys.filter((key) => !mayDiffer.has(key) && !isDeepStrictEqual(config[key], result.config[key]));
      if (differing.length === 0) continue;
      throw new WorkbenchError({
        code: 'comparison.otherSettings',
        message: `${folder} holds a comparison with other settings: ${differing.join(', ')} of ${result.label}, seed ${result.seed}, differ.`,
        remedy: 'Give another --out, or --fresh to replace it.',
      });
    }
  }
}

const seedKeys: ReadonlySet<keyof RunConfig> = new Set(['seed', 'name']);
const variantKeys: ReadonlySet<keyof RunConfig> = new Set([...seedKeys, 'algorithm', 'critic', 'switches']);

function scoreOf({ all, byLevel, samplesPerProblem }: Evaluation): Score {
  return { all, byLevel, samplesPerProblem };
}

function mapValues<T, U>(record: Readonly<Record<string, T>>, f: (value: T) => U): Record<string, U> {
  return Object.fromEntries(Object.entries(record).map(([key, value]) => [key, f(value)]));
}
