/** Small real tokenizers written as Hugging Face folders. */
import { mkdtemp, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { loadTokenizer, type Tokenizer } from '../../../backend/text/tokenizer.ts';

export const chatMl = [
  `{%- for message in messages %}{{ '<|im_start|>' + message.role + '\\n' + message.content + '<|im_end|>\\n' }}{%- endfor %}`,
  `{%- if add_generation_prompt %}{{ '<|im_start|>assistant\\n' }}{%- if purpose == 'critique' %}{{ 'Critique: ' }}{%- endif %}{%- endif %}`,
].join('');

/** Byte-level BPE in the manner of GPT-2 and Qwen, with a handful of merges. */
export const byteLevelFiles: Record<string, unknown> = {
  'tokenizer.json': byteLevelTokenizer(),
  'tokenizer_config.json': {
    eos_token: '<|im_end|>',
    pad_token: { content: '<|endoftext|>' },
    bos_token: null,
    add_bos_token: false,
    chat_template: chatMl,
  },
  'generation_config.json': { eos_token_id: [301, 300] },
  'config.json': { eos_token_id: 301 },
};

/** Whole words with a normalizer (NFKC and lower case) that can disguise `<eos>`. */
export const wordFiles: Record<string, unknown> = {
  'tokenizer.json': {
    version: '1.0',
    added_tokens: [added(0, '<unk>'), added(1, '<eos>'), added(2, '<u>')],
    normalizer: { type: 'Sequence', normalizers: [{ type: 'NFKC' }, { type: 'Lowercase' }] },
    pre_tokenizer: { type: 'WhitespaceSplit' },
    post_processor: null,
    decoder: { type: 'WordPiece', prefix: '##', cleanup: false },
    model: {
      type: 'WordPiece',
      unk_token: '<unk>',
      continuing_subword_prefix: '##',
      max_input_chars_per_word: 100,
      vocab: { '<unk>': 0, '<eos>': 1, '<u>': 2, hello: 3, a: 4, '##a': 5, '<': 6, e: 7, o: 8, s: 9, '>': 10 },
    },
  },
  'tokenizer_config.json': { eos_token: '<eos>', unk_token: '<unk>', chat_template: `{% for m in messages %}<u> {{ m.content }} <eos>{% endfor %}` },
};

/** In the manner of Llama 2: spaces as `▁`, unknown characters as bytes. */
export const byteFallbackFiles: Record<string, unknown> = {
  'tokenizer.json': {
    version: '1.0',
    added_tokens: [added(0, '<unk>'), added(1, '<s>'), added(2, '</s>')],
    normalizer: {
      type: 'Sequence',
      normalizers: [
        { type: 'Prepend', prepend: '▁' },
        { type: 'Replace', pattern: { String: ' ' }, content: '▁' },
      ],
    },
    pre_tokenizer: null,
    post_processor: null,
    decoder: {
      type: 'Sequence',
      decoders: [
        { type: 'Replace', pattern: { String: '▁' }, content: ' ' },
        { type: 'ByteFallback' },
        { type: 'Fuse' },
        { type: 'Strip', content: ' ', start: 1, stop: 0 },
      ],
    },
    model: { type: 'BPE', unk_token: '<unk>', byte_fallback: true, fuse_unk: true, merges: ['▁ a', '▁ b'], vocab: byteFallbackVocabulary() },
  },
  'tokenizer_config.json': { eos_token: '</s>', unk_token: '<unk>' },
};

export async function writeFolder(files: Readonly<Record<string, unknown>>): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'tokenizer-'));
  for (const [name, content] of Object.entries(files))
    await writeFile(join(folder, name), typeof content === 'string' ? content : JSON.stringify(content));
  return folder;
}

export async function tinyTokenizer(files: Readonly<Record<string, unknown>>): Promise<Tokenizer> {
  return loadTokenizer(await writeFolder(files));
}

function added(id: number, content: string, special = true): object {
  return { id, content, single_word: false, lstrip: false, rstrip: false, normalized: false, special };
}

function byteLevelTokenizer(): object {
  const vocab: Record<string, number> = {};
  // GPT-2's printable alphabet: printable bytes are themselves, the others follow from U+0100 on.
  let shifted = 0;
  for (let byte = 0; byte < 256; byte++) {
    const isPrintable = (byte >= 33 && byte <= 126) || (byte >= 161 && byte <= 172) || byte >= 174;
    vocab[isPrintable ? String.fromCharCode(byte) : String.fromCharCode(256 + shifted++)] = byte;
  }
  const merges = ['h e', 'l l', 'he ll', 'hell o', 'Ġ w', 'a a', 'aa aa', 'ð Ł', 'a n', 'an s', 'ans w', 'answ e', 'answe r', 's t', 'e p'];
  for (const merge of merges) vocab[merge.replace(' ', '')] ??= Object.keys(vocab).length;
  return {
    version: '1.0',
    added_tokens: [added(300, '<|im_end|>'), added(301, '<|endoftext|>'), added(302, '<|im_start|>'), added(303, '<think>', false)],
    normalizer: null,
    pre_tokenizer: { type: 'ByteLevel', add_prefix_space: false, trim_offsets: false, use_regex: true },
    post_processor: null,
    decoder: { type: 'ByteLevel', add_prefix_space: false, trim_offsets: false, use_regex: true },
    model: { type: 'BPE', merges, vocab },
  };
}

function byteFallbackVocabulary(): Record<string, number> {
  const vocab: Record<string, number> = { '<unk>': 0, '<s>': 1, '</s>': 2 };
  for (let byte = 0; byte < 256; byte++) vocab[`<0x${byte.toString(16).toUpperCase().padStart(2, '0')}>`] = byte + 3;
  for (const piece of ['▁', 'a', 'b', '▁a', '▁b']) vocab[piece] = Object.keys(vocab).length;
  return vocab;
}
