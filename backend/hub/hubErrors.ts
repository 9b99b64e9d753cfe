/** What a hub's refusals mean to the person who asked. */
import { WorkbenchError } from '../core/errors.ts';

/** Whether asking again later may help. */
export function isPassing(status: number): boolean {
  return status === 408 || status === 429 || status >= 500;
}

/** `what` is what was asked for, `page` the repository's page for people. */
export function refusal(response: Response, what: string, page: string, hasToken: boolean): WorkbenchError {
  const { status } = response;
  const said = response.headers.get('x-error-message');
  const because = said === null ? '' : `: ${plain(said)}`;
  const error = (code: string, problem: string, remedy: string): WorkbenchError =>
    new WorkbenchError({ code, message: `${what} ${problem} (HTTP ${status}${because}).`, remedy });
  switch (true) {
    case status === 401:
      return hasToken
        ? error('hub.unauthorized', 'is refused: the token is not valid, or there is no such repository', 'Check the name, and renew HF_TOKEN.')
        : error(
            'hub.unauthorized',
            'is not open to everyone, or there is no such repository',
            'Check the name; for a private or gated repository set HF_TOKEN, or log in with the Python tools.',
          );
    case status === 403:
      return error('hub.forbidden', 'is refused to you', `Ask for access or accept the terms at ${page} with the account that the token belongs to.`);
    case status === 404 || status === 410:
      return error('hub.notFound', 'is not there', `Compare owner, name, revision and path with ${page}.`);
    case status === 429:
      return error('hub.busy', 'is refused for now: too many requests', 'Wait some minutes; requests with a token (HF_TOKEN) have a higher limit.');
    case isPassing(status):
      return error('hub.busy', 'cannot be had at the moment', 'Try again later; what was downloaded is kept.');
    default:
      return error('hub.refused', 'is refused', `See ${page}.`);
  }
}

export function unreachable(host: string, what: string, problem: string, cause: unknown): WorkbenchError {
  return new WorkbenchError({
    code: 'hub.unreachable',
    message: `${what} cannot be had: ${host} does not answer (${problem}).`,
    remedy:
      'Check the connection, HF_ENDPOINT and, behind a proxy, HTTPS_PROXY, and try again; what was downloaded is kept. HF_HUB_OFFLINE=1 uses what is there.',
    cause,
  });
}

/** A server's words, short and without control characters. */
function plain(text: string): string {
  return text
    .replace(/[\u0000-\u001f\u007f-\u009f]+/g, ' ')
    .slice(0, 200)
    .replace(/\.$/, '');
}
