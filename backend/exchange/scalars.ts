/** The numbers of a run as every tracking tool knows them: named scalars by step and time. */
import type { Event } from '../protocol/events.ts';
import type { Evaluation, LevelScore, Update } from '../protocol/records.ts';
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
 * the same one. Throws `run.missing`.
 */
export function* scalarsOf(store: StoreReader, runId: string): Generator<ScalarStep> {
  let after = 0;
  for (;;) {
    const events = store.eventsAfter(after, eventsAPage, runId);
    for (const event of events) yield* scalarsOfEvent(event);
    const last = events.at(-1);
    if (last === undefined || events.length < eventsAPage) return;
    after = last.seq;
  }
}

function* scalarsOfEvent({ time, body }: Event): Generator<ScalarStep> {
  if (body.type === 'stepFinished') yield { step: body.update.step, time, values: finite(valuesOfUpdate(body.update)) };
  if (body.type === 'evaluationFinished') yield { step: body.evaluation.step, time, values: finite(valuesOfEvaluation(body.evaluation)) };
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
