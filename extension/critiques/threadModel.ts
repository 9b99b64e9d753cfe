/** A failure's comment thread as data: where it stands, what it says, which actions it offers. */
import type { Critique } from '../../backend/protocol/records.ts';
import type { Trial } from '../../backend/protocol/views.ts';
import { lineOfCritique } from './answerLines.ts';
import type { Draft } from './drafts.ts';
import { critiqueInForce, critiquesOf, enlistmentInForce, refinementToShow, type Failure } from './failure.ts';
import { visibleLabel, visibleText } from './visibleText.ts';
import { enlistmentText, kindName, revisionText, trialText, verdictText } from './wording.ts';

export interface RevisionEntry {
  readonly kind: 'revision';
  readonly critique: Critique;
  readonly isInForce: boolean;
  readonly author: string;
  readonly label: string;
  readonly time: number;
  readonly text: string;
}

export interface TrialEntry {
  readonly kind: 'trial';
  readonly trial: Trial;
  readonly author: string;
  readonly time: number;
  /** Words of ours only. */
  readonly text: string;
  /** The refinement that the comparison shows. */
  readonly refinementId: string | null;
}

export interface ThreadModel {
  /** Line of the answer, from 0. */
  readonly line: number;
  readonly label: string;
  readonly entries: readonly (RevisionEntry | TrialEntry)[];
  /** Matched by the `when` clauses of the thread's buttons. */
  readonly contextValue: 'empty' | 'critiqued idle' | 'critiqued enlisted';
  readonly inForce: Critique | null;
}

/** `lines` is the failed answer as the document shows it. */
export function threadModel(failure: Failure, lines: readonly string[]): ThreadModel {
  const critiques = critiquesOf(failure);
  const inForce = critiqueInForce(critiques);
  if (inForce === null) return { line: 0, label: 'Critique · none yet', entries: [], contextValue: 'empty', inForce };
  const enlistment = enlistmentInForce(failure);
  const state = enlistmentText(enlistment);
  const trialsOf = new Map(failure.history.map(({ critique, trials }) => [critique.id, trials]));
  return {
    line: lineOfCritique(inForce.text, lines),
    label: ['Critique', visibleLabel(revisionText(inForce), 120), ...(state === null ? [] : [state])].join(' · '),
    entries: critiques.flatMap((critique) => [revisionEntry(critique, critique === inForce), ...(trialsOf.get(critique.id) ?? []).map(trialEntry)]),
    // What is enlisted is a revision: a newer one is offered again.
    contextValue: enlistment?.critiqueId === inForce.id ? 'critiqued enlisted' : 'critiqued idle',
    inForce,
  };
}

/** Text and base that an edit begins with: the draft if there is one, else the critique in force. */
export function editStart(inForce: Critique | null, draft: Draft | null): { readonly baseId: string | null; readonly text: string } {
  if (draft !== null) return { baseId: draft.baseId, text: draft.text };
  return inForce === null ? { baseId: null, text: '' } : { baseId: inForce.id, text: inForce.text };
}

function revisionEntry(critique: Critique, isInForce: boolean): RevisionEntry {
  return {
    kind: 'revision',
    critique,
    isInForce,
    author: visibleLabel(critique.author, 80),
    label: `${kindName(critique.kind)} · revision ${critique.revision}${isInForce ? ' · in force' : ''}`,
    time: critique.createdAt,
    text: visibleText(critique.text),
  };
}

function trialEntry(trial: Trial): TrialEntry {
  const shown = refinementToShow(trial.refinements);
  const [first] = trial.refinements;
  return {
    kind: 'trial',
    trial,
    author: 'Policy',
    time: trial.createdAt,
    text: [trialText(trial), ...(first === undefined ? [] : [`first refinement: ${visibleLabel(verdictText(first.verdict), 200)}`])].join('\n'),
    refinementId: shown?.refinement.id ?? null,
  };
}
