/** What went wrong with a request, in the words that the backend gave. */
import type { ErrorData } from '../../backend/protocol/methods.ts';

export function errorDataOf(error: unknown): ErrorData {
  const message = error instanceof Error ? error.message : String(error);
  const { code, remedy } = (error ?? {}) as { readonly code?: unknown; readonly remedy?: unknown };
  return { code: typeof code === 'string' ? code : 'request.failed', message, remedy: typeof remedy === 'string' ? remedy : null };
}
