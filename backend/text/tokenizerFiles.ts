/** Reads what a Hugging Face model folder says about text: tokenizer, special tokens, chat template, end tokens. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { messageOf, WorkbenchError } from '../core/errors.ts';
import { pieceProblem } from './tokenizerPieces.ts';

export interface AddedToken {
  readonly id: number;
  readonly content: string;
  readonly special: boolean;
}

export type JsonObject = Readonly<Record<string, unknown>>;

export interface TokenizerFiles {
  /** `tokenizer.json` as it is. */
  readonly tokenizer: JsonObject;
  /** `tokenizer_config.json` as it is. */
  readonly config: JsonObject;
  readonly addedTokens: readonly AddedToken[];
  /** Texts of the named special tokens, e.g. `eos_token`. */
  readonly namedTokens: Readonly<Record<string, string>>;
  /** Ids that the model's configuration files declare as ends, in order of precedence. */
  readonly declaredEndTokens: readonly number[];
  readonly chatTemplate?: { readonly source: string; readonly origin: string };
}

/** Throws `tokenizer.notFound` for a missing file and `tokenizer.invalid` for one that is not what it should be. */
export async function readTokenizerFiles(folder: string): Promise<TokenizerFiles> {
  const tokenizer = await readJson(folder, 'tokenizer.json');
  const config = await readJson(folder, 'tokenizer_config.json');
  const generationConfig = await readOptionalJson(folder, 'generation_config.json');
  const modelConfig = await readOptionalJson(folder, 'config.json');
  const chatTemplate = await findChatTemplate(folder, config);
  const addedTokens = readAddedTokens(tokenizer, join(folder, 'tokenizer.json'));
  checkSameTokens(addedTokens, config, folder);
  return {
    tokenizer,
    config,
    addedTokens,
    namedTokens: readNamedTokens({ ...(await readOptionalJson(folder, 'special_tokens_map.json')), ...config }),
    declaredEndTokens: [...idsOf(generationConfig?.eos_token_id), ...idsOf(modelConfig?.eos_token_id)],
    ...(chatTemplate === undefined ? {} : { chatTemplate }),
  };
}

function readAddedTokens(tokenizer: JsonObject, path: string): AddedToken[] {
  if (!isObject(tokenizer.model)) throw invalidFile(path, 'it has no "model"');
  const problem = pieceProblem(tokenizer.model);
  if (problem !== undefined) throw invalidFile(path, problem);
  const added = tokenizer.added_tokens ?? [];
  if (!Array.isArray(added)) throw invalidFile(path, '"added_tokens" is not a list');
  return added.map((entry: unknown, index) => {
    if (!isObject(entry) || typeof entry.id !== 'number' || typeof entry.content !== 'string' || entry.content === '') {
      throw invalidFile(path, `"added_tokens[${index}]" lacks an id or a content`);
    }
    return { id: entry.id, content: entry.content, special: entry.special === true };
  });
}

/** tokenizer_config.json may repeat the added tokens by id. Where it does and says otherwise, the two files are of different models. */
function checkSameTokens(addedTokens: readonly AddedToken[], { added_tokens_decoder: repeated }: JsonObject, folder: string): void {
  if (!isObject(repeated)) return;
  for (const { id, content } of addedTokens) {
    const entry = repeated[String(id)];
    if (!isObject(entry) || entry.content === content) continue;
    throw new WorkbenchError({
      code: 'tokenizer.otherModel',
      message: `In ${folder}, token ${id} is ${JSON.stringify(content)} in tokenizer.json and ${JSON.stringify(entry.content)} in tokenizer_config.json.`,
      remedy: 'Copy both files from the same model.',
    });
  }
}

/** `*_token` entries of tokenizer_config.json (of special_tokens_map.json in older folders); each is a text or an object with `content`. */
function readNamedTokens(config: JsonObject): Record<string, string> {
  const named: Record<string, string> = {};
  for (const [name, value] of Object.entries(config)) {
    if (!name.endsWith('_token')) continue;
    const content = isObject(value) ? value.content : value;
    if (typeof content === 'string') named[name] = content;
  }
  return named;
}

/** A file of its own, as newer folders have it, before the entry of tokenizer_config.json; among several templates, the one named `default`. */
async function findChatTemplate(folder: string, config: JsonObject): Promise<TokenizerFiles['chatTemplate']> {
  const path = join(folder, 'chat_template.jinja');
  const file = await readOptionalText(path);
  if (file !== undefined) return { source: file, origin: path };
  const origin = join(folder, 'tokenizer_config.json');
  const entry = config.chat_template;
  if (typeof entry === 'string') return { source: entry, origin };
  if (!Array.isArray(entry)) return undefined;
  const templates = entry.filter(isObject);
  const chosen = templates.find(({ name }) => name === 'default') ?? templates[0];
  return typeof chosen?.template === 'string' ? { source: chosen.template, origin } : undefined;
}

function idsOf(value: unknown): number[] {
  return (Array.isArray(value) ? value : [value]).filter((id): id is number => Number.isInteger(id));
}

async function readJson(folder: string, name: string): Promise<JsonObject> {
  const found = await readOptionalJson(folder, name);
  if (found !== undefined) return found;
  throw new WorkbenchError({
    code: 'tokenizer.notFound',
    message: `The model folder ${folder} has no ${name}.`,
    remedy: 'Choose a complete Hugging Face model folder, or save the tokenizer in the fast format (tokenizer.json).',
  });
}

async function readOptionalJson(folder: string, name: string): Promise<JsonObject | undefined> {
  const path = join(folder, name);
  const text = await readOptionalText(path);
  if (text === undefined) return undefined;
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw invalidFile(path, messageOf(cause));
  }
  if (!isObject(value)) throw invalidFile(path, 'it is not a JSON object');
  return value;
}

async function readOptionalText(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, 'utf8');
  } catch (cause) {
    if (['ENOENT', 'ENOTDIR'].includes((cause as NodeJS.ErrnoException).code ?? '')) return undefined;
    throw new WorkbenchError({
      code: 'tokenizer.unreadable',
      message: `${path} cannot be read: ${messageOf(cause)}.`,
      remedy: 'Check the permissions of the file.',
      cause,
    });
  }
}

function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function invalidFile(path: string, problem: string): WorkbenchError {
  return new WorkbenchError({
    code: 'tokenizer.invalid',
    message: `${path} is broken: ${problem}.`,
    remedy: 'Copy the file again from the model’s origin.',
  });
}
