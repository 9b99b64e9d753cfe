/** Keys of critics' endpoints: kept in the editor's secret storage, told to every backend that is connected. */
import type * as vscode from 'vscode';
import type { Params } from '../../backend/protocol/methods.ts';

const prefix = 'critiqueGrpo.criticKey.';
/** Which there are: the storage of older editors does not list its keys. */
const namesKey = 'critiqueGrpo.criticKeyNames';

export interface CriticKeyParts {
  readonly secrets: Pick<vscode.SecretStorage, 'get' | 'store' | 'delete'>;
  readonly state: Pick<vscode.Memento, 'get' | 'update'>;
  /** Hands a key to the backend. */
  readonly tell: (key: Params<'critic/setKey'>) => Promise<unknown>;
  readonly isConnected: () => boolean;
}

export class CriticKeys {
  readonly #parts: CriticKeyParts;

  constructor(parts: CriticKeyParts) {
    this.#parts = parts;
  }

  /** Null forgets it. A backend that is not there yet hears of it when it is. */
  async set(name: string, key: string | null): Promise<void> {
    const { secrets, state, tell, isConnected } = this.#parts;
    if (key === null) await secrets.delete(prefix + name);
    else await secrets.store(prefix + name, key);
    const others = this.#names().filter((other) => other !== name);
    await state.update(namesKey, key === null ? others : [...others, name]);
    if (isConnected()) await tell({ name, key });
  }

  /** To a backend that has just been connected. */
  async tellAll(): Promise<void> {
    for (const name of this.#names()) {
      const key = await this.#parts.secrets.get(prefix + name);
      if (key !== undefined) await this.#parts.tell({ name, key });
    }
  }

  #names(): readonly string[] {
    return this.#parts.state.get<readonly string[]>(namesKey, []);
  }
}
