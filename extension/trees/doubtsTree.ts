/** The view *Verdicts in Doubt*: answers whose two graders disagree, until a person says who is right. */
import * as vscode from 'vscode';
import type { Disagreement } from '../../backend/protocol/verdictViews.ts';
import { visibleLabel } from '../critiques/visibleText.ts';
import { plainTooltip } from '../ui/plainText.ts';
import type { Workbench } from '../state/workbench.ts';
import { ListTree } from './listTree.ts';

export class DoubtItem extends vscode.TreeItem {
  readonly runId: string;
  readonly rolloutId: string;
  readonly doubt: Disagreement;

  constructor(runId: string, doubt: Disagreement) {
    const { rolloutId, verdict, secondOpinion, answer, step, isRefinement } = doubt;
    super(visibleLabel(`${verdict.extracted ?? 'no answer'}  ≟  ${answer}`, 90));
    this.doubt = doubt;
    this.id = rolloutId;
    this.runId = runId;
    this.rolloutId = rolloutId;
    this.description = [
      `${visibleLabel(verdict.verifier, 40)}: ${verdict.status}`,
      `${visibleLabel(secondOpinion.grader, 40)}: ${secondOpinion.status}`,
      `${isRefinement ? 'refinement, ' : ''}step ${step}`,
    ].join(' · ');
    this.iconPath = new vscode.ThemeIcon('law');
    this.contextValue = isRefinement ? 'doubt refinement' : 'doubt rollout';
    this.accessibilityInformation = { label: `Verdict in doubt on ${doubt.problemId}: ${this.description}` };
    if (!isRefinement) this.command = { command: 'critiqueGrpo.openFailure', title: 'Open Answer', arguments: [this] };
  }
}

export class DoubtsTree extends ListTree<DoubtItem> {
  protected override itemsOf({ doubts, currentRunId }: Workbench): DoubtItem[] {
    return currentRunId === null ? [] : (doubts ?? []).map((doubt) => new DoubtItem(currentRunId, doubt));
  }

  resolveTreeItem(item: vscode.TreeItem, { doubt }: DoubtItem): vscode.TreeItem {
    const { question, verdict, secondOpinion } = doubt;
    item.tooltip = plainTooltip(question, `${verdict.verifier}: ${verdict.reason}`, `${secondOpinion.grader}: ${secondOpinion.reason}`);
    return item;
  }
}
