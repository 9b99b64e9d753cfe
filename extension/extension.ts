/** The extension's composition root: makes the parts, connects them, registers them with the editor. Nothing is decided here. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { performance } from 'node:perf_hooks';
import * as vscode from 'vscode';
import { Backend } from './backend/backend.ts';
import { CriticKeys } from './backend/criticKeys.ts';
import { errorDataOf, errorText } from './backend/errors.ts';
import { LanguageModels } from './backend/languageModels.ts';
import { findBackend, launchBackend } from './backend/launcher.ts';
import { newExperimentFile } from './commands/newExperimentFile.ts';
import { newRunFile } from './commands/newRunFile.ts';
import { runCommands } from './commands/runCommands.ts';
import { registerCritiques } from './critiques/register.ts';
import { registerPanels } from './panels/register.ts';
import type { Services } from './services.ts';
import { InterruptionWatch } from './state/interruption.ts';
import { WorkbenchSync } from './state/sync.ts';
import { activeRun, currentRun, type Workbench } from './state/workbench.ts';
import { CritiquesTree } from './trees/critiquesTree.ts';
import { DoubtsTree } from './trees/doubtsTree.ts';
import { FailuresTree } from './trees/failuresTree.ts';
import { RunsTree } from './trees/runsTree.ts';
import { showError, showInterruption, showRefusedModel } from './ui/notify.ts';
import { readSettings } from './ui/settings.ts';
import { StatusBar } from './ui/statusBar.ts';
import { TextViews } from './ui/textViews.ts';

/** For tests and other extensions. */
export interface ExtensionApi {
  readonly trees: { readonly runs: RunsTree; readonly failures: FailuresTree; readonly critiques: CritiquesTree; readonly doubts: DoubtsTree };
}

