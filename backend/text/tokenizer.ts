/** Text to token ids and back, for a Hugging Face model folder. */
import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { Tokenizer as HuggingFaceTokenizer } from '@huggingface/tokenizers';
import { messageOf, WorkbenchError } from '../core/errors.ts';
import type { Message } from '../protocol/records.ts';
import { compileChatTemplate, type ChatTemplate, type Purpose } from './chatTemplate.ts';
import { controlTokens } from './controlTokens.ts';
import { readTokenizerFiles, type TokenizerFiles } from './tokenizerFiles.ts';

export interface Tokenizer {
  /** Highest id plus one. A model's embedding may have more rows. */
  readonly vocabularySize: number;
  readonly eosToken?: number;
  readonly padToken?: number;
  /** Ids that end a completion, without repeats: of generation_config.json, of config.json, then the tokenizer's own. May be empty. */
  readonly stopTokens: readonly number[];
  /** Trusted text (a rendered template): spelled special tokens become special tokens. None is added. */
  encode(text: string): number[];
  /** Text as data: a spelled special token stays text. */
  encodeText(text: string): number[];
  /** Exact text of the ids, without clean-up of spaces; ids that stand for no token are left out. */
  decode(ids: ArrayLike<number>, options?: { readonly skipSpecial?: boolean }): string;
  /** The conversation as text, for people. To feed a model use `encodeConversation`, which alone treats contents as data. */
  applyChatTemplate(messages: readonly Message[], options?: { readonly addGenerationPrompt?: boolean; readonly purpose?: Purpose }): string;
  /** The conversation as ids up to the opening of the assistant's turn. Contents can never become special tokens. */
  encodeConversation(messages: readonly Message[], purpose: Purpose): number[];
}

/** Throws `tokenizer.notFound`, `tokenizer.invalid`, `tokenizer.unsupported` or `chatTemplate.invalid`, naming the file. */
export async function loadTokenizer(folder: string): Promise<Tokenizer> {
  return buildTokenizer(await readTokenizerFiles(folder), folder);
}

function buildTokenizer(files: TokenizerFiles, folder: string): Tokenizer {
  const breakText = `\u{F8FF}${randomUUID()}`;
  const breakToken = 1 + Math.max(-1, ...files.addedTokens.map(({ id }) => id), highestVocabularyId(files.tokenizer));
  const library = openLibrary(files, { id: breakToken, content: breakText }, folder);

  const idOf = (name: string): number | undefined => {
    const text = files.namedTokens[name];
    return text === undefined ? undefined : library.token_to_id(text);
  };
  const eosToken = idOf('eos_token');
  const padToken = idOf('pad_token');
  const unknownToken = idOf('unk_token');
  const endName = files.namedTokens['eos_token'];
  if (endName !== undefined && eosToken === undefined) throw otherModel(folder, `tokenizer_config.json names "${endName}" as its end`);
  // Ends are added tokens in every family; an id that stands for a piece of ordinary text comes from another vocabulary.
  const added = new Set(files.addedTokens.map(({ id }) => id));
  const strange = files.declaredEndTokens.find((id) => !added.has(id));
  if (strange !== undefined) throw otherModel(folder, `generation_config.json or config.json names ${strange} as an end`);
  const stopTokens = [...new Set([...files.declaredEndTokens, ...(eosToken === undefined ? [] : [eosToken])])];

  // The unknown token says "no such token", which contents may say.
  const controlIds = new Set(
    [...files.addedTokens.filter(({ special }) => special).map(({ id }) => id), ...stopTokens].filter((id) => id !== unknownToken),
  );
  const control = controlTokens(
    [...controlIds].flatMap((id) => library.id_to_token(id) ?? []),
    breakText,
  );
  const specialIds = new Set(unknownToken === undefined ? controlIds : [...controlIds, unknownToken]);

  const encode = (text: string): number[] => library.encode(text, { add_special_tokens: false }).ids.filter((id) => id !== breakToken);
  const countControl = (ids: readonly number[]): number => ids.reduce((count, id) => count + (controlIds.has(id) ? 1 : 0), 0);

  /** Encodes `compose(protect)`, in which `protect` has been applied to all data; refuses ids of control tokens that no trusted part spells. */
  const encodeProtected = (compose: (protect: (data: string) => string) => string): number[] => {
    for (const protect of [control.shield, (data: string) => control.spell(control.shield(data))]) {
      const text = compose(protect);
      const ids = encode(text);
      if (countControl(ids) <= control.count(text)) return ids;
    }
    throw new WorkbenchError({
      code: 'tokenizer.controlToken',
      message: `The tokenizer of ${folder} turns a single ordinary character of a message into a special token.`,
      remedy: 'Remove the special token from the normalizer or the vocabulary of tokenizer.json.',
    });
  };

  let template: ChatTemplate | undefined;
  if (files.chatTemplate !== undefined) template = compileChatTemplate(files.chatTemplate.source, files.namedTokens, files.chatTemplate.origin);
  const render: ChatTemplate = (messages, options) => {
    if (template === undefined) throw noChatTemplate(folder);
    return template(messages, options);
  };

  return {
    vocabularySize: breakToken,
    ...(eosToken === undefined ? {} : { eosToken }),
    ...(padToken === undefined ? {} : { padToken }),
    stopTokens,
    encode,
    encodeText: (text) => encodeProtected((protect) => protect(text)),
    decode(ids, { skipSpecial = false } = {}) {
      const kept = Array.from(ids).filter((id) => id !== breakToken && library.id_to_token(id) !== undefined && !(skipSpecial && specialIds.has(id)));
      return kept.length === 0 ? '' : library.decode(kept, { clean_up_tokenization_spaces: false });
    },
    applyChatTemplate: (messages, { addGenerationPrompt = false, purpose = 'answer' } = {}) => render(messages, { addGenerationPrompt, purpose }),
    encodeConversation: (messages, purpose) =>
      encodeProtected((protect) =>
        renderQuestion(
          render,
          messages.map(({ role, content }) => ({ role, content: protect(content) })),
          purpose,
          files.chatTemplate?.origin ?? folder,
        ),
      ),
  };
}

