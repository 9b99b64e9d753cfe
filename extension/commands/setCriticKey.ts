/** Keeps the key of a critic's endpoint in the editor's secret storage, and hands it to the backend. */
import * as vscode from 'vscode';
import type { Command } from '../services.ts';

const defaultName = 'CRITIC_API_KEY';

export const setCriticKey: Command = {
  id: 'critiqueGrpo.setCriticKey',
  async run(services) {
    const name = await vscode.window.showInputBox({
      title: 'Critic Key (1/2)',
      prompt: 'Name of the key, as criticOptions.apiKeyEnvironment in the run file has it.',
      value: defaultName,
      validateInput: (text) => (/^[A-Z][A-Z0-9_]*_API_KEY$/.test(text) ? null : 'Capital letters, digits and "_", with _API_KEY at the end.'),
    });
    if (name === undefined) return;
    const key = await vscode.window.showInputBox({
      title: 'Critic Key (2/2)',
      prompt: `The key ${name}. It is kept in the editor's secret storage, never in a file. Leave it empty to forget it.`,
      password: true,
      ignoreFocusOut: true,
    });
    if (key === undefined) return;
    await services.criticKeys.set(name, key.trim() === '' ? null : key.trim());
    void vscode.window.showInformationMessage(key.trim() === '' ? `${name} is forgotten.` : `${name} is kept; critics use it from now on.`);
  },
};
