/** Anything thrown while a request is served, as JSON-RPC has it: a code, a text for people, and `data` for programs. */
import { ErrorCodes, ResponseError } from 'vscode-jsonrpc/node';
import type { z } from 'zod';
import { messageOf, WorkbenchError } from '../core/errors.ts';
import type { ErrorData } from '../protocol/methods.ts';

/** "Server error" of JSON-RPC, and "request cancelled" as the Language Server Protocol numbers it. */
const failed = -32000;
const cancelled = -32800;

/** `isUnexpected` tells that the error is a bug, to be logged. */
export function responseOf(error: unknown, signal: AbortSignal): { readonly response: ResponseError<ErrorData>; readonly isUnexpected: boolean } {
  if (error instanceof ResponseError) return { response: error as ResponseError<ErrorData>, isUnexpected: false };
  if (signal.aborted && (error === signal.reason || (error instanceof Error && error.name === 'AbortError'))) {
    return { response: response(cancelled, { code: 'request.cancelled', message: 'The request was cancelled.', remedy: null }), isUnexpected: false };
  }
  if (error instanceof WorkbenchError) return { response: response(failed, errorData(error)), isUnexpected: false };
  const data: ErrorData = {
    code: 'internal.error',
    message: `The backend met a problem that it did not expect: ${messageOf(error)}.`,
    remedy: 'See .critique-grpo/backend.log, and please report it.',
  };
  return { response: response(ErrorCodes.InternalError, data), isUnexpected: true };
}

export function unknownMethod(method: string): ResponseError<ErrorData> {
  const message = `There is no request "${method}".`;
  return response(ErrorCodes.MethodNotFound, { code: 'request.unknown', message, remedy: 'Update the older of extension and backend.' });
}

export function invalidParams(method: string, error: z.ZodError): ResponseError<ErrorData> {
  const problems = error.issues.map(({ path, message }) => `${path.length === 0 ? 'the parameters' : path.join('.')}: ${message}`);
  const message = `The request ${method} has parameters that it does not take: ${problems.join('; ')}.`;
  return response(ErrorCodes.InvalidParams, { code: 'request.invalid', message, remedy: null });
}

export function notInitialized(method: string): ResponseError<ErrorData> {
  const message = `The first request of a connection is "initialize", not "${method}".`;
  return response(ErrorCodes.ServerNotInitialized, { code: 'request.notInitialized', message, remedy: null });
}

/** Message and remedy apart; the error's own text has both. */
export function errorData({ code, message, remedy }: WorkbenchError): ErrorData {
  const alone = remedy !== '' && message.endsWith(remedy) ? message.slice(0, -remedy.length).trim() : message;
  return { code, message: alone, remedy: remedy === '' ? null : remedy };
}

function response(code: number, data: ErrorData): ResponseError<ErrorData> {
  return new ResponseError(code, [data.message, data.remedy ?? ''].join(' ').trim(), data);
}