/** A template that is cut off or meant for other messages may render something without what was asked. */
function renderQuestion(render: ChatTemplate, messages: readonly Message[], purpose: Purpose, origin: string): string {
  const text = render(messages, { addGenerationPrompt: true, purpose });
  const last = messages.at(-1);
  if (last?.role !== 'user' || text.includes(last.content.trim())) return text;
  throw new WorkbenchError({
    code: 'chatTemplate.lostMessage',
    message: `The chat template of ${origin} leaves out the user's message.`,
    remedy: 'Copy the template again from the model’s origin; it may be cut off.',
  });
}

function openLibrary(files: TokenizerFiles, breakEntry: { readonly id: number; readonly content: string }, folder: string): HuggingFaceTokenizer {
  const flags = { single_word: false, lstrip: false, rstrip: false, normalized: false, special: true };
  // Special tokens are matched before normalization, so that what counts as one can be told from the text itself.
  const added = (files.tokenizer.added_tokens as readonly object[] | undefined) ?? [];
  const addedTokens = added.map((entry) => ('special' in entry && entry.special === true ? { ...entry, normalized: false } : entry));
  try {
    return new HuggingFaceTokenizer(
      {
        decoder: null,
        post_processor: null,
        pre_tokenizer: null,
        normalizer: null,
        ...files.tokenizer,
        added_tokens: [...addedTokens, { ...flags, ...breakEntry }],
      },
      files.config,
    );
  } catch (cause) {
    throw new WorkbenchError({
      code: 'tokenizer.unsupported',
      message: `${join(folder, 'tokenizer.json')} uses something that this program does not know: ${messageOf(cause)}.`,
      remedy: 'Use a model with a BPE, WordPiece or Unigram tokenizer.',
      cause,
    });
  }
}

function highestVocabularyId(tokenizer: TokenizerFiles['tokenizer']): number {
  const vocabulary = (tokenizer.model as { vocab?: unknown }).vocab;
  if (Array.isArray(vocabulary)) return vocabulary.length - 1;
  let highest = -1;
  for (const id of Object.values((vocabulary ?? {}) as Record<string, number>)) highest = Math.max(highest, id);
  return highest;
}

/** Files of one folder that contradict each other. */
function otherModel(folder: string, claim: string): WorkbenchError {
  return new WorkbenchError({
    code: 'tokenizer.otherModel',
    message: `The files in ${folder} belong to different models: ${claim}, and tokenizer.json has no such special token.`,
    remedy: 'Copy all files of the tokenizer, config.json and generation_config.json from the same model.',
  });
}

function noChatTemplate(folder: string): WorkbenchError {
  return new WorkbenchError({
    code: 'tokenizer.noChatTemplate',
    message: `The model folder ${folder} has no chat template (neither chat_template.jinja nor "chat_template" in tokenizer_config.json).`,
    remedy: 'Use the instruction-tuned variant of the model, or put a chat_template.jinja into the folder.',
  });
}
