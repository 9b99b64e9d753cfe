/** What came of the runs of an experiment, read from the store: plain data for tables, figures and views. */
import { mean, sum } from '../core/stats.ts';
import type { BenchmarkScores, CellResult, FunnelShares, RescueStudy, SeedResult } from '../protocol/experimentViews.ts';
import type { CritiqueCall, Evaluation, Update } from '../protocol/records.ts';
import type { FunnelOfKind, RunView } from '../protocol/views.ts';
import type { StoreReader } from '../store/storeReader.ts';
import type { ExperimentFolder } from './experimentFolder.ts';
import type { ExperimentPlan } from './grid.ts';
import { runOf } from './runExperiment.ts';

/** Numbers of updates whose course over the steps is shown. */
export const dynamicsShown = ['reward', 'passRate', 'entropy', 'completionTokens', 'refinementTokens', 'conditionGap'] as const;

/** Cells in the order of the grid, each with the seeds that are finished; a cell without any has none. */
export async function cellResults(plan: ExperimentPlan, folder: ExperimentFolder, store: StoreReader): Promise<CellResult[]> {
  const cells: CellResult[] = [];
  const known = store.runs();
  for (const cell of plan.cells) {
    const seeds: SeedResult[] = [];
    for (const { config, seed } of plan.runs.filter((run) => run.cell === cell)) {
      const run = runOf(known, config);
      if (run?.state !== 'finished') continue;
      const scores = await folder.scores(run.id);
      const inOrder = Object.keys(plan.definition.benchmarks.sets).flatMap((set) => Object.values(scores).find((score) => isSet(score, set)) ?? []);
      const rescue = plan.definition.rescue.critics.length === 0 ? null : await folder.rescue(run.id);
      seeds.push(seedResult(store, run, seed, { benchmarks: inOrder, rescue }));
    }
    cells.push({ label: cell.label, values: cell.values, seeds });
  }
  return cells;
}

/** Of a run with all of its steps. */
export function seedResult(
  store: StoreReader,
  run: RunView,
  seed: number,
  { benchmarks, rescue }: { readonly benchmarks: readonly BenchmarkScores[]; readonly rescue: RescueStudy | null },
): SeedResult {
  const { steps } = run.config.training;
  const evaluations = store.evaluations(run.id);
  const updates = store.updates(run.id);
  const heldOut = evaluations.filter(({ set }) => set === 'heldOut').sort((a, b) => a.step - b.step);
  const train = (step: number): Evaluation | undefined => evaluations.find((evaluation) => evaluation.set === 'train' && evaluation.step === step);
  const last = heldOut.findLast(({ step }) => step === steps);
  const calls = store.critiqueCalls(run.id);
  const written = calls.filter(({ completionTokens }) => completionTokens > 0);
  return {
    seed,
    runId: run.id,
    before: heldOut.find(({ step }) => step === 0)?.all.passAt1 ?? null,
    after: last?.all.passAt1 ?? null,
    best: heldOut.length === 0 ? null : Math.max(...heldOut.map(({ all }) => all.passAt1)),
    byLevel: Object.fromEntries(Object.entries(last?.byLevel ?? {}).map(([level, { passAt1 }]) => [level, passAt1])),
    failures: {
      attempts: train(steps)?.samplesPerProblem ?? run.config.evaluation.failureAttempts,
      before: train(0)?.all.neverSolved ?? 0,
      after: train(steps)?.all.neverSolved ?? 0,
      problems: train(steps)?.all.problems ?? 0,
    },
    funnel: funnelShares(store.funnel(run.id), calls),
    tokens: { sampled: sum(updates.map(({ tokensSampled }) => tokensSampled)), trained: sum(updates.map(({ tokensTrained }) => tokensTrained)) },
    critiqueTokens: written.length === 0 ? null : mean(written.map(({ completionTokens }) => completionTokens)),
    curve: heldOut.map(({ step, all }) => ({ step, passAt1: all.passAt1 })),
    dynamics: dynamicsOf(updates),
    benchmarks,
    rescue,
  };
}

/**
 * Shares of the funnel (arXiv 2506.03106, appendix E). Of a critic that is a model, a critique is valid when it was used: had, not in contradiction
 * to the verifier, and no other stood in; of any other critic every critique is.
 */
export function funnelShares(
  { wrong, kinds }: { readonly wrong: number; readonly kinds: readonly FunnelOfKind[] },
  calls: readonly CritiqueCall[],
): FunnelShares[] {
  const share = (part: number, whole: number): number | null => (whole === 0 ? null : part / whole);
  return kinds.map(({ kind, critiqued, refinedRight, problems, problemsRescued }) => {
    const ofModel = modelKinds.has(kind) && calls.length > 0;
    const used = calls.filter(({ error, fallback }) => error === null && fallback === null).length;
    return {
      kind,
      wrong,
      critiqued,
      refinedRight,
      questions: problems,
      rescued: problemsRescued,
      validCritiques: ofModel ? share(used, calls.length) : share(critiqued, critiqued),
      validRefinements: share(refinedRight, critiqued),
      rescuedQuestions: share(problemsRescued, problems),
    };
  });
}

const modelKinds: ReadonlySet<string> = new Set(['chainOfThought', 'self', 'selfEvaluation', 'weakToStrong']);

function dynamicsOf(updates: readonly Update[]): SeedResult['dynamics'] {
  return Object.fromEntries(
    dynamicsShown.flatMap((name) => {
      const points = updates.flatMap(({ step, metrics }) => (metrics[name] === undefined ? [] : [[step, metrics[name]] as const]));
      return points.length === 0 ? [] : [[name, points]];
    }),
  );
}

/** Sets may be named by their title. */
function isSet({ set, title }: BenchmarkScores, name: string): boolean {
  const plain = (text: string): string => text.toLowerCase().replaceAll(/[^a-z0-9]/g, '');
  return [set, title].some((known) => plain(known) === plain(name));
}
