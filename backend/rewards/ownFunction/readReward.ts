/** What a reward function returned, as an outcome: anything but a finite reward is a verifier that failed. */
import { failedOutcome } from '../grade.ts';
import type { VerifierOutcome } from '../verifier.ts';

const maxText = 2000;

/**
 * A number is the reward, `true` is 1 and `false` 0; an object has `reward`, `status`, or both, and may have `reason` and `extracted`. Without a
 * status, an answer is right from the reward `rightFrom` on.
 */
export function readReward(value: unknown, rightFrom: number): VerifierOutcome {
  if (typeof value !== 'object' || value === null) {
    const reward = rewardOf(value);
    return reward === null
      ? failedOutcome(`The function returned ${described(value)}, not a finite number.`)
      : outcome(reward, statusOf(reward, rightFrom));
  }
  const { status, reason, extracted } = value as Readonly<Record<string, unknown>>;
  const given = (value as { readonly reward?: unknown }).reward;
  const text = typeof reason === 'string' ? shortened(reason) : '';
  if (status === 'failed') return failedOutcome(text === '' ? 'The function says that it failed, without a reason.' : text);
  if (status !== undefined && status !== null && status !== 'right' && status !== 'wrong') {
    return failedOutcome(`The function returned the status ${described(status)}; it may be "right", "wrong" or "failed".`);
  }
  const known = status ?? null;
  const implied = known === null ? null : known === 'right' ? 1 : 0;
  const reward = given === undefined || given === null ? implied : rewardOf(given);
  if (reward === null) return failedOutcome(`The function returned the reward ${described(given)}, not a finite number.`);
  return outcome(reward, known ?? statusOf(reward, rightFrom), text, typeof extracted === 'string' ? shortened(extracted) : null);
}

function outcome(reward: number, status: 'right' | 'wrong', reason = '', extracted: string | null = null): VerifierOutcome {
  return {
    status,
    reward,
    extracted,
    reason: reason === '' ? `The function gave the reward ${reward}.` : reason,
    cause: status === 'right' ? null : 'wrongValue',
  };
}

function rewardOf(value: unknown): number | null {
  if (typeof value === 'boolean') return value ? 1 : 0;
  return typeof value === 'number' && Number.isFinite(value) ? value : null;
}

function statusOf(reward: number, rightFrom: number): 'right' | 'wrong' {
  return reward >= rightFrom ? 'right' : 'wrong';
}

function described(value: unknown): string {
  if (value === undefined) return 'nothing';
  return shortened(typeof value === 'number' ? String(value) : JSON.stringify(value)).slice(0, 80);
}

function shortened(text: string): string {
  return text.length <= maxText ? text : `${text.slice(0, maxText - 1)}…`;
}
