/** The numbers of a run as every tracking tool knows them: named scalars by step and time. */
import type { Event } from '../protocol/events.ts';
import type { Evaluation, LevelScore, Update } from '../protocol/records.ts';
import type { StepVerdicts, VerdictChoice } from '../store/standingVerdicts.ts';
import type { StoreReader } from '../store/storeReader.ts';

export interface ScalarStep {
  readonly step: number;
  /** Milliseconds since 1970. */
  readonly time: number;
  /** By name, e.g. `train/reward`, `seconds/sample`, `heldOut/hard/passAt1`. Finite ones only. */
  readonly values: Readonly<Record<string, number>>;
}

const eventsAPage = 1000;

/**
 * Steps and evaluations of a run in the order they were announced. A step that was made again after a restart comes once, as it came first; it is
 * the same one. With `current` verdicts, the numbers of a step that are counted from its verdicts (rewards, pass rate, kinds of groups, right
 * refinements) are counted again where verdicts were settled or rescored since, and `train/verdictsChanged` says in how many answers; what training
 * did with them (losses, signal, gradients) and evaluations, whose answers are not kept, stay as they were. Throws `run.missing`.
 */
export function* scalarsOf(store: StoreReader, runId: string, verdicts: VerdictChoice): Generator<ScalarStep> {
  const changed = new Map(
    store
      .standingVerdicts(runId, verdicts)
      .changedSteps()
      .map((step) => [step.step, step]),
  );
  let after = 0;
  for (;;) {
    const events = store.eventsAfter(after, eventsAPage, runId);
    for (const event of events) yield* scalarsOfEvent(event, changed);
    const last = events.at(-1);
    if (last === undefined || events.length < eventsAPage) return;
    after = last.seq;
  }
}

function* scalarsOfEvent({ time, body }: Event, changed: ReadonlyMap<number, StepVerdicts>): Generator<ScalarStep> {
  if (body.type === 'stepFinished') {
    const { step } = body.update;
    const again = changed.size === 0 ? [] : valuesOfVerdicts(changed.get(step));
    yield { step, time, values: finite([...valuesOfUpdate(body.update), ...again]) };
  }
  if (body.type === 'evaluationFinished') yield { step: body.evaluation.step, time, values: finite(valuesOfEvaluation(body.evaluation)) };
}

function valuesOfVerdicts(step: StepVerdicts | undefined): [string, number][] {
  return named('train', { ...step?.metrics, verdictsChanged: step?.changed ?? 0 });
}

function valuesOfUpdate({
  loss,
  gradientNorm,
  learningRate,
  tokensSampled,
  tokensTrained,
  policyVersion,
  seconds,
  metrics,
}: Update): [string, number][] {
  const own = { loss, gradientNorm, learningRate, tokensSampled, tokensTrained, policyVersion };
  return [...named('train', own), ...named('train', metrics), ...named('seconds', seconds)];
}

function valuesOfEvaluation({ set, all, byLevel }: Evaluation): [string, number][] {
  // A name must not be another's folder: some tools keep each in a file of that path.
  return Object.entries({ ...byLevel, all }).flatMap(([level, score]) => named(`${set}/${level}`, valuesOfScore(score)));
}

function valuesOfScore({ passAtK, neverSolved }: LevelScore): Record<string, number> {
  return { ...Object.fromEntries(Object.entries(passAtK).map(([k, value]) => [`passAt${k}`, value])), neverSolved };
}

function named(group: string, values: Readonly<Record<string, number>>): [string, number][] {
  return Object.entries(values).map(([name, value]) => [`${group}/${name}`, value]);
}

function finite(values: readonly (readonly [string, number])[]): Record<string, number> {
  return Object.fromEntries(values.filter(([, value]) => Number.isFinite(value)));
}
