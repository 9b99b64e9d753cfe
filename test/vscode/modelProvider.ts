/**
 * An extension of the tests that brings the editor a language model. What the model does is read from a file before each answer, and what
 * happens to it is written to another. Bundled and loaded by `languageModels.ts`.
 */
import { appendFileSync, readFileSync } from 'node:fs';
import * as vscode from 'vscode';

/** `absent`: there is no model. `fails`: in the middle of an answer. `hangs`: until the answer is no longer wanted. */
export type Behavior = 'absent' | 'answers' | 'fails' | 'hangs';

export const modelId = 'fake-model';
export const modelName = 'Fake Model';
export const answer = ['The second step does not follow from the first. ', 'Conclusion: wrong [END]'] as const;
export const failure = 'the line went dead';

/** Final since VS Code 1.104, which is newer than the oldest version that the extension supports. */
interface ChatProviderApi {
  registerLanguageModelChatProvider(vendor: string, provider: object): vscode.Disposable;
}

const behavior = (): Behavior => readFileSync(process.env['CRITIQUE_GRPO_MODEL_BEHAVIOR'] ?? '', 'utf8') as Behavior;
const note = (what: 'asked' | 'cancelled'): void => appendFileSync(process.env['CRITIQUE_GRPO_MODEL_NOTES'] ?? '', `${what}\n`);

const provider = {
  provideLanguageModelChatInformation() {
    if (behavior() === 'absent') return [];
    const limits = { maxInputTokens: 8000, maxOutputTokens: 4000 };
    // Other extensions may use it with the person's consent only.
    return [{ id: modelId, name: modelName, family: 'fake', version: '1', capabilities: {}, ...limits, requiresAuthorization: true }];
  },

  async provideLanguageModelChatResponse(
    _model: unknown,
    _messages: unknown,
    _options: unknown,
    progress: vscode.Progress<vscode.LanguageModelTextPart>,
    token: vscode.CancellationToken,
  ) {
    note('asked');
    if (behavior() === 'hangs') {
      await new Promise<void>((resolve) => token.onCancellationRequested(() => resolve()));
      note('cancelled');
      return;
    }
    const [first, second] = answer;
    progress.report(new vscode.LanguageModelTextPart(first));
    if (behavior() === 'fails') throw new Error(failure);
    progress.report(new vscode.LanguageModelTextPart(second));
  },

  provideTokenCount(_model: unknown, text: string | { readonly content: readonly { readonly value?: string }[] }) {
    const words = typeof text === 'string' ? text : text.content.map(({ value = '' }) => value).join('');
    return Promise.resolve(Math.ceil(words.length / 4));
  },
};

export function activate({ subscriptions }: vscode.ExtensionContext): void {
  subscriptions.push((vscode.lm as unknown as ChatProviderApi).registerLanguageModelChatProvider('fake', provider));
}
