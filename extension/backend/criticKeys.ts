/** Keys of critics' endpoints: kept in the editor's secret storage, told to every backend that is connected, each for one server alone. */
import type * as vscode from 'vscode';
import type { Params } from '../../backend/protocol/methods.ts';

const prefix = 'critiqueGrpo.criticKey.';
/** Which there are: the storage of older editors does not list its keys. */
const originsKey = 'critiqueGrpo.criticKeyOrigins';

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

  /** `origin`: the only server that it may be sent to (`https://host:port`). A backend that is not there yet hears of it when it is. */
  async set(name: string, key: string, origin: string): Promise<void> {
    const { secrets, state, tell, isConnected } = this.#parts;
    await secrets.store(prefix + name, key);
    await state.update(originsKey, { ...this.#origins(), [name]: origin });
    if (isConnected()) await tell({ name, key, origin });
  }

  async forget(name: string): Promise<void> {
    const { secrets, state, tell, isConnected } = this.#parts;
    await secrets.delete(prefix + name);
    const { [name]: _, ...others } = this.#origins();
    await state.update(originsKey, others);
    if (isConnected()) await tell({ name, key: null });
  }

  /** To a backend that has just been connected. */
  async tellAll(): Promise<void> {
    for (const [name, origin] of Object.entries(this.#origins())) {
      const key = await this.#parts.secrets.get(prefix + name);
      if (key !== undefined) await this.#parts.tell({ name, key, origin });
    }
  }

  /** Server of a key that is kept; null for one that is not. */
  originOf(name: string): string | null {
    return this.#origins()[name] ?? null;
  }

  #origins(): Readonly<Record<string, string>> {
    return this.#parts.state.get<Readonly<Record<string, string>>>(originsKey, {});
  }
}
