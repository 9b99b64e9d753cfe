/** The words that the explorer uses for what the records name. */
import type { AuditFlag, Cause, CritiqueKind, GroupKind, Verdict } from '../../backend/protocol/records.ts';

export type Status = Verdict['status'];

/** A sign beside the color, so that neither alone carries the meaning. */
export const statusWords: Readonly<Record<Status, { readonly name: string; readonly sign: string; readonly meaning: string }>> = {
  right: { name: 'right', sign: '✓', meaning: 'The verifier accepted the answer.' },
  wrong: { name: 'wrong', sign: '✗', meaning: 'The verifier rejected the answer.' },
  failed: { name: 'not judged', sign: '!', meaning: 'The verifier itself failed; the answer is left out of its group and never scored as wrong.' },
};

export const causeWords: Readonly<Record<Cause, string>> = {
  noAnswer: 'no answer',
  unparsable: 'unparsable',
  wrongValue: 'wrong value',
  truncated: 'truncated',
  verifierFailed: 'verifier failed',
};

export const critiqueKindWords: Readonly<Record<CritiqueKind, string>> = {
  verdict: 'verdict',
  verdictAnswer: 'verdict + answer',
  stepLevel: 'step-level',
  chainOfThought: 'chain of thought',
  self: 'self',
  selfEvaluation: 'self + evaluation',
  weakToStrong: 'weak to strong',
  human: 'human',
  resample: 'second attempt',
};

export const groupKindWords: Readonly<Record<GroupKind, { readonly name: string; readonly meaning: string }>> = {
  allRight: {
    name: 'all right',
    meaning: 'Every rollout is right. All advantages are 0, so the group teaches nothing: the problem is solved for now.',
  },
  mixed: {
    name: 'mixed',
    meaning: 'Some rollouts are right and some wrong. Their differences in reward teach the policy; this is where plain rewards suffice.',
  },
  allWrong: {
    name: 'all wrong',
    meaning: 'Every rollout is wrong and no refinement helped. With rewards alone there is nothing to prefer, so nothing is learned here.',
  },
  rescued: {
    name: 'rescued',
    meaning: 'Every rollout is wrong, but a refinement written from a critique is right. The group has a signal only because of that critique.',
  },
};

/** What may make a critique or refinement a bad teacher. */
export const auditFlagWords: Readonly<Record<AuditFlag, { readonly name: string; readonly meaning: string }>> = {
  statesAnswer: {
    name: 'tells the answer',
    meaning: 'The critique contains the gold answer: the refinement may copy it without learning how to get there.',
  },
  answerOnly: { name: 'answer only', meaning: 'The refinement changes the answer and keeps the failed reasoning.' },
  unchanged: { name: 'unchanged', meaning: 'The refinement is the failed answer again.' },
  speaksOfCritique: { name: 'speaks of the critique', meaning: 'The refinement mentions a critique that it is not trained with.' },
  cutOff: { name: 'cut off', meaning: 'The text ended at its length limit.' },
};

export const filterWords = {
  problemId: 'problem',
  level: 'level',
  status: 'verdict',
  cause: 'cause',
  critiqueKind: 'critique',
  groupKind: 'group',
  flag: 'audit',
  fromStep: 'from step',
  toStep: 'to step',
  text: 'text',
} as const;

/** `1 rollout`, `2,000 rollouts`. */
export function counted(count: number, one: string, many = `${one}s`): string {
  return `${count.toLocaleString('en-US')} ${count === 1 ? one : many}`;
}
