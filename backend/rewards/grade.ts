/** Grades completions so that whatever goes wrong in a verifier is a `failed` verdict, never a wrong answer. */
import { messageOf } from '../core/errors.ts';
import type { Verdict } from '../protocol/records.ts';
import type { VerifierOptions } from '../protocol/verifierConfig.ts';
import { findFinalAnswer } from './finalAnswer.ts';
import type { Grader } from './grader.ts';
import { readTagForm } from './tagForm.ts';
import type { SecondOpinion, Verifier, VerifierInput, VerifierOutcome } from './verifier.ts';

export interface GradeItem extends Omit<VerifierInput, 'options'> {
  readonly rolloutId: string;
}

export interface GradeOptions {
  /** Longest time for one completion, counted from when its grading begins, not from when it is queued. */
  readonly deadlineMs: number;
  readonly signal?: AbortSignal;
  /** Where verifiers run that are not bounded (`Verifier.isBounded`). */
  readonly pool?: Grader;
  /** Of the run file; the defaults where left out. */
  readonly options?: VerifierOptions;
}

/** One verdict an item, in order. Rejects only when the signal aborts, or when an unbounded verifier is given no pool. */
export async function gradeAll(verifier: Verifier, items: readonly GradeItem[], given: GradeOptions): Promise<Verdict[]> {
  const { deadlineMs, signal, pool, options } = given;
  signal?.throwIfAborted();
  const tags = verifier.readsWhole === true ? null : (options?.tags ?? null);
  const prepared = items.map(({ problem, completion, finish }): VerifierInput | VerifierOutcome => {
    const input = { problem, completion, finish, ...(options === undefined ? {} : { options }) };
    return tags === null ? input : withinTags(input, tags);
  });
  const inputs = prepared.filter((entry) => 'completion' in entry);
  const outcomes = await (verifier.isBounded === true ? Promise.all(inputs.map((input) => verifyHere(verifier, input))) : verifyInPool());
  let next = 0;
  return items.map(({ rolloutId }, i) => {
    const entry = prepared[i];
    const outcome = entry === undefined || 'completion' in entry ? outcomes[next++] : entry;
    return { rolloutId, verifier: verifier.name, ...checkOutcome(outcome) };
  });

  function verifyInPool(): Promise<VerifierOutcome[]> {
    if (pool === undefined) throw new Error(`the verifier "${verifier.name}" is not bounded and needs a grader pool`);
    return pool.verifyAll(verifier.name, inputs, deadlineMs, signal);
  }
}

/** What a verifier sees of a completion that must be a sequence of tags: the text in the last one, as a stated answer. */
function withinTags(input: VerifierInput, tags: readonly string[]): VerifierInput | VerifierOutcome {
  const form = readTagForm(input.completion, tags);
  if ('problem' in form) {
    const cause = input.finish === 'length' ? 'truncated' : 'noAnswer';
    return { status: 'wrong', reward: 0, extracted: null, reason: `The completion is not of the form asked for: ${form.problem}.`, cause };
  }
  const text = form.texts.at(-1) ?? '';
  return { ...input, completion: findFinalAnswer(text) === null ? `Answer: ${text.trim()}` : text, finish: 'stop' };
}

async function verifyHere(verifier: Verifier, input: VerifierInput): Promise<VerifierOutcome> {
  try {
    return await verifier.verify(input);
  } catch (error) {
    return failedOutcome(`The verifier threw: ${messageOf(error)}`);
  }
}

/** A grading that came to no judgment. */
export function failedOutcome(reason: string): VerifierOutcome {
  return { status: 'failed', reward: 0, extracted: null, reason, cause: 'verifierFailed' };
}

/** A verifier may be anyone's code: what it returns is believed only if it is an outcome. */
export function checkOutcome(outcome: unknown): VerifierOutcome {
  if (typeof outcome !== 'object' || outcome === null) return failedOutcome('The verifier returned no outcome.');
  const { status, reward, extracted, reason, cause, secondOpinion } = outcome as Partial<VerifierOutcome>;
  const text = typeof reason === 'string' ? reason : '';
  const second = isOpinion(secondOpinion) ? { secondOpinion } : {};
  if (status === 'failed') return { ...failedOutcome(text === '' ? 'The verifier gave no reason.' : text), ...second };
  if (status !== 'right' && status !== 'wrong') return failedOutcome(`The verifier returned the status "${String(status)}".`);
  if (typeof reward !== 'number' || !Number.isFinite(reward)) return failedOutcome(`The verifier returned the reward ${String(reward)}.`);
  return {
    status,
    reward,
    extracted: typeof extracted === 'string' ? extracted : null,
    reason: text,
    cause: status === 'right' ? null : (cause ?? 'wrongValue'),
    ...second,
  };
}

function isOpinion(value: unknown): value is SecondOpinion {
  if (typeof value !== 'object' || value === null) return false;
  const { grader, status, reason } = value as Partial<Record<keyof SecondOpinion, unknown>>;
  return typeof grader === 'string' && ['right', 'wrong', 'failed'].includes(String(status)) && typeof reason === 'string';
}
