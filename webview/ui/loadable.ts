/** Something that is asked of the backend: not asked yet, on its way (with what was known before), there, or refused. */
import type { ErrorData } from '../../backend/protocol/methods.ts';

export type Loadable<T> =
  | { readonly state: 'idle' }
  | { readonly state: 'loading'; readonly last: T | null }
  | { readonly state: 'ready'; readonly value: T }
  | { readonly state: 'failed'; readonly error: ErrorData; readonly last: T | null };

export const idle: Loadable<never> = { state: 'idle' };

export function ready<T>(value: T): Loadable<T> {
  return { state: 'ready', value };
}

/** Asked again: what is shown stays until the answer is there. */
export function loading<T>(before: Loadable<T>): Loadable<T> {
  return { state: 'loading', last: valueOf(before) };
}

export function failed<T>(before: Loadable<T>, error: ErrorData): Loadable<T> {
  return { state: 'failed', error, last: valueOf(before) };
}

/** The newest value known, or null. */
export function valueOf<T>(loadable: Loadable<T>): T | null {
  switch (loadable.state) {
    case 'idle':
      return null;
    case 'ready':
      return loadable.value;
    case 'loading':
    case 'failed':
      return loadable.last;
  }
}
