/** The comment threads of open failures: the critique at the line it speaks of, its revisions and trials, and the box to edit it in. */
import * as vscode from 'vscode';
import { answerLines } from './answerLines.ts';
import { parseAddress } from './documentAddress.ts';
import type { Drafts } from './drafts.ts';
import type { FailureCache } from './failureCache.ts';
import { failureText } from './failureText.ts';
import { isSameTarget, targetKey, targetOfUri, type Target } from './target.ts';
import { editStart, threadModel, type RevisionEntry, type ThreadModel, type TrialEntry } from './threadModel.ts';

export const controllerId = 'critiqueGrpo.critiques';

/** A comment of ours. Commands get it back from the editor, with `body` as edited. */
export interface CritiqueComment extends vscode.Comment {
  body: string;
  readonly target: Target;
  /** Of a trial: the refinement that its comparison shows. */
  refinementId: string | null;
}

/** What is in an open box. */
export interface CritiqueEdit {
  /** The revision that the person changes; null for a first critique. */
  readonly baseId: string | null;
  readonly text: string;
  /** Text of the base; empty for a first critique. */
  readonly original: string;
}

interface OpenThread {
  readonly target: Target;
  readonly thread: vscode.CommentThread;
  /** By id of the revision or trial: the editor knows a comment by its object, so each is made once. */
  readonly comments: Map<string, CritiqueComment>;
  model: ThreadModel;
  edit: { readonly comment: CritiqueComment; readonly baseId: string | null } | null;
  /** Work in progress, told in the thread's title. */
  busy: string | null;
}

export interface ThreadParts {
  readonly failures: FailureCache;
  readonly drafts: Drafts;
  readonly author: () => string;
  readonly warn: (error: unknown) => void;
}

export class CritiqueThreads implements vscode.Disposable {
  readonly #parts: ThreadParts;
  readonly #controller: vscode.CommentController;
  readonly #threads = new Map<string, OpenThread>();
  /** Numbers the refreshes of each target, so that an older answer never overwrites a newer one. */
  readonly #turns = new Map<string, number>();
  readonly #subscriptions: readonly vscode.Disposable[];

  constructor(parts: ThreadParts) {
    this.#parts = parts;
    this.#controller = vscode.comments.createCommentController(controllerId, 'Critiques');
    this.#controller.options = { prompt: 'Write a critique', placeHolder: 'What is wrong, and what should be done instead?' };
    this.#controller.commentingRangeProvider = { provideCommentingRanges: (document) => this.#commentingRanges(document) };
    this.#subscriptions = [
      this.#controller,
      vscode.workspace.onDidOpenTextDocument((document) => void this.#opened(document)),
      vscode.workspace.onDidCloseTextDocument((document) => this.#closed(document)),
    ];
    for (const document of vscode.workspace.textDocuments) void this.#opened(document);
  }

  /** Reads the failure again and shows what it says now. An edit in progress stays as it is. */
  async refresh(target: Target): Promise<void> {
    const shown = await this.#read(target);
    if (shown === null) return;
    const open = this.#threads.get(targetKey(target));
    if (open === undefined) {
      // Without a critique or a draft of one, the + in the margin is invitation enough.
      const draft = this.#parts.drafts.of(target.runId, target.rolloutId);
      if (shown.model.inForce !== null || draft !== null) this.#create(target, shown, draft !== null);
      return;
    }
    open.model = shown.model;
    open.thread.range = shown.range;
    this.#render(open);
  }

  async refreshAll(): Promise<void> {
    await Promise.all(openTargets().map((target) => this.refresh(target)));
  }

  /** Opens the box with the draft, or with the critique in force. The failure's document must be open. */
  async edit(target: Target): Promise<void> {
    const shown = this.has(target) ? null : await this.#look(target);
    // A refresh may have made it meanwhile.
    const open = this.#threads.get(targetKey(target));
    if (open === undefined) {
      if (shown !== null) this.#create(target, shown, true);
      return;
    }
    if (open.edit === null) this.#beginEdit(open);
    open.thread.collapsibleState = vscode.CommentThreadCollapsibleState.Expanded;
    this.#render(open);
  }

  has(target: Target): boolean {
    return this.#threads.has(targetKey(target));
  }

  /** Null when no box is open. */
  editOf(target: Target): CritiqueEdit | null {
    const open = this.#threads.get(targetKey(target));
    if (open === undefined || open.edit === null) return null;
    const { baseId, comment } = open.edit;
    const base = open.model.entries.find((entry) => entry.kind === 'revision' && entry.critique.id === baseId);
    return { baseId, text: comment.body, original: base?.kind === 'revision' ? base.critique.text : '' };
  }

  /** Closes the box. */
  leaveEdit(target: Target): void {
    const open = this.#threads.get(targetKey(target));
    if (open === undefined || open.edit === null) return;
    open.edit = null;
    this.#render(open);
  }

  /** `state` is told in the thread's title until it is null again. */
  setBusy(target: Target, state: string | null): void {
    const open = this.#threads.get(targetKey(target));
    if (open === undefined) return;
    open.busy = state;
    this.#render(open);
  }

  dispose(): void {
    for (const { thread } of this.#threads.values()) thread.dispose();
    for (const subscription of this.#subscriptions) subscription.dispose();
  }

  async #opened(document: vscode.TextDocument): Promise<void> {
    const target = failureOf(document);
    if (target !== null) await this.refresh(target);
  }

  #closed(document: vscode.TextDocument): void {
    const target = failureOf(document);
    if (target === null) return;
    this.#threads.get(targetKey(target))?.thread.dispose();
    this.#threads.delete(targetKey(target));
  }

  /** Only where there is no critique yet: elsewhere one edits the one that is there. */
  async #commentingRanges(document: vscode.TextDocument): Promise<vscode.Range[]> {
    const target = failureOf(document);
    // The editor asks at any time: it must not make a refresh under way look old.
    const shown = target === null ? null : await this.#look(target);
    if (shown === null || shown.model.inForce !== null) return [];
    return [new vscode.Range(shown.answerRange[0], 0, shown.answerRange[1], 0)];
  }

