/** Puts the parts about critiques together and hands them to the editor. */
import * as vscode from 'vscode';
import type { Event } from '../../backend/protocol/events.ts';
import type { Progress } from '../../backend/protocol/views.ts';
import { affectedTarget } from './affectedTarget.ts';
import { CritiqueLenses } from './codeLens.ts';
import { CritiqueDesk, type CritiqueHost } from './desk.ts';
import { documentScheme } from './documentAddress.ts';
import { CritiqueDocuments } from './documents.ts';
import { DraftKeeper } from './draftKeeper.ts';
import { Drafts } from './drafts.ts';
import { FailureCache } from './failureCache.ts';
import { CritiqueThreads } from './threads.ts';

export interface OpenDesk {
  readonly desk: CritiqueDesk;
  /** Tell it what the backend announces. */
  events(events: readonly Event[]): void;
  progress(progress: Progress): void;
  /** Tell it that the backend is there (again): everything shown is read anew. */
  connected(): void;
}

export function openDesk(context: vscode.ExtensionContext, host: CritiqueHost): OpenDesk {
  const failures = new FailureCache((method, params) => host.request(method, params));
  const drafts = new Drafts(context.workspaceState);
  const documents = new CritiqueDocuments(failures, drafts, (error) => host.messageOf(error));
  const lenses = new CritiqueLenses(failures);
  const threads = new CritiqueThreads({ failures, drafts, author: () => host.settings().author, warn: (error) => host.warn(host.messageOf(error)) });
  const desk = new CritiqueDesk({ host, failures, drafts, documents, threads, lenses });
  context.subscriptions.push(
    documents,
    lenses,
    threads,
    new DraftKeeper(desk),
    vscode.workspace.registerFileSystemProvider(documentScheme, documents, { isReadonly: true, isCaseSensitive: true }),
    vscode.languages.registerCodeLensProvider({ scheme: documentScheme }, lenses),
  );
  return {
    desk,
    events(events) {
      for (const event of events) {
        const affected = affectedTarget(event);
        if (affected === null) continue;
        const { runId, rolloutId } = affected;
        void (rolloutId === null ? desk.allChanged() : desk.changed({ runId, rolloutId }));
      }
    },
    progress: (progress) => desk.progress(progress),
    connected: () => void desk.allChanged(),
  };
}
