/** The one item in the status bar: what the training does right now. */
import * as vscode from 'vscode';
import { activeRun, currentRun, type Workbench } from '../state/workbench.ts';
import { progressText, runDescription, runIcon, runStateText } from '../state/runText.ts';

export class StatusBar implements vscode.Disposable {
  readonly #item = vscode.window.createStatusBarItem('critiqueGrpo.status', vscode.StatusBarAlignment.Left, 50);

  constructor() {
    this.#item.name = 'Critique-GRPO';
    this.show({
      connection: { state: 'lost', detail: '' },
      runs: null,
      currentRunId: null,
      failures: null,
      toReview: null,
      doubts: null,
      progress: null,
    });
    this.#item.show();
  }

  show(state: Workbench): void {
    const run = activeRun(state) ?? currentRun(state);
    const { connection, progress } = state;
    this.#item.backgroundColor = undefined;
    if (connection.state === 'connecting') {
      this.#set('loading~spin', 'Critique-GRPO', connection.detail, 'critiqueGrpo.showLog');
    } else if (run === null) {
      this.#set('mortar-board', 'Critique-GRPO', 'Start a training', 'critiqueGrpo.startTraining');
    } else if (connection.state === 'lost' && run.activity !== null) {
      this.#set('debug-disconnect', 'Critique-GRPO', connection.detail, 'critiqueGrpo.showLog');
      this.#item.backgroundColor = new vscode.ThemeColor('statusBarItem.warningBackground');
    } else {
      const text = progress !== null && run.id === progress.runId ? progressText(progress) : `${run.lastStep ?? 0}/${run.config.training.steps}`;
      const score = run.lastPassAt1 === null ? '' : ` · pass@1 ${run.lastPassAt1.toFixed(2)}`;
      const label = `${run.activity === 'training' ? text : `${runStateText(run)} ${text}`}${score}`;
      this.#set(runIcon(run), label, `${run.name}: ${runDescription(run)}`, 'critiqueGrpo.openRun');
      if (run.state === 'failed') this.#item.backgroundColor = new vscode.ThemeColor('statusBarItem.errorBackground');
    }
  }

  dispose(): void {
    this.#item.dispose();
  }

  #set(icon: string, text: string, tooltip: string, command: string): void {
    this.#item.text = `$(${icon}) ${text}`;
    this.#item.tooltip = tooltip;
    this.#item.accessibilityInformation = { label: `Critique-GRPO: ${text}. ${tooltip}` };
    this.#item.command = command;
  }
}