  /** As `#look`; null too when a later read is under way. */
  async #read(target: Target): Promise<Shown | null> {
    const key = targetKey(target);
    const turn = (this.#turns.get(key) ?? 0) + 1;
    this.#turns.set(key, turn);
    const shown = await this.#look(target);
    return this.#turns.get(key) === turn ? shown : null;
  }

  /** Null when the document is closed, or the backend has no answer. */
  async #look(target: Target): Promise<Shown | null> {
    try {
      const failure = await this.#parts.failures.get(target);
      const document = documentOf(target);
      if (document === null) return null;
      const model = threadModel(failure, answerLines(failure.attempt.rollout.completion));
      const { answerRange } = failureText(failure);
      const line = Math.min(answerRange[0] + model.line, answerRange[1]);
      return { uri: document.uri, model, answerRange, range: new vscode.Range(line, 0, line, 0) };
    } catch (error) {
      // The document itself says why.
      this.#parts.warn(error);
      return null;
    }
  }

  #create(target: Target, { uri, range, model }: Shown, isEdit: boolean): OpenThread {
    const thread = this.#controller.createCommentThread(uri, range, []);
    const open: OpenThread = { target, thread, comments: new Map(), model, edit: null, busy: null };
    this.#threads.set(targetKey(target), open);
    thread.canReply = false;
    thread.collapsibleState = vscode.CommentThreadCollapsibleState.Expanded;
    // A box that the editor draws in the same breath as its thread is given too much room.
    const isBoxAlone = model.entries.length === 0;
    if (isEdit && isBoxAlone) this.#beginEdit(open);
    this.#render(open);
    if (isEdit && !isBoxAlone) setTimeout(() => void this.edit(target), settleMilliseconds);
    return open;
  }

  #beginEdit(open: OpenThread): void {
    const { inForce } = open.model;
    const start = editStart(inForce, this.#parts.drafts.of(open.target.runId, open.target.rolloutId));
    let comment = inForce === null ? undefined : open.comments.get(inForce.id);
    if (comment === undefined) {
      // A first critique has no comment yet; the thread's first render may not have made the one to edit.
      const author = inForce?.author ?? this.#parts.author();
      const label = 'first critique, not saved';
      comment = { target: open.target, refinementId: null, author: { name: author }, label, body: '', mode: vscode.CommentMode.Editing };
      open.comments.set(inForce?.id ?? firstId, comment);
    }
    comment.body = start.text;
    comment.mode = vscode.CommentMode.Editing;
    open.edit = { comment, baseId: start.baseId };
  }

  #render(open: OpenThread): void {
    const { thread, model, edit, busy, target } = open;
    const comments = model.entries.map((entry) => this.#comment(open, entry));
    if (edit !== null && !comments.includes(edit.comment)) comments.push(edit.comment);
    const hasDraft = edit === null && this.#parts.drafts.of(target.runId, target.rolloutId) !== null;
    if (comments.length === 0) {
      thread.dispose();
      this.#threads.delete(targetKey(target));
      return;
    }
    thread.label = [model.label, hasDraft ? 'draft kept' : null, busy].filter((part) => part !== null).join(' · ');
    thread.contextValue = model.contextValue;
    thread.comments = comments;
  }

  #comment(open: OpenThread, entry: RevisionEntry | TrialEntry): CritiqueComment {
    const id = entry.kind === 'revision' ? entry.critique.id : entry.trial.id;
    let comment = open.comments.get(id);
    if (comment === undefined) {
      comment = { target: open.target, refinementId: null, author: { name: entry.author }, body: entry.text, mode: vscode.CommentMode.Preview };
      open.comments.set(id, comment);
    }
    comment.timestamp = new Date(entry.time);
    comment.author = { name: entry.author };
    if (entry.kind === 'revision') {
      comment.label = entry.label;
      comment.contextValue = entry.isInForce ? 'revisionInForce' : 'revision';
    } else {
      comment.refinementId = entry.refinementId;
      comment.contextValue = entry.refinementId === null ? 'emptyTrial' : 'trial';
    }
    if (comment === open.edit?.comment) comment.label = `${comment.label ?? ''} · your edit, not saved`;
    else {
      comment.body = entry.text;
      comment.mode = vscode.CommentMode.Preview;
    }
    return comment;
  }
}

interface Shown {
  readonly uri: vscode.Uri;
  readonly model: ThreadModel;
  readonly answerRange: readonly [number, number];
  readonly range: vscode.Range;
}

/** Until the editor has drawn a thread. */
const settleMilliseconds = 300;

/** Of the comment in which a first critique is written. */
const firstId = 'first';

/** The rollout of a failure's own document, null for every other document. */
export function failureOf({ uri }: { readonly uri: vscode.Uri }): Target | null {
  return parseAddress(uri.query)?.part === 'failure' ? targetOfUri(uri) : null;
}

function documentOf(target: Target): vscode.TextDocument | null {
  return vscode.workspace.textDocuments.find((document) => isOf(failureOf(document), target)) ?? null;
}

function isOf(found: Target | null, target: Target): boolean {
  return found !== null && isSameTarget(found, target);
}

function openTargets(): Target[] {
  return vscode.workspace.textDocuments.map(failureOf).filter((target) => target !== null);
}