export function activate(context: vscode.ExtensionContext): ExtensionApi {
  const start = performance.now();
  const log = vscode.window.createOutputChannel('Critique-GRPO', { log: true });
  const workspace = workspaceFolder(context);

  const backend = new Backend(
    {
      find: () => findBackend(workspace, { isViewOnly: !vscode.workspace.isTrusted }),
      launch: () => {
        const { nodePath, threads, idleMinutes } = readSettings();
        const node = nodePath === '' ? process.execPath : nodePath;
        const entry = context.asAbsolutePath('dist/backend.js');
        return launchBackend({ workspace, entry, node, threads, idleMinutes, isViewOnly: !vscode.workspace.isTrusted });
      },
      log: (text) => log.info(text),
    },
    {
      connected: ({ isViewOnly }) => {
        sync.refreshSoon();
        critiques.connected();
        void criticKeys.tellAll().catch((error: unknown) => log.warn(errorText(error)));
        // Started while the workspace was not trusted yet, by a window that is gone.
        if (isViewOnly && vscode.workspace.isTrusted) void restart();
      },
      connectionChanged: (connection) => {
        if (connection.state === 'lost') log.warn(connection.detail);
        if (connection.state !== 'connected') languageModels.cancelAll();
        sync.apply({ type: 'connection', connection });
        panels.connectionChanged();
      },
      events: (events) => {
        sync.events(events);
        critiques.events(events);
        panels.events(events);
        for (const { body } of events) if (body.type === 'noticeRaised') log.warn(`Step ${body.step}: ${body.message}`);
      },
      progress: (progress) => {
        sync.apply({ type: 'progress', progress });
        critiques.progress(progress);
        panels.progress(progress);
      },
      languageModelAsked: (request) => void languageModels.ask(request),
      languageModelCanceled: (request) => languageModels.cancel(request),
      runsChanged: (runId) => {
        sync.refreshSoon();
        panels.runsChanged(runId);
      },
      experimentsChanged: (id) => panels.experimentsChanged(id),
    },
  );
  const restart = (): Promise<void> => backend.restart().catch((error: unknown) => showError(error, log));
  const sync = new WorkbenchSync(
    (method, params) => backend.request(method, params),
    (error) => log.warn(errorText(error)),
  );
  const languageModels = new LanguageModels({
    answer: (answer) => void backend.request('languageModel/answer', answer).catch((error: unknown) => log.warn(errorText(error))),
    access: context.languageModelAccessInformation,
    tellRefused: showRefusedModel,
  });
  const criticKeys = new CriticKeys({
    secrets: context.secrets,
    state: context.globalState,
    tell: (key) => backend.request('critic/setKey', key),
    isConnected: () => backend.connection.state === 'connected',
  });
  const views = new TextViews();
  const trees = { runs: new RunsTree(sync), failures: new FailuresTree(sync), critiques: new CritiquesTree(sync), doubts: new DoubtsTree(sync) };
  const services: Services = {
    context,
    backend,
    sync,
    log,
    failuresTree: trees.failures,
    criticKeys,
    views,
    settings: readSettings,
    request: (method, params, signal) => backend.request(method, params, signal),
    showError: (error) => showError(error, log),
    openPanel: (view) => panels.show(view),
    askForConsentAgain: () => languageModels.forgetRefusals(),
  };
  const critiques = registerCritiques(services);
  const panels = registerPanels(services, critiques.desk);
  const statusBar = new StatusBar();
  const interruptions = new InterruptionWatch();
  const failuresView = vscode.window.createTreeView('critiqueGrpo.failures', { treeDataProvider: trees.failures, showCollapseAll: true });
  context.subscriptions.push(
    log,
    backend,
    sync,
    statusBar,
    failuresView,
    views,
    vscode.window.createTreeView('critiqueGrpo.runs', { treeDataProvider: trees.runs }),
    vscode.window.createTreeView('critiqueGrpo.critiques', { treeDataProvider: trees.critiques }),
    vscode.window.createTreeView('critiqueGrpo.doubts', { treeDataProvider: trees.doubts }),
    sync.onChange((state, before) => {
      const hasChanged = (...parts: readonly (keyof Workbench)[]): boolean => parts.some((part) => state[part] !== before[part]);
      statusBar.show(state);
      if (hasChanged('runs', 'currentRunId')) trees.runs.refresh();
      if (hasChanged('failures')) trees.failures.refresh();
      if (hasChanged('toReview')) trees.critiques.refresh();
      if (hasChanged('doubts')) trees.doubts.refresh();
      // Progress comes ten times a second and is the status bar's alone.
      if (!hasChanged('runs', 'currentRunId', 'failures', 'doubts', 'connection')) return;
      failuresView.badge = badgeOf(state);
      failuresView.description = currentRun(state)?.name ?? '';
      setContextKeys(state);
      const cutOff = interruptions.see(state, before);
      if (cutOff !== null) showInterruption(cutOff, log);
    }),
    vscode.workspace.onDidGrantWorkspaceTrust(() => void (backend.connection.state === 'connected' ? restart() : lookForRuns())),
    ...[...runCommands, newRunFile, newExperimentFile].map((command) =>
      vscode.commands.registerCommand(command.id, async (argument: unknown) => {
        try {
          await command.run(services, argument);
        } catch (error) {
          services.showError(error);
        }
      }),
    ),
  );
  const lookForRuns = (): Promise<void> =>
    findRuns(backend, workspace).catch((error: unknown) => {
      // Nobody asked for anything yet; but that runs are hidden here is for the person to decide.
      if (errorDataOf(error).code === 'workspace.strayLink') showError(error, log);
      else log.warn(errorText(error));
    });
  void lookForRuns();
  log.info(`Activated in ${Math.round(performance.now() - start)} ms.`);
  return { trees };
}

/** A backend that outlived the window is found again; where there are runs to show, one is started; else nothing is. */
async function findRuns(backend: Backend, workspace: string): Promise<void> {
  if (existsSync(join(workspace, '.critique-grpo', 'store.db'))) await backend.connect();
  else await backend.attach();
}

/** The first folder of the workspace; without one, a folder of the editor's, so that the demonstration can be tried at once. */
function workspaceFolder(context: vscode.ExtensionContext): string {
  const folder = vscode.workspace.workspaceFolders?.find(({ uri }) => uri.scheme === 'file');
  return folder?.uri.fsPath ?? context.globalStorageUri.fsPath;
}

function badgeOf({ failures }: Workbench): vscode.ViewBadge | undefined {
  const value = failures?.length ?? 0;
  return value === 0 ? undefined : { value, tooltip: value === 1 ? '1 problem fails again and again' : `${value} problems fail again and again` };
}

function setContextKeys(state: Workbench): void {
  const activity = activeRun(state)?.activity ?? null;
  const isPaused = activity === 'paused' || activity === 'pausing';
  const keys = {
    hasRuns: (state.runs?.length ?? 0) > 0,
    isTraining: activity !== null && !isPaused,
    isPaused,
    hasDoubts: (state.doubts?.length ?? 0) > 0,
    isConnected: state.connection.state === 'connected',
  };
  for (const [key, value] of Object.entries(keys)) void vscode.commands.executeCommand('setContext', `critiqueGrpo.${key}`, value);
}
