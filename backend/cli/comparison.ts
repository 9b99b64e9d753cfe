/** A comparison as data: which variants are trained with which seeds, and what came of each run. */
import { findAlgorithm } from '../algorithms/findAlgorithm.ts';
import type { Evaluation, PersistentFailure, Update } from '../protocol/records.ts';
import type { RunConfig } from '../protocol/runConfig.ts';
import { findCritic } from '../training/openRun.ts';

export interface Variant {
  readonly label: string;
  readonly config: RunConfig;
}

export interface VariantRequest {
  /** Names; empty means what the base configuration has. */
  readonly algorithms: readonly string[];
  readonly critics: readonly string[];
  readonly weightings: readonly RunConfig['switches']['refinementWeighting'][];
}

/**
 * Every algorithm; those that need critiques with every critic and weighting. Algorithms that need none keep their own switches:
 * the base configuration's switches (trigger, number of critiques) are about critiques.
 */
export function variantsOf(base: RunConfig, request: VariantRequest): Variant[] {
  const names = request.algorithms.length > 0 ? request.algorithms : [base.algorithm];
  return names.flatMap((name): Variant[] => {
    const algorithm = findAlgorithm(name);
    if (!algorithm.needs.critiques) return [{ label: algorithm.name, config: { ...base, algorithm: algorithm.name, switches: {} } }];
    const critics = (request.critics.length > 0 ? request.critics : [base.critic]).map((critic) => findCritic(critic).name);
    const weightings = request.weightings.length > 0 ? request.weightings : [base.switches.refinementWeighting];
    return critics.flatMap((critic) =>
      weightings.map((refinementWeighting): Variant => {
        const label = [
          algorithm.name,
          ...(critics.length > 1 || request.critics.length > 0 ? [critic] : []),
          ...(weightings.length > 1 ? [String(refinementWeighting)] : []),
        ].join(' · ');
        return {
          label,
          config: {
            ...base,
            algorithm: algorithm.name,
            critic,
            switches: { ...base.switches, ...(refinementWeighting === undefined ? {} : { refinementWeighting }) },
          },
        };
      }),
    );
  });
}

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
  /** The configuration it was trained with; a result is used again only for the same one. */
  readonly config: RunConfig;
  readonly curve: readonly CurvePoint[];
  /** Training problems, and those never solved in the run's number of tries after training, by level. */
  readonly trainProblems: Readonly<Record<string, number>>;
  readonly neverSolved: Readonly<Record<string, number>>;
  readonly tokens: { readonly sampled: number; readonly trained: number };
  readonly seconds: number;
  readonly peakRssMb: number;
}

export interface FinishedRun {
  readonly label: string;
  readonly config: RunConfig;
  readonly evaluations: readonly Evaluation[];
  readonly updates: readonly Update[];
  readonly failuresAfter: readonly PersistentFailure[];
  readonly seconds: number;
  readonly peakRssMb: number;
}

export function resultOf({ label, config, evaluations, updates, failuresAfter, seconds, peakRssMb }: FinishedRun): VariantResult {
  const sampledUntil = (step: number): number => updates.reduce((sum, update) => sum + (update.step <= step ? update.tokensSampled : 0), 0);
  const curve = evaluations
    .filter(({ set }) => set === 'heldOut')
    .map(({ step, all, byLevel }): CurvePoint => {
      return {
        step,
        tokensSampled: sampledUntil(step),
        passAt1: all.passAt1,
        byLevel: Object.fromEntries(Object.entries(byLevel).map(([level, score]) => [level, score.passAt1])),
      };
    });
  const train = evaluations.find(({ set, step }) => set === 'train' && step === config.training.steps);
  const levels = Object.entries(train?.byLevel ?? {});
  return {
    label,
    seed: config.seed,
    config,
    curve,
    trainProblems: Object.fromEntries(levels.map(([level, { problems }]) => [level, problems])),
    neverSolved: Object.fromEntries(levels.map(([level]) => [level, failuresAfter.filter((failure) => failure.level === level).length])),
    tokens: { sampled: sampledUntil(Infinity), trained: updates.reduce((sum, update) => sum + update.tokensTrained, 0) },
    seconds: Math.round(seconds * 10) / 10,
    peakRssMb,
  };
}

/** Results by label, in order of first appearance. */
export function byLabel(results: readonly VariantResult[]): Map<string, VariantResult[]> {
  const groups = new Map<string, VariantResult[]>();
  for (const result of results) groups.set(result.label, [...(groups.get(result.label) ?? []), result]);
  return groups;
}
