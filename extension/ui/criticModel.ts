/** Choosing the model behind a critic: one of the editor's own, or one at a server. */
import * as vscode from 'vscode';

/** As `criticOptions` of a run file has them. */
export type CriticModel = Readonly<Record<string, string>>;

interface ModelItem extends vscode.QuickPickItem {
  readonly choose: () => Promise<CriticModel | null>;
}

/** Null when the person picks none. `known` is what the run file says now. */
export async function chooseCriticModel(critic: string, known: { readonly baseUrl: string; readonly model: string }): Promise<CriticModel | null> {
  const models = await vscode.lm.selectChatModels();
  const own = models.map(({ id, name, vendor, family }): ModelItem => ({
    label: `$(hubot) ${name}`,
    description: [vendor, family].filter((part) => part !== '').join(' · '),
    choose: () => Promise.resolve({ endpoint: 'editor', model: id }),
  }));
  const server: ModelItem = {
    label: '$(server) A model at a server…',
    detail: 'Anything that speaks the OpenAI API: vLLM, SGLang, Ollama, llama.cpp, a provider.',
    choose: () => askServer(known),
  };
  const title = models.length === 0 ? 'The editor has no language models of its own' : 'Language models of the editor';
  const items = [{ label: title, kind: vscode.QuickPickItemKind.Separator }, ...own, { label: '', kind: vscode.QuickPickItemKind.Separator }, server];
  const options = { title: `Model of the Critic ${critic}`, placeHolder: 'Who writes the critiques', matchOnDescription: true };
  const picked = await vscode.window.showQuickPick<vscode.QuickPickItem | ModelItem>(items, options);
  return picked !== undefined && 'choose' in picked ? picked.choose() : null;
}

async function askServer({ baseUrl, model }: { readonly baseUrl: string; readonly model: string }): Promise<CriticModel | null> {
  const address = await vscode.window.showInputBox({
    title: 'Model at a Server (1/2)',
    prompt: 'Address of the server, with /v1 where it has that.',
    value: baseUrl === '' ? 'http://127.0.0.1:8000/v1' : baseUrl,
    validateInput: (text) => (/^https?:\/\/[^\s/]+/.test(text) ? null : 'An address such as http://127.0.0.1:8000/v1.'),
  });
  if (address === undefined) return null;
  const name = await vscode.window.showInputBox({
    title: 'Model at a Server (2/2)',
    prompt: 'Name of the model there. A key is set with "Critique-GRPO: Set Critic Key", never in the file.',
    value: model,
    validateInput: (text) => (text.trim() === '' ? 'Name the model.' : null),
  });
  return name === undefined ? null : { endpoint: 'http', baseUrl: address.trim(), model: name.trim() };
}
