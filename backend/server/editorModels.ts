/** The language models of an attached editor as an endpoint for critics: asked by notification, answered by request. */
import { randomUUID } from 'node:crypto';
import { EndpointError, type Endpoint, type EndpointReply } from '../training/criticModels.ts';
import type { Notifications } from '../protocol/methods.ts';
import type { CheckedParams } from './service.ts';

/** A client that said it can ask its editor's models. */
export interface EditorClient {
  ask(params: Notifications['languageModel/ask']): void;
  cancel(params: Notifications['languageModel/cancel']): void;
}

interface Waiting {
  readonly client: EditorClient;
  readonly resolve: (reply: EndpointReply) => void;
  readonly reject: (error: Error) => void;
}

export class EditorModels {
  private readonly clients: EditorClient[] = [];
  private readonly waiting = new Map<string, Waiting>();

  /** Call what it returns when the client is gone: what it was asked fails then. */
  attach(client: EditorClient): () => void {
    this.clients.push(client);
    return () => {
      const at = this.clients.indexOf(client);
      if (at >= 0) this.clients.splice(at, 1);
      for (const [id, { client: asked, reject }] of this.waiting) {
        if (asked !== client) continue;
        this.waiting.delete(id);
        reject(new EndpointError('the editor was closed', { isPassing: true }));
      }
    };
  }

  /** `model` as the editor knows it; null leaves the choice to it. The editor that came last is asked. */
  endpoint(model: string | null): Endpoint {
    return {
      model: model ?? 'editor',
      place: 'editor',
      title: `${model ?? 'a language model'} of the editor`,
      complete: ({ messages, maxTokens, temperature }, signal) => {
        const client = this.clients.at(-1);
        if (client === undefined) throw new EndpointError('no editor with language models is attached', { isPassing: false });
        const id = randomUUID();
        return new Promise<EndpointReply>((resolve, reject) => {
          const giveUp = (): void => {
            if (!this.waiting.delete(id)) return;
            client.cancel({ id });
            reject(signal.reason instanceof Error ? signal.reason : new Error(String(signal.reason)));
          };
          const settled =
            <A>(settle: (value: A) => void) =>
            (value: A): void => {
              signal.removeEventListener('abort', giveUp);
              settle(value);
            };
          this.waiting.set(id, { client, resolve: settled(resolve), reject: settled(reject) });
          signal.addEventListener('abort', giveUp, { once: true });
          client.ask({ id, model, messages: messages.map(({ role, content }) => ({ role, content })), maxTokens, temperature });
        });
      },
    };
  }

  /** Answers that nobody waits for any more are passed over. */
  answer({ id, text, promptTokens, completionTokens, error }: CheckedParams<'languageModel/answer'>): void {
    const waiting = this.waiting.get(id);
    if (waiting === undefined) return;
    this.waiting.delete(id);
    if (error !== undefined) waiting.reject(new EndpointError(error.message.replace(/\.$/, ''), { isPassing: error.isPassing }));
    else if (text === undefined || text.trim() === '') waiting.reject(new EndpointError('it answered with an empty text', { isPassing: true }));
    else waiting.resolve({ text, isCutOff: false, promptTokens: promptTokens ?? null, completionTokens: completionTokens ?? null });
  }
}
