/** Keeps the key of a critic's endpoint in the editor's secret storage, and hands it to the backend for that server alone. */
import * as vscode from 'vscode';
import type { Command } from '../services.ts';

const defaultName = 'CRITIC_API_KEY';

export const setCriticKey: Command = {
  id: 'critiqueGrpo.setCriticKey',
  async run({ criticKeys }) {
    const name = await vscode.window.showInputBox({
      title: 'Critic Key (1/3)',
      prompt: 'Name of the key, as criticOptions.apiKeyEnvironment in the run file has it.',
      value: defaultName,
      validateInput: (text) => (/^[A-Z][A-Z0-9_]*_API_KEY$/.test(text) ? null : 'Capital letters, digits and "_", with _API_KEY at the end.'),
    });
    if (name === undefined) return;
    const address = await vscode.window.showInputBox({
      title: 'Critic Key (2/3)',
      prompt: 'The server that the key is for, as criticOptions.baseUrl has it. It is sent to no other.',
      value: criticKeys.originOf(name) ?? 'https://',
      validateInput: (text) => (originOf(text) === null ? 'An address such as https://api.example.com/v1.' : null),
    });
    const origin = address === undefined ? null : originOf(address);
    if (origin === null) return;
    const key = await vscode.window.showInputBox({
      title: 'Critic Key (3/3)',
      prompt: `The key ${name} for ${origin}. It is kept in the editor's secret storage, never in a file. Leave it empty to forget it.`,
      password: true,
      ignoreFocusOut: true,
    });
    if (key === undefined) return;
    if (key.trim() === '') await criticKeys.forget(name);
    else await criticKeys.set(name, key.trim(), origin);
    void vscode.window.showInformationMessage(
      key.trim() === '' ? `${name} is forgotten.` : `${name} is kept; critics at ${origin} use it from now on.`,
    );
  },
};

function originOf(text: string): string | null {
  try {
    const { protocol, origin, hostname } = new URL(text);
    return /^https?:$/.test(protocol) && hostname !== '' ? origin : null;
  } catch {
    return null;
  }
}
