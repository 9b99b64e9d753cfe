/** Does what a page's button asks of the editor. Everything here is named in the contract; a page cannot ask for anything else. */
import type { HostAction, PanelView } from '../contract.ts';
import type { Target } from '../critiques/target.ts';

/** What the actions lead to. */
export interface ActionHost {
  openFailure(target: Target): Promise<void>;
  openDiff(target: Target, refinementId: string): Promise<void>;
  openPanel(view: PanelView): void;
  trainOnText(target: Target, text: string): Promise<void>;
  runCommand(command: string, runId: string): Promise<void>;
  copyText(text: string): Promise<void>;
  openReport(experimentId: string): Promise<void>;
  showError(error: unknown): void;
}

type RunCommand = Extract<HostAction, { readonly do: 'runCommand' }>['command'];

const commandIds: Readonly<Record<RunCommand, string>> = {
  pause: 'critiqueGrpo.pauseRun',
  resume: 'critiqueGrpo.resumeRun',
  stop: 'critiqueGrpo.stopRun',
  evaluate: 'critiqueGrpo.evaluateRun',
  compareRuns: 'critiqueGrpo.compareRuns',
};

export async function doAction(action: HostAction, host: ActionHost): Promise<void> {
  try {
    await outcomeOf(action, host);
  } catch (error) {
    host.showError(error);
  }
}

function outcomeOf(action: HostAction, host: ActionHost): Promise<void> | void {
  switch (action.do) {
    case 'openFailure':
      return host.openFailure({ runId: action.runId, rolloutId: action.rolloutId });
    case 'openDiff':
      return host.openDiff({ runId: action.runId, rolloutId: action.rolloutId }, action.refinementId);
    case 'openPanel':
      return host.openPanel(action.view);
    case 'trainOn':
      return host.trainOnText({ runId: action.runId, rolloutId: action.rolloutId }, action.text);
    case 'runCommand':
      return host.runCommand(commandIds[action.command], action.runId);
    case 'copyText':
      return host.copyText(action.text);
    case 'openReport':
      return host.openReport(action.experimentId);
  }
  return action satisfies never;
}
