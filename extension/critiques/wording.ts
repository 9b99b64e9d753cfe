/** The words and numbers by which critiques, verdicts and trials are told to a person. */
import type { Cause, Critique, CritiqueKind, Verdict } from '../../backend/protocol/records.ts';
import type { CritiqueRevisionView, Enlistment, Progress, SuccessRate, Trial } from '../../backend/protocol/views.ts';

const kindNames: Readonly<Record<CritiqueKind, string>> = {
  verdict: 'verdict',
  verdictAnswer: 'verdict + answer',
  stepLevel: 'step-level',
  chainOfThought: 'chain of thought',
  self: 'self',
  selfEvaluation: 'self + evaluation',
  weakToStrong: 'weak to strong',
  human: 'human',
  resample: 'resample',
};

const causeNames: Readonly<Record<Cause, string>> = {
  noAnswer: 'no answer',
  unparsable: 'unparsable answer',
  wrongValue: 'wrong value',
  truncated: 'truncated',
  verifierFailed: 'verifier failed',
};

export function kindName(kind: CritiqueKind): string {
  return kindNames[kind];
}

/** E.g. `wrong (wrong value): 24 is not 26.` */
export function verdictText(verdict: Verdict | null): string {
  if (verdict === null) return 'not graded';
  const cause = verdict.cause === null ? '' : ` (${causeNames[verdict.cause]})`;
  return `${verdict.status}${cause}${verdict.reason === '' ? '' : `: ${verdict.reason}`}`;
}

/** E.g. `3 of 8 right (95 %: 14–69 %)`. */
export function successText({ right, total, interval }: SuccessRate): string {
  const [low, high] = interval.map((bound) => Math.round(bound * 100));
  return `${right} of ${total} right (95 %: ${low}–${high} %)`;
}

/** E.g. `3 of 8 right (95 %: 14–69 %) at policy version 57`. */
export function trialText({ success, policyVersion }: Trial): string {
  return `${successText(success)} at policy version ${policyVersion}`;
}

/** E.g. `step-level · revision 2 · Ada`. */
export function revisionText({ kind, revision, author }: Critique): string {
  return [kindName(kind), `revision ${revision}`, author].filter((part, index, parts) => parts.indexOf(part) === index).join(' · ');
}

/** Whether, and since when, the training learns from a critique. */
export function enlistmentText(enlistment: Enlistment | null): string | null {
  if (enlistment === null) return null;
  return enlistment.untilStep === null ? `Trains from step ${enlistment.fromStep}` : `Trained on until step ${enlistment.untilStep}`;
}

/** What came of a revision, shortest: for lists. */
export function outcomeText({ trials, enlistment }: CritiqueRevisionView): string {
  const newest = trials.at(-1);
  const parts = [newest === undefined ? null : trialText(newest), enlistmentText(enlistment)].filter((part) => part !== null);
  return parts.length === 0 ? 'not tried' : parts.join(' · ');
}

/** What a person who waits for refinements should know: they are written between two steps. */
export function refiningText({ activity, step, done, total }: Progress): string {
  if (activity === 'refining') return total === null ? `${done} tokens` : `${done} of up to ${total} tokens`;
  if (activity === 'training') return `after step ${step}, which is in progress`;
  return activity === 'opening' ? 'opening the policy' : activity;
}

/** Local date and time to the minute. */
export function timeText(milliseconds: number): string {
  const date = new Date(milliseconds);
  const two = (value: number): string => String(value).padStart(2, '0');
  return `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())} ${two(date.getHours())}:${two(date.getMinutes())}`;
}
