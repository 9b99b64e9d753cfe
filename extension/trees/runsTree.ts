/** The view *Runs*: every run of the workspace with its state and progress. */
import * as vscode from 'vscode';
import type { RunSummary } from '../../backend/protocol/views.ts';
import { runDescription, runIcon } from '../state/runText.ts';
import { plainTooltip } from '../ui/plainText.ts';
import type { Workbench } from '../state/workbench.ts';
import { ListTree } from './listTree.ts';

export class RunItem extends vscode.TreeItem {
  readonly runId: string;

  /** `isShown`: among several, the one whose failures the views below show. */
  constructor(run: RunSummary, isShown: boolean) {
    super(run.name);
    this.id = run.id;
    this.runId = run.id;
    this.description = runDescription(run);
    this.iconPath = new vscode.ThemeIcon(runIcon(run), iconColor(run));
    this.contextValue = `run ${runWord(run)}`;
    this.accessibilityInformation = { label: `Run ${run.name}${isShown ? ', shown below' : ''}, ${this.description}` };
    if (isShown) this.description = `● ${this.description}`;
    this.command = { command: 'critiqueGrpo.openRun', title: 'Open Run', arguments: [run.id] };
    this.tooltip = plainTooltip(
      run.name,
      `${run.algorithm}, seed ${run.seed}, ${runDescription(run)}`,
      ...(run.stopMessage === null ? [] : [run.stopMessage]),
      ...(isShown ? ['Its failures and critiques are shown below.'] : []),
      ...(run.isHumanTouched ? ['Trained on critiques by hand.'] : []),
    );
  }
}

/** What the menus ask for: paused, running (whatever the backend does with it), or the state of a run at rest. */
function runWord({ state, activity }: RunSummary): string {
  if (activity === 'paused' || activity === 'pausing') return 'paused';
  return activity === null ? state : 'running';
}

function iconColor({ state, activity }: RunSummary): vscode.ThemeColor | undefined {
  if (activity !== null) return new vscode.ThemeColor('charts.blue');
  if (state === 'finished') return new vscode.ThemeColor('charts.green');
  return state === 'failed' ? new vscode.ThemeColor('charts.red') : undefined;
}

export class RunsTree extends ListTree<RunItem> {
  protected override itemsOf({ runs, currentRunId }: Workbench): RunItem[] {
    const all = runs ?? [];
    return all.map((run) => new RunItem(run, all.length > 1 && run.id === currentRunId));
  }
}
