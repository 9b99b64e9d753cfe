/** Answers a critic that asks the editor's own language models. The editor asks the person for consent the first time. */
import * as vscode from 'vscode';
import type { Notifications, Params } from '../../backend/protocol/methods.ts';

type Answer = Params<'languageModel/answer'>;

export interface LanguageModelsParts {
  /** Hands what a model said to the backend. */
  answer(answer: Answer): void;
  /** What the person has consented to. */
  readonly access: vscode.LanguageModelAccessInformation;
  /** Tells the person what a refusal means; resolves with whether to ask for consent again. */
  tellRefused(model: string): Thenable<boolean>;
}

export class LanguageModels {
  readonly #parts: LanguageModelsParts;
  readonly #asked = new Map<string, vscode.CancellationTokenSource>();
  /** Ids of models that the person has not let us use. */
  readonly #refused = new Set<string>();
  #consent: Promise<unknown> = Promise.resolve();

  constructor(parts: LanguageModelsParts) {
    this.#parts = parts;
  }

  async ask(request: Notifications['languageModel/ask']): Promise<void> {
    const cancel = new vscode.CancellationTokenSource();
    this.#asked.set(request.id, cancel);
    try {
      this.#parts.answer({ id: request.id, ...(await this.#reply(request, cancel.token)) });
    } catch (error) {
      if (!cancel.token.isCancellationRequested) this.#parts.answer({ id: request.id, error: failureOf(error) });
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

  /** A person who starts something is asked again, whatever was answered before. */
  forgetRefusals(): void {
    this.#refused.clear();
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
    const response = await this.#withConsent(model, token, () => model.sendRequest(messages, options, token));
    let text = '';
    for await (const part of response.text) text += part;
    const [promptTokens, completionTokens] = await Promise.all([countAll(model, messages), model.countTokens(text)]);
    return { text, promptTokens, completionTokens };
  }

  /** Critics ask for several critiques at a time: the person is asked for consent by one of them, and the others wait for the answer. */
  #withConsent<T>(model: vscode.LanguageModelChat, token: vscode.CancellationToken, send: () => Thenable<T>): Promise<T> {
    const attempt = async (): Promise<T> => {
      if (this.#refused.has(model.id)) throw refusalOf(model);
      if (token.isCancellationRequested) throw new vscode.CancellationError();
      try {
        return await send();
      } catch (error) {
        if (!hasCode(error, vscode.LanguageModelError.NoPermissions)) throw error;
        if (!this.#refused.has(model.id)) this.#refuse(model);
        throw refusalOf(model);
      }
    };
    if (this.#parts.access.canSendRequest(model) === true) return attempt();
    const turn = this.#consent.then(attempt);
    this.#consent = turn.catch(() => undefined);
    return turn;
  }

  #refuse({ id, name }: vscode.LanguageModelChat): void {
    this.#refused.add(id);
    void this.#parts.tellRefused(name).then((isToBeAsked) => {
      if (isToBeAsked) this.#refused.delete(id);
    });
  }
}

/** A refusal is of one model, and lasts until the person starts something. */
function refusalOf({ name }: vscode.LanguageModelChat): vscode.LanguageModelError {
  return vscode.LanguageModelError.NoPermissions(`The editor's model "${name}" may not be used: consent was refused.`);
}

function hasCode(error: unknown, kind: { readonly name: string }): boolean {
  return error instanceof vscode.LanguageModelError && error.code === kind.name;
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
  const isLasting = hasCode(error, vscode.LanguageModelError.NoPermissions) || hasCode(error, vscode.LanguageModelError.NotFound);
  return { message: message.slice(0, 2000), isPassing: !isLasting };
}
