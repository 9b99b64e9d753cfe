/** Where the hub is, where its files are kept and who asks: the environment variables and files that the Python tools read. */
import { readFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { messageOf, WorkbenchError } from '../core/errors.ts';

export interface HubSettings {
  /** Without a slash at its end. */
  readonly endpoint: string;
  /** Holds `models--owner--name` and the like. */
  readonly cacheFolder: string;
  readonly token: string | null;
  /** Nothing is asked of the hub; what the cache has must do. */
  readonly isOffline: boolean;
}

type Environment = Readonly<Record<string, string | undefined>>;

/** Throws `hub.settings` for an endpoint that is no address of a server, or a token file that cannot be read. */
export async function readHubSettings(environment: Environment = process.env): Promise<HubSettings> {
  const set = (...names: readonly string[]): string | undefined =>
    names.map((name) => environment[name]?.trim()).find((value) => (value ?? '') !== '');
  const home = expanded(set('HF_HOME') ?? join(set('XDG_CACHE_HOME') ?? join(homedir(), '.cache'), 'huggingface'));
  return {
    endpoint: checkedEndpoint(set('HF_ENDPOINT') ?? 'https://huggingface.co'),
    cacheFolder: expanded(set('HF_HUB_CACHE', 'HUGGINGFACE_HUB_CACHE') ?? join(home, 'hub')),
    token: set('HF_TOKEN', 'HUGGING_FACE_HUB_TOKEN') ?? (await tokenIn(expanded(set('HF_TOKEN_PATH') ?? join(home, 'token')))),
    isOffline: isTrue(set('HF_HUB_OFFLINE', 'TRANSFORMERS_OFFLINE')),
  };
}

function checkedEndpoint(text: string): string {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url === undefined || !['http:', 'https:'].includes(url.protocol)) {
    throw new WorkbenchError({
      code: 'hub.settings',
      message: `HF_ENDPOINT is "${text}", which is no address of a server.`,
      remedy: 'Write it as https://host, or unset it.',
    });
  }
  return text.replace(/\/+$/, '');
}

async function tokenIn(path: string): Promise<string | null> {
  try {
    const token = (await readFile(path, 'utf8')).trim();
    return token === '' ? null : token;
  } catch (error) {
    if (['ENOENT', 'ENOTDIR'].includes((error as NodeJS.ErrnoException).code ?? '')) return null;
    throw new WorkbenchError({
      code: 'hub.settings',
      message: `The token file ${path} cannot be read (${messageOf(error)}).`,
      remedy: 'Correct its permissions, or set HF_TOKEN.',
      cause: error,
    });
  }
}

function expanded(path: string): string {
  return path === '~' || path.startsWith('~/') ? join(homedir(), path.slice(1)) : path;
}

function isTrue(text: string | undefined): boolean {
  return ['1', 'ON', 'YES', 'TRUE'].includes((text ?? '').toUpperCase());
}
