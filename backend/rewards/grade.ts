/** Grades completions so that whatever goes wrong in a verifier is a `failed` verdict, never a wrong answer. */
import { messageOf } from '../core/errors.ts';
import type { Verdict } from '../protocol/records.ts';
import type { GraderPool } from './graderPool.ts';
import type { Verifier, VerifierInput, VerifierOutcome } from './verifier.ts';

export interface GradeItem extends VerifierInput {
  readonly rolloutId: string;
}

export interface GradeOptions {
  /** Longest time for one completion, counted from when its grading begins, not from when it is queued. */
  readonly deadlineMs: number;
  readonly signal?: AbortSignal;
  /** Where verifiers run that are not bounded (`Verifier.isBounded`). */
  readonly pool?: GraderPool;
}

/** One verdict an item, in order. Rejects only when the signal aborts, or when an unbounded verifier is given no pool. */
export async function gradeAll(verifier: Verifier, items: readonly GradeItem[], { deadlineMs, signal, pool }: GradeOptions): Promise<Verdict[]> {
  signal?.throwIfAborted();
  const inputs = items.map(({ problem, completion, finish }) => ({ problem, completion, finish }));
  const outcomes = await (verifier.isBounded === true ? Promise.all(inputs.map((input) => verifyHere(verifier, input))) : verifyInPool(inputs));
  return items.map(({ rolloutId }, i) => ({ rolloutId, verifier: verifier.name, ...checkOutcome(outcomes[i]) }));

  function verifyInPool(inputs: readonly VerifierInput[]): Promise<VerifierOutcome[]> {
    if (pool === undefined) throw new Error(`the verifier "${verifier.name}" is not bounded and needs a grader pool`);
    return pool.verifyAll(verifier.name, inputs, deadlineMs, signal);
  }
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
  const { status, reward, extracted, reason, cause } = outcome as Partial<VerifierOutcome>;
  const text = typeof reason === 'string' ? reason : '';
  if (status === 'failed') return failedOutcome(text === '' ? 'The verifier gave no reason.' : text);
  if (status !== 'right' && status !== 'wrong') return failedOutcome(`The verifier returned the status "${String(status)}".`);
  if (typeof reward !== 'number' || !Number.isFinite(reward)) return failedOutcome(`The verifier returned the reward ${String(reward)}.`);
  return {
    status,
    reward,
    extracted: typeof extracted === 'string' ? extracted : null,
    reason: text,
    cause: status === 'right' ? null : (cause ?? 'wrongValue'),
  };
}
