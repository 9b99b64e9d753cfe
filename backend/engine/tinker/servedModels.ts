/** Which models a server serves. */
import { WorkbenchError } from '../../core/errors.ts';
import { TinkerClient, usualTimes } from './client.ts';
import { quoted } from './errors.ts';
import { capabilitiesReply } from './wire.ts';

export interface ServerAddress {
  readonly baseUrl: string;
  readonly key: string | undefined;
  readonly model: string;
}

/** How long it takes to say that nobody is there. */
const patienceMs = 5000;

/** Asks a server what it serves, in a session of its own, and creates nothing. Throws `engine.…`. */
export async function askServer(
  { baseUrl, key, model }: ServerAddress,
  signal: AbortSignal,
): Promise<{ readonly server: string; readonly models: readonly string[] }> {
  const client = await TinkerClient.open({ baseUrl, key, ...usualTimes, patienceMs, answerMs: patienceMs }, signal);
  try {
    return { server: client.server, models: await requireServedModel(client, model, signal) };
  } finally {
    client.close();
  }
}

/** What the server says it serves; empty if it does not say. Throws `engine.unknownModel` if the model is not among it. */
export async function requireServedModel(client: TinkerClient, model: string, signal?: AbortSignal): Promise<readonly string[]> {
  const { supported_models } = await client.get('get_server_capabilities', capabilitiesReply, signal);
  const names = supported_models.flatMap(({ model_name }) => (typeof model_name === 'string' ? [model_name] : []));
  if (names.length === 0 || names.includes(model)) return names;
  throw new WorkbenchError({
    code: 'engine.unknownModel',
    message: `The Tinker server ${client.server} does not serve ${model}; it serves ${quoted(names.join(', '))}.`,
    remedy: 'Name one of these as engine.tinker.model, or start the server on that model.',
  });
}
