/** Answers a critic that asks the editor's own language models. The editor asks the person for consent the first time. */
import * as vscode from 'vscode';
import type { Notifications, Params } from '../../backend/protocol/methods.ts';

type Answer = Params<'languageModel/answer'>;

export class LanguageModels {
  readonly #answer: (answer: Answer) => void;
  readonly #asked = new Map<string, vscode.CancellationTokenSource>();

  /** `answer` hands what a model said to the backend. */
  constructor(answer: (answer: Answer) => void) {
    this.#answer = answer;
  }

  async ask(request: Notifications['languageModel/ask']): Promise<void> {
    const cancel = new vscode.CancellationTokenSource();
    this.#asked.set(request.id, cancel);
    try {
      this.#answer({ id: request.id, ...(await this.#reply(request, cancel.token)) });
    } catch (error) {
      if (!cancel.token.isCancellationRequested) this.#answer({ id: request.id, error: failureOf(error) });
    } finally {
      this.#asked.delete(request.id);
      cancel.dispose();
    }
  }

  cancel({ id }: Notifications['languageModel/cancel']): void {
    this.#asked.get(id)?.cancel();
  }

  /** Nobody waits for answers any more: the backend is gone. */
  cancelAll(): void {
    for (const cancel of this.#asked.values()) cancel.cancel();
  }

  async #reply(request: Notifications['languageModel/ask'], token: vscode.CancellationToken): Promise<Omit<Answer, 'id'>> {
    const model = await chosenModel(request.model);
    if (model === null) {
      const named = request.model === null ? 'no language model' : `no language model named ${request.model}`;
      return { error: { message: `The editor has ${named}. Install an extension that brings one, or choose another critic.`, isPassing: false } };
    }
    const messages = request.messages.map(({ role, content }) =>
      // The editor knows no system messages: they go first, as the person's.
      role === 'assistant' ? vscode.LanguageModelChatMessage.Assistant(content) : vscode.LanguageModelChatMessage.User(content),
    );
    const options = {
      justification: 'A critic of your training run asks for critiques of failed answers.',
      modelOptions: { max_tokens: request.maxTokens, temperature: request.temperature },
    };
    const response = await model.sendRequest(messages, options, token);
    let text = '';
    for await (const part of response.text) text += part;
    const [promptTokens, completionTokens] = await Promise.all([countAll(model, messages), model.countTokens(text)]);
    return { text, promptTokens, completionTokens };
  }
}

/** By id, then by family; any where none is named. */
async function chosenModel(name: string | null): Promise<vscode.LanguageModelChat | null> {
  if (name === null) return (await vscode.lm.selectChatModels())[0] ?? null;
  return (await vscode.lm.selectChatModels({ id: name }))[0] ?? (await vscode.lm.selectChatModels({ family: name }))[0] ?? null;
}

async function countAll(model: vscode.LanguageModelChat, messages: readonly vscode.LanguageModelChatMessage[]): Promise<number> {
  const counts = await Promise.all(messages.map((message) => model.countTokens(message)));
  return counts.reduce((sum, count) => sum + count, 0);
}

function failureOf(error: unknown): NonNullable<Answer['error']> {
  const message = error instanceof Error ? error.message : String(error);
  const code = error instanceof vscode.LanguageModelError ? error.code : '';
  const isLasting = code === vscode.LanguageModelError.NoPermissions.name || code === vscode.LanguageModelError.NotFound.name;
  return { message: message.slice(0, 2000), isPassing: !isLasting };
}
