/** The demonstration's tokenizer in the standard format of Hugging Face's `tokenizers`. */
import { continuation, piecePattern, specialTokens, vocabulary, type SpecialToken } from './vocabulary.ts';

export function tokenIdOf(token: SpecialToken): number {
  return vocabulary.indexOf(token);
}

/** `tokenizer.json`: WordPiece over the vocabulary; the decoder restores the spacing of generated text exactly. */
export function tokenizerJson(): object {
  return {
    version: '1.0',
    truncation: null,
    padding: null,
    added_tokens: specialTokens.map((content) => ({
      id: tokenIdOf(content),
      content,
      single_word: false,
      lstrip: false,
      rstrip: false,
      normalized: false,
      special: true,
    })),
    normalizer: {
      type: 'Sequence',
      normalizers: typedSigns.map(([typed, meant]) => ({ type: 'Replace', pattern: { String: typed }, content: meant })),
    },
    pre_tokenizer: { type: 'Split', pattern: { Regex: piecePattern }, behavior: 'Removed', invert: true },
    post_processor: null,
    decoder: {
      type: 'Sequence',
      decoders: [
        { type: 'WordPiece', prefix: continuation, cleanup: false },
        { type: 'Fuse' },
        ...joints.map((regex) => ({ type: 'Replace', pattern: { Regex: regex }, content: '' })),
      ],
    },
    model: {
      type: 'WordPiece',
      unk_token: '<unk>' satisfies SpecialToken,
      continuing_subword_prefix: continuation,
      max_input_chars_per_word: 100,
      vocab: Object.fromEntries(vocabulary.map((token, id) => [token, id])),
    },
  };
}

/** `tokenizer_config.json`. */
export function tokenizerConfig(): object {
  return {
    tokenizer_class: 'PreTrainedTokenizerFast',
    model_max_length: 512,
    clean_up_tokenization_spaces: false,
    pad_token: '<pad>' satisfies SpecialToken,
    eos_token: '<eos>' satisfies SpecialToken,
    unk_token: '<unk>' satisfies SpecialToken,
    additional_special_tokens: ['<q>', '<a>', '<c>', '<r>'] satisfies SpecialToken[],
    chat_template: chatTemplate,
  };
}

/**
 * `<q>`question`<a>`answer`<eos><c>`critique`<r>`refinement`<eos>`, up to what the model is to write. A conversation that ends with the
 * model's answer goes on with `<c>` if the variable `purpose` is "critique".
 */
const chatTemplate = [
  '{%- for message in messages -%}',
  "{%- if message.role == 'user' -%}",
  "{{- ('<q>' if loop.first else '<c>') + message.content -}}",
  "{%- elif message.role == 'assistant' and not loop.first -%}",
  "{{- ('<a>' if loop.index0 == 1 else '<r>') + message.content + '<eos>' -}}",
  '{%- else -%}',
  "{{- raise_exception('This model reads a question, an answer and a critique; it has no ' + message.role + ' message here.') -}}",
  '{%- endif -%}',
  '{%- endfor -%}',
  '{%- if add_generation_prompt -%}',
  "{%- if messages[-1].role == 'user' -%}",
  "{{- '<a>' if messages | length == 1 else '<r>' -}}",
  "{%- elif purpose is defined and purpose == 'critique' -%}",
  "{{- '<c>' -}}",
  '{%- endif -%}',
  '{%- endif -%}',
].join('');

/** Signs that people type for those of the vocabulary. The operator `x` is set apart, so that it does not become part of a word. */
const typedSigns = [
  ['×', ' x '],
  ['*', ' x '],
  ['÷', '/'],
  ['−', '-'],
  ['–', '-'],
  ['’', "'"],
] as const;

/** Spaces that the decoder takes out again: before punctuation, around apostrophes, and between the digits of one number. */
const joints = [' (?=[.,:?!])', "(?<=[A-Za-z]) (?=')", "(?<=') (?=[a-z])", '(?<=[0-9])(?<![Ss]tep [0-9]) (?=[0-9])'];
