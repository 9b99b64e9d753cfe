/** Saves what a person wrote as the next revision. Nothing is overwritten: a newer revision is shown beside one's own. */
import { setTimeout } from 'node:timers/promises';
import * as vscode from 'vscode';
import type { Critique } from '../../backend/protocol/records.ts';
import type { CritiqueDesk } from './desk.ts';
import { documentUri } from './documents.ts';
import { critiqueInForce, critiquesOf } from './failure.ts';
import { pinFailure } from './openFailure.ts';
import { refine } from './refine.ts';
import type { Target } from './target.ts';
import { visibleLabel } from './visibleText.ts';

export interface CritiqueText {
  /** The revision that the person saw; null for a first critique. */
  readonly baseId: string | null;
  readonly text: string;
}

/** Until the editor has closed a box. */
const closingMilliseconds = 250;

/** Saves and lets the policy refine at once; the box stays open, and the draft kept, when saving fails. */
export async function saveAndRefine(desk: CritiqueDesk, target: Target, edited: CritiqueText, onSaved: () => void): Promise<void> {
  const critique = await save(desk, target, edited);
  if (critique === null) return;
  onSaved();
  await refine(desk, target);
}

/** Makes the text the critique in force, as a revision by the person, unless it is in force already. A draft stays as it is. */
export async function saveAsNewest(desk: CritiqueDesk, target: Target, text: string): Promise<void> {
  desk.failures.forget(target);
  const inForce = critiqueInForce(critiquesOf(await desk.failures.get(target)));
  if (inForce?.text === text) return;
  await record(desk, target, { baseId: inForce?.id ?? null, text });
  await desk.changed(target);
}

/** Null when nothing was saved; the person knows why then. */
export async function save(desk: CritiqueDesk, target: Target, edited: CritiqueText): Promise<Critique | null> {
  if (edited.text.trim() === '') {
    void vscode.window.showInformationMessage('A critique needs words. Write what is wrong and what should be done instead.');
    return null;
  }
  // Kept until the backend has it, whatever happens in between.
  await desk.drafts.keep({ ...target, baseId: edited.baseId, text: edited.text, time: Date.now() });
  let critique: Critique;
  try {
    critique = await record(desk, target, edited);
  } catch (error) {
    if (isConflict(error)) return resolveConflict(desk, target, edited);
    desk.host.showError(error);
    return null;
  }
  // In this order: while the box counts as open, what was typed last would be kept again.
  desk.threads.leaveEdit(target);
  await desk.drafts.drop(target.runId, target.rolloutId);
  await desk.changed(target);
  return critique;
}

function record(desk: CritiqueDesk, { runId, rolloutId }: Target, { baseId, text }: CritiqueText): Promise<Critique> {
  const { author } = desk.host.settings();
  return baseId === null
    ? desk.host.request('critique/write', { runId, rolloutId, text, author })
    : desk.host.request('critique/revise', { runId, baseId, text, author });
}

/** The newest revision beside one's own text, and the choice which to go on with. */
async function resolveConflict(desk: CritiqueDesk, target: Target, edited: CritiqueText): Promise<Critique | null> {
  // A box that is hidden while it is open would be there again, with the old text, when its editor comes back.
  desk.threads.leaveEdit(target);
  await desk.changed(target);
  await setTimeout(closingMilliseconds);
  const newest = critiqueInForce(critiquesOf(await desk.failures.get(target)));
  if (newest === null) return null;
  await vscode.commands.executeCommand(
    'vscode.diff',
    documentUri({ part: 'critique', critiqueId: newest.id, ...target }, `revision ${newest.revision}`),
    documentUri({ part: 'draft', ...target }, 'yours'),
    `Critique: revision ${newest.revision} by ${visibleLabel(newest.author, 40)} ↔ yours`,
  );
  const rebase = `Save Mine as Revision ${newest.revision + 1}`;
  const edit = 'Edit Mine First';
  const takeTheirs = 'Discard Mine';
  const message = `${visibleLabel(newest.author, 40)} saved revision ${newest.revision} while you were writing. Nothing was overwritten; your text is kept as a draft.`;
  const choice = await vscode.window.showWarningMessage(message, rebase, edit, takeTheirs);
  if (choice === rebase) return save(desk, target, { baseId: newest.id, text: edited.text });
  if (choice === takeTheirs) await discard(desk, target);
  if (choice === edit) {
    await desk.drafts.keep({ ...target, baseId: newest.id, text: edited.text, time: Date.now() });
    await pinFailure(desk, target);
    await desk.threads.edit(target);
  }
  return null;
}

/** Closes the box and forgets the draft. */
export async function discard(desk: CritiqueDesk, target: Target): Promise<void> {
  desk.threads.leaveEdit(target);
  await desk.drafts.drop(target.runId, target.rolloutId);
  await desk.threads.refresh(target);
}

function isConflict(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'critique.conflict';
}
