/** Commands that mean one failed answer: they say so when there is none. */
import * as vscode from 'vscode';
import type { CritiqueDesk } from './desk.ts';
import type { Target } from './target.ts';

export async function onTarget(desk: CritiqueDesk, argument: unknown, act: (target: Target) => Promise<void>): Promise<void> {
  const target = desk.targetOf(argument);
  if (target === null) void vscode.window.showInformationMessage('Open a failure first: run "Critique-GRPO: Open Failure".');
  else await act(target);
}
