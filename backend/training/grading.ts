/** Verdicts on completions; failures of the verifier are counted and announced, never scored as wrong. */
import { dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { WorkbenchError } from '../core/errors.ts';
import type { Problem, Rollout, Verdict } from '../protocol/records.ts';
import type { RunConfig } from '../protocol/runConfig.ts';
import { gradeAll, type GradeOptions } from '../rewards/grade.ts';
import type { Grader } from '../rewards/grader.ts';
import { GraderPool } from '../rewards/graderPool.ts';
import { FunctionGrader } from '../rewards/ownFunction/functionGrader.ts';
import { OutputLog } from '../rewards/ownFunction/outputLog.ts';
import { isOwnFunction } from '../rewards/ownFunction/ownFunction.ts';
import { selfTest, type SelfTestResult } from '../rewards/selfTest.ts';
import type { Verifier } from '../rewards/verifier.ts';
import type { Run } from './run.ts';

/** A verifier and where it runs; undefined for one that is bounded in time and runs right here. */
export interface Judge {
  readonly config: Pick<RunConfig, 'seed' | 'verifierOptions'>;
  readonly verifier: Verifier;
  readonly graderPool: Grader | undefined;
  readonly signal: AbortSignal;
}

export interface GraderPlace {
  /** `dist/grader.js`; `rewardFunction.js` lies beside it. */
  readonly entry: string;
  readonly config: Pick<RunConfig, 'verifierOptions'>;
  /** Gets what a reward function prints; left out, that is dropped. */
  readonly logFile?: string;
}

/** Where the verifier runs. A reward function is loaded, which throws `verifier.cannotLoad`. The caller disposes of it. */
export async function openGrader(verifier: Verifier, { entry, config, logFile }: GraderPlace): Promise<Grader | undefined> {
  if (verifier.isBounded === true) return undefined;
  if (!isOwnFunction(verifier)) return new GraderPool({ entry: pathToFileURL(entry), size: 2 });
  return FunctionGrader.open({
    path: verifier.path,
    entry: join(dirname(entry), 'rewardFunction.js'),
    options: config.verifierOptions,
    output: new OutputLog(logFile),
  });
}

/** What grading needs of a run. With a store, answers that it holds a verdict on already are those of a step that is made again. */
export type GradingRun = Pick<Run, 'verifier' | 'signal' | 'graderPool' | 'config'> & Partial<Pick<Run, 'id' | 'store'>>;

interface AnswerOf {
  readonly problem: Problem;
  readonly answer: Pick<Rollout, 'id' | 'completion' | 'finish'>;
}

/** One verdict an answer, in order. */
export async function grade(run: GradingRun, answers: readonly AnswerOf[], notice: (code: string, message: string) => void): Promise<Verdict[]> {
  const known = new Map(answers.flatMap(({ answer: { id } }) => recordedVerdict(run, id) ?? []).map((verdict) => [verdict.rolloutId, verdict]));
  const items = answers.flatMap(({ problem, answer: { id, completion, finish } }) =>
    known.has(id) ? [] : [{ rolloutId: id, problem, completion, finish }],
  );
  for (const verdict of await gradeAll(run.verifier, items, gradeOptions(run))) known.set(verdict.rolloutId, verdict);
  const verdicts = answers.map(({ answer }) => known.get(answer.id) as Verdict);
  const failed = verdicts.filter(({ status }) => status === 'failed');
  if (failed.length > 0)
    notice(
      'verifier.failed',
      `The verifier "${run.verifier.name}" came to no judgment on ${failed.length} of ${verdicts.length} answers (first reason: ${failed[0]?.reason ?? ''}). They are left out of their groups.`,
    );
  return verdicts;
}

/**
 * What a bounded verifier says is a pure function of the answer. Any other may say something else the next time, because it is random, was edited, or
 * had less time; a step that is made again after a resume must come out as it did, so its verdicts are taken from the record.
 */
function recordedVerdict({ verifier, id, store }: GradingRun, answerId: string): Verdict | undefined {
  if (verifier.isBounded === true || id === undefined) return undefined;
  const verdict = store?.verdict(id, answerId) ?? undefined;
  return verdict?.verifier === verifier.name ? verdict : undefined;
}

/** Between two steps: a reward function that was edited counts from the next one on, which the notice says. */
export async function refreshVerifier({ graderPool }: Pick<Run, 'graderPool'>, notice: (code: string, message: string) => void): Promise<void> {
  const change = await graderPool?.refresh?.();
  if (change !== undefined && change !== null) notice(change.code, change.message);
}

/** How the gold answers are graded: what openRun requires and the doctor reports. */
export function testVerifier(judge: Judge, problems: readonly Problem[]): Promise<SelfTestResult> {
  return selfTest(judge.verifier, problems, { ...gradeOptions(judge), seed: judge.config.seed });
}

/** What a plan says of a verifier that can be tested without starting anything. */
export async function verifierWarnings(verifier: Verifier, config: Judge['config'], problems: readonly Problem[]): Promise<string[]> {
  if (verifier.isBounded !== true) return [];
  const tested = await testVerifier({ config, verifier, graderPool: undefined, signal: new AbortController().signal }, problems);
  const misfit = misfitOf(verifier, tested);
  return misfit === null ? [] : [`${misfit} Choose a verifier that fits the answers, or correct the answers.`];
}

/**
 * A verifier that does not know the gold answers would score every rollout as wrong, and nothing would say so. Throws `verifier.unfit` where it
 * misses most; where it misses some, that is a remark to be told with the run.
 */
export async function requireFitVerifier(judge: Judge, problems: readonly Problem[]): Promise<string | null> {
  const { verifier } = judge;
  const tested = await testVerifier(judge, problems);
  const misfit = misfitOf(verifier, tested);
  if (misfit === null || tested.missed.length * 2 <= tested.tested) return misfit;
  throw new WorkbenchError({
    code: 'verifier.unfit',
    message: misfit,
    remedy:
      verifier.knowsGold === false
        ? 'Correct the function, or choose another verifier.'
        : 'Choose a verifier that fits the answers, or correct the answers.',
  });
}

function misfitOf({ name, knowsGold }: Verifier, { tested, total, missed }: SelfTestResult): string | null {
  const [first] = missed;
  if (first === undefined) return null;
  const fails = knowsGold === false ? 'comes to no judgment on' : 'does not recognize';
  const of = tested < total ? `${tested} that were tried` : `${total} problems`;
  return `The verifier "${name}" ${fails} the gold answer of ${missed.length} of ${of}, for example "${first.answer}" of ${first.problemId}: ${first.reason}`;
}

function gradeOptions({ config, signal, graderPool }: Pick<Run, 'graderPool' | 'config' | 'signal'> | Judge): GradeOptions {
  const options = config.verifierOptions;
  return { deadlineMs: options.deadlineMs, signal, options, ...(graderPool === undefined ? {} : { pool: graderPool }) };
}
