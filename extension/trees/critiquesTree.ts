/** The view *Critiques to Review*: critiques that did not help, of problems that still fail. */
import * as vscode from 'vscode';
import type { CritiqueToReview } from '../../backend/protocol/views.ts';
import { visibleLabel } from '../critiques/visibleText.ts';
import { plainTooltip } from '../ui/plainText.ts';
import type { Workbench } from '../state/workbench.ts';
import { ListTree } from './listTree.ts';

export class CritiqueItem extends vscode.TreeItem {
  readonly runId: string;
  readonly rolloutId: string;
  readonly entry: CritiqueToReview;

  constructor(entry: CritiqueToReview) {
    super(visibleLabel(entry.critique.text === '' ? '(no words)' : entry.critique.text, 90));
    const { critique, right, total, step, level } = entry;
    this.entry = entry;
    this.id = critique.id;
    this.runId = critique.runId;
    this.rolloutId = critique.rolloutId;
    this.description = [`${right} of ${total} right`, level, `step ${step}`].filter((part) => part !== null).join(' · ');
    this.iconPath = new vscode.ThemeIcon('comment-unresolved');
    this.contextValue = 'critiqueToReview';
    this.accessibilityInformation = { label: `Critique of ${entry.problemId}, ${this.description}` };
    this.command = { command: 'critiqueGrpo.openFailure', title: 'Open Failure', arguments: [this] };
  }
}

export class CritiquesTree extends ListTree<CritiqueItem> {
  protected override itemsOf({ toReview }: Workbench): CritiqueItem[] {
    return (toReview ?? []).map((entry) => new CritiqueItem(entry));
  }

  resolveTreeItem(item: vscode.TreeItem, element: CritiqueItem): vscode.TreeItem {
    const { question, critique } = element.entry;
    item.tooltip = plainTooltip(question, `${critique.author}: ${critique.text}`);
    return item;
  }
}
