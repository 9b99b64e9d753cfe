/** The view *Persistent Failures*: problems whose every answer was wrong in their last visits, by cause. */
import * as vscode from 'vscode';
import type { StandingFailure } from '../../backend/protocol/views.ts';
import { failureDescription, failureGroups, failureSentence, type FailureFilter, type FailureGroup, type FailureOrder } from '../state/failures.ts';
import type { WorkbenchSync } from '../state/sync.ts';
import { plainTooltip } from '../ui/plainText.ts';
import { visibleLabel } from '../critiques/visibleText.ts';

export class CauseItem extends vscode.TreeItem {
  readonly group: FailureGroup;

  constructor(group: FailureGroup) {
    super(group.label, vscode.TreeItemCollapsibleState.Expanded);
    this.group = group;
    this.id = group.cause;
    this.description = String(group.failures.length);
    this.contextValue = 'cause';
    this.accessibilityInformation = { label: `${group.label}: ${group.failures.length} problems` };
  }
}

export class FailureItem extends vscode.TreeItem {
  readonly runId: string;
  readonly rolloutId: string | null;
  readonly failure: StandingFailure;

  constructor(runId: string, failure: StandingFailure) {
    super(visibleLabel(failure.question === '' ? failure.problemId : failure.question, 80));
    this.id = `${runId}/${failure.problemId}`;
    this.runId = runId;
    this.rolloutId = failure.newestRolloutId;
    this.failure = failure;
    this.description = failureDescription(failure);
    this.contextValue = 'failure';
    const icon = failure.rescued
      ? ['lightbulb', 'charts.green']
      : failure.solvedStep === null
        ? ['error', 'charts.red']
        : ['history', 'charts.orange'];
    this.iconPath = new vscode.ThemeIcon(icon[0] ?? 'error', new vscode.ThemeColor(icon[1] ?? 'charts.red'));
    this.accessibilityInformation = { label: failureSentence(failure) };
    if (failure.newestRolloutId !== null) this.command = { command: 'critiqueGrpo.openFailure', title: 'Open Failure', arguments: [this] };
  }
}

export class FailuresTree implements vscode.TreeDataProvider<CauseItem | FailureItem> {
  readonly #sync: WorkbenchSync;
  readonly #changes = new vscode.EventEmitter<void>();
  readonly onDidChangeTreeData = this.#changes.event;
  #order: FailureOrder = 'longestStreak';
  #filter: FailureFilter = {};

  constructor(sync: WorkbenchSync) {
    this.#sync = sync;
  }

  get order(): FailureOrder {
    return this.#order;
  }

  get filter(): FailureFilter {
    return this.#filter;
  }

  sortBy(order: FailureOrder): void {
    this.#order = order;
    this.refresh();
  }

  filterBy(filter: FailureFilter): void {
    this.#filter = filter;
    this.refresh();
  }

  refresh(): void {
    this.#changes.fire();
  }

  getTreeItem(item: CauseItem | FailureItem): vscode.TreeItem {
    return item;
  }

  getChildren(parent?: CauseItem | FailureItem): (CauseItem | FailureItem)[] {
    const { failures, currentRunId } = this.#sync.state;
    if (failures === null || currentRunId === null) return [];
    if (parent === undefined) return failureGroups(failures, this.#order, this.#filter).map((group) => new CauseItem(group));
    return parent instanceof CauseItem ? parent.group.failures.map((failure) => new FailureItem(currentRunId, failure)) : [];
  }

  resolveTreeItem(item: vscode.TreeItem, element: CauseItem | FailureItem): vscode.TreeItem {
    if (element instanceof FailureItem) item.tooltip = plainTooltip(element.failure.question, failureSentence(element.failure));
    return item;
  }
}
