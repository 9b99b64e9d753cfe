/** Failures as last read from the backend. Read once however many views ask; read again once something about one changed. */
import type { Method, Params, Result } from '../../backend/protocol/methods.ts';
import type { Failure } from './failure.ts';
import { targetKey, type Target } from './target.ts';

export type Request = <M extends Method>(method: M, params: Params<M>) => Promise<Result<M>>;

/** Beyond this number the one unused for longest is forgotten. */
const maxFailures = 30;

export class FailureCache {
  readonly #request: Request;
  readonly #failures = new Map<string, Promise<Failure>>();

  constructor(request: Request) {
    this.#request = request;
  }

  /** Rejects with the backend's error; a failed read is not kept. */
  get(target: Target): Promise<Failure> {
    const key = targetKey(target);
    const known = this.#failures.get(key);
    const failure = known ?? this.#read(target);
    this.#failures.delete(key);
    this.#failures.set(key, failure);
    if (known === undefined) failure.catch(() => this.#failures.get(key) === failure && this.#failures.delete(key));
    const [oldest] = this.#failures.keys();
    if (this.#failures.size > maxFailures && oldest !== undefined) this.#failures.delete(oldest);
    return failure;
  }

  forget(target: Target): void {
    this.#failures.delete(targetKey(target));
  }

  forgetAll(): void {
    this.#failures.clear();
  }

  async #read({ runId, rolloutId }: Target): Promise<Failure> {
    const [attempt, history] = await Promise.all([
      this.#request('rollout/get', { runId, rolloutId }),
      this.#request('critique/history', { runId, rolloutId }),
    ]);
    const problem = await this.#request('problem/get', { runId, problemId: attempt.rollout.problemId });
    return { attempt, problem, history };
  }
}
