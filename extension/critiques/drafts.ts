/** Critiques being written, kept across reloads of the window until they are saved or discarded. */

export interface Draft {
  readonly runId: string;
  readonly rolloutId: string;
  /** The revision that the person saw; null for a first critique. */
  readonly baseId: string | null;
  readonly text: string;
  readonly time: number;
}

/** The part of the editor's `Memento` that is needed. */
export interface DraftStorage {
  get<T>(key: string): T | undefined;
  update(key: string, value: unknown): Thenable<void>;
}

/** Oldest drafts beyond this number are dropped. */
const maxDrafts = 50;
const key = 'critiqueGrpo.drafts';

export class Drafts {
  readonly #storage: DraftStorage;

  constructor(storage: DraftStorage) {
    this.#storage = storage;
  }

  of(runId: string, rolloutId: string): Draft | null {
    return this.#all().find((draft) => isOf(draft, runId, rolloutId)) ?? null;
  }

  async keep(draft: Draft): Promise<void> {
    const others = this.#all().filter(({ runId, rolloutId }) => !isOf(draft, runId, rolloutId));
    await this.#storage.update(key, [...others, draft].slice(-maxDrafts));
  }

  async drop(runId: string, rolloutId: string): Promise<void> {
    const all = this.#all();
    const kept = all.filter((draft) => !isOf(draft, runId, rolloutId));
    if (kept.length < all.length) await this.#storage.update(key, kept);
  }

  #all(): readonly Draft[] {
    return this.#storage.get<readonly Draft[]>(key) ?? [];
  }
}

function isOf(draft: Draft, runId: string, rolloutId: string): boolean {
  return draft.runId === runId && draft.rolloutId === rolloutId;
}
