/** The grid of an experiment: its cells, and the configuration of every run. */
import { dirname } from 'node:path';
import { messageOf, WorkbenchError } from '../core/errors.ts';
import { findBenchmark } from '../data/benchmarks/readBenchmark.ts';
import { axisTitle, variantAxis } from '../protocol/experimentAxes.ts';
import type { ExperimentFile } from '../protocol/experiment.ts';
import type { RunConfig } from '../protocol/runConfig.ts';
import { findCritic } from '../training/findPlugin.ts';
import { requirePlugins } from '../training/newRun.ts';
import { resolveRunParts, withPathsFrom } from '../training/runFile.ts';

/** An axis of the grid; `variant` is that of the named variants. */
export interface Axis {
  readonly name: string;
  readonly values: readonly string[];
}

export interface Cell {
  readonly label: string;
  /** Value of every axis as text. */
  readonly values: Readonly<Record<string, string>>;
  readonly set: Readonly<Record<string, unknown>>;
}

/** A cell of the grid with one seed. */
export interface PlannedRun {
  readonly cell: Cell;
  readonly seed: number;
  readonly config: RunConfig;
}

export interface ExperimentPlan {
  readonly definition: ExperimentFile;
  /** Of the experiment file. */
  readonly path: string;
  readonly axes: readonly Axis[];
  readonly cells: readonly Cell[];
  /** Seed by seed, so that an experiment stopped early is still one. */
  readonly runs: readonly PlannedRun[];
}

export interface PlanRequest {
  readonly definition: ExperimentFile;
  readonly path: string;
  /** The run file that `base.file` names. */
  readonly baseFile?: { readonly path: string; readonly text: string };
}

/** Every run's configuration, checked before the first is trained. Throws `experiment.sameCell`, and `config.…` or `….unknown` naming the cell. */
export function planExperiment({ definition, path, baseFile }: PlanRequest): ExperimentPlan {
  const cells = cellsOf(definition);
  const { base, name, seeds, rescue, benchmarks } = definition;
  // Misspelled names are found before anything is trained.
  rescue.critics.forEach(findCritic);
  Object.keys(benchmarks.sets).forEach(findBenchmark);
  const folder = dirname(path);
  const configOf = (cell: Cell, seed: number): RunConfig => {
    const settings = { ...base.set, ...cell.set, seed, name: `${name}-${slug(cell.label)}-seed${seed}` };
    try {
      const config = resolveRunParts({
        ...(base.preset === undefined ? {} : { preset: base.preset }),
        ...(baseFile === undefined ? {} : { file: baseFile }),
        overrides: located(settings, folder),
        remedy: 'Give "base" a preset or a run file with "model" and "data", or set "model.path" and "data.train".',
      });
      requirePlugins(config);
      return config;
    } catch (error) {
      if (!(error instanceof WorkbenchError)) throw error;
      const message = messageOf(error).replace(error.remedy, '').trim();
      throw new WorkbenchError({ code: error.code, message: `Cell "${cell.label}" of ${path}: ${message}`, remedy: error.remedy, cause: error });
    }
  };
  return {
    definition,
    path,
    axes: axesOf(definition),
    cells,
    runs: seeds.flatMap((seed) => cells.map((cell) => ({ cell, seed, config: configOf(cell, seed) }))),
  };
}

/** Every combination of a variant and a value of each axis; one cell without any. Throws `experiment.sameCell`. */
export function cellsOf({ name, variants, axes }: ExperimentFile): Cell[] {
  let cells: Omit<Cell, 'label'>[] = [{ values: {}, set: {} }];
  if (variants.length > 0) cells = variants.map(({ label, set }) => ({ values: { [variantAxis]: label }, set }));
  for (const [path, values] of Object.entries(axes)) {
    cells = cells.flatMap((cell) =>
      values.map((value) => ({ values: { ...cell.values, [path]: valueText(value) }, set: { ...cell.set, [path]: value } })),
    );
  }
  const labelled = cells.map((cell): Cell => ({ ...cell, label: labelOf(cell.values) ?? name }));
  const labels = labelled.map(({ label }) => label);
  const same = labels.find((label, i) => labels.indexOf(label) !== i);
  if (same === undefined) return labelled;
  throw new WorkbenchError({
    code: 'experiment.sameCell',
    message: `The grid has the cell "${same}" twice.`,
    remedy: 'Give each value of an axis, and each label of a variant, once.',
  });
}

/** The axes along which cells differ, in the order of the file. */
export function axesOf({ variants, axes }: ExperimentFile): Axis[] {
  const ofVariants = variants.length > 0 ? [{ name: variantAxis, values: variants.map(({ label }) => label) }] : [];
  return [...ofVariants, ...Object.entries(axes).map(([name, values]) => ({ name, values: values.map(valueText) }))];
}

function labelOf(values: Readonly<Record<string, string>>): string | undefined {
  const parts = Object.entries(values).map(([axis, value]) => (axis === variantAxis || isNameAxis(axis) ? value : `${axisTitle(axis)} ${value}`));
  return parts.length === 0 ? undefined : parts.join(' · ');
}

/** Values that say what they are. */
function isNameAxis(axis: string): boolean {
  return axis === 'algorithm' || axis === 'critic';
}

function valueText(value: unknown): string {
  if (value === null) return 'none';
  const text = typeof value === 'string' ? value : JSON.stringify(value);
  return text.length <= 60 ? text : `…${text.slice(-59)}`;
}

function slug(label: string): string {
  return (
    label
      .replaceAll('γ', 'gamma')
      .replace(/[^A-Za-z0-9.]+/g, '-')
      .replace(/^[-.]+|[-.]+$/g, '') || 'cell'
  );
}

/** Single settings with their paths made absolute, as those of a run file in that folder would be. */
function located(settings: Readonly<Record<string, unknown>>, folder: string): (readonly [path: readonly string[], value: unknown])[] {
  return Object.entries(settings).map(([name, value]) => {
    const path = name.split('.');
    const nested = path.reduceRight<unknown>((inner, key) => ({ [key]: inner }), value) as Record<string, unknown>;
    const found = path.reduce<unknown>((at, key) => (at as Record<string, unknown>)[key], withPathsFrom(folder, nested));
    return [path, found];
  });
}
