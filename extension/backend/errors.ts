/** What goes wrong between the extension and the backend, in words for people. */
import { errorDataSchema, type ErrorData } from '../../backend/protocol/methods.ts';

/** `code` is stable (`noun.problem`); the text says what happened, the remedy what to do. */
export class BackendError extends Error {
  override readonly name = 'BackendError';
  readonly code: string;
  readonly remedy: string | null;

  constructor({ code, message, remedy }: ErrorData) {
    super(message);
    this.code = code;
    this.remedy = remedy;
  }
}

/** Code of a request whose connection ended before its answer. */
export const connectionLost = 'backend.connectionLost';

/** Anything thrown, as one shape. */
export function errorDataOf(error: unknown): ErrorData {
  if (error instanceof BackendError) return { code: error.code, message: error.message, remedy: error.remedy };
  const data = errorDataSchema.safeParse((error as { data?: unknown } | null)?.data);
  if (data.success) return data.data;
  return { code: 'internal.error', message: error instanceof Error ? error.message : String(error), remedy: 'See the log of Critique-GRPO.' };
}

/** Message and remedy in one line. */
export function errorText(error: unknown): string {
  const { message, remedy } = errorDataOf(error);
  return remedy === null ? message : `${message} ${remedy}`;
}
