/** Tokenizer: ids, special tokens, stop tokens, chat templates, and contents that try to speak as the template. */
import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import { loadTokenizer, type Tokenizer } from '../../../backend/text/tokenizer.ts';
import { splitMarks, splitMarksWarnings } from '../../../backend/text/templateMarks.ts';
import { lostCharacters, lostCharactersWarnings } from '../../../backend/text/tokenizerPieces.ts';
import { byteFallbackFiles, byteLevelFiles, chatMl, tinyTokenizer, wordFiles, writeFolder } from './tinyTokenizers.ts';

const [imEnd, endOfText, imStart, think] = [300, 301, 302, 303];

let bytes: Tokenizer;
let words: Tokenizer;
beforeAll(async () => {
  bytes = await tinyTokenizer(byteLevelFiles);
  words = await tinyTokenizer(wordFiles);
});

describe('a byte-level tokenizer', () => {
  it('knows its tokens, and takes stop tokens from all three places without repeats', () => {
    expect(bytes).toMatchObject({ vocabularySize: 304, eosToken: imEnd, padToken: endOfText, stopTokens: [endOfText, imEnd] });
  });

  it('encodes the merges and nothing else', () => {
    expect(bytes.encode('hello w')).toEqual([259, 260]);
    expect(bytes.encode('')).toEqual([]);
  });

  it('maps special tokens in template text, and takes them as text in data', () => {
    expect(bytes.encode('<|im_start|>hello<|im_end|>')).toEqual([imStart, 259, imEnd]);
    expect(bytes.encodeText('<|im_start|>hello<|im_end|>')).not.toContain(imEnd);
    expect(bytes.encodeText('hello<think>')).toEqual([259, think]); // not special: models write it
  });

  it('decodes exactly, with and without special tokens, and passes over ids that are no token', () => {
    expect(bytes.decode([259, imEnd, 12_345])).toBe('hello<|im_end|>');
    expect(bytes.decode(Int32Array.of(259, imEnd), { skipSpecial: true })).toBe('hello');
    expect(bytes.decode([])).toBe('');
    expect(bytes.decode(bytes.encode('a , b . c'))).toBe('a , b . c');
  });

  it('round-trips any text as data without a special token', () => {
    const piece = fc.oneof(
      fc.string({ unit: 'grapheme' }),
      fc.constantFrom('<|im_end|>', '<|im_start|>', '<|', '|>', '<|endoftext|>', '<<|im_end|>|im_end|>', '\0', '\u202e', 'hello'),
    );
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 12 }), (pieces) => {
        const text = pieces.join('');
        const ids = bytes.encodeText(text);
        expect(ids.filter((id) => id >= imEnd && id <= imStart)).toEqual([]);
        expect(bytes.decode(ids)).toBe(text);
      }),
    );
  });
});

describe('a conversation', () => {
  const conversation = [
    { role: 'user', content: 'hello' },
    { role: 'assistant', content: 'a' },
    { role: 'user', content: 'hello' },
  ] as const;

  it('is encoded as its rendered text is', () => {
    const rendered = bytes.applyChatTemplate(conversation, { addGenerationPrompt: true });
    expect(rendered).toBe(
      '<|im_start|>user\nhello<|im_end|>\n<|im_start|>assistant\na<|im_end|>\n<|im_start|>user\nhello<|im_end|>\n<|im_start|>assistant\n',
    );
    expect(bytes.encodeConversation(conversation, 'answer')).toEqual(bytes.encode(rendered));
  });

  it('tells the template what the model is about to write', () => {
    expect(bytes.decode(bytes.encodeConversation(conversation, 'critique'))).toMatch(/assistant\nCritique: $/u);
  });

  it('has exactly the special tokens of the template, whatever the contents say', () => {
    const content = fc
      .array(fc.constantFrom('<|im_end|>', '<|im_start|>', '<|im_', 'end|>', '<', 'hello', '\n', '<|endoftext|>'), { maxLength: 8 })
      .map((parts) => parts.join(''));
    fc.assert(
      fc.property(content, content, (question, answer) => {
        const ids = bytes.encodeConversation(
          [
            { role: 'user', content: question },
            { role: 'assistant', content: answer },
          ],
          'answer',
        );
        expect(ids.filter((id) => id >= imEnd && id <= imStart)).toEqual([imStart, imEnd, imStart, imEnd, imStart]);
        expect(bytes.decode(ids)).toBe(
          bytes.applyChatTemplate(
            [
              { role: 'user', content: question },
              { role: 'assistant', content: answer },
            ],
            { addGenerationPrompt: true },
          ),
        );
      }),
    );
  });

  it('resists contents that a normalizer turns into a special token', () => {
    expect(words.encode('hello ＜EOS＞')).toEqual([3, 1]);
    expect(words.encodeText('hello ＜EOS＞')).not.toContain(1);
    const ids = words.encodeConversation([{ role: 'user', content: 'hello ＜EOS＞ <eos> <u>' }], 'answer');
    expect(ids.filter((id) => id === 1 || id === 2)).toEqual([2, 1]);
    expect(words.encodeText('zebra')).toEqual([0]); // unknown may be said
  });
});

it('prefers the template in a file of its own, and "default" among several', async () => {
  const config = {
    ...(byteLevelFiles['tokenizer_config.json'] as object),
    chat_template: [
      { name: 'tool', template: 'tool' },
      { name: 'default', template: 'default' },
    ],
  };
  const several = await tinyTokenizer({ ...byteLevelFiles, 'tokenizer_config.json': config });
  expect(several.applyChatTemplate([])).toBe('default');
  const file = await tinyTokenizer({ ...byteLevelFiles, 'tokenizer_config.json': config, 'chat_template.jinja': 'file' });
  expect(file.applyChatTemplate([])).toBe('file');
});

it('decodes bytes of a byte-fallback vocabulary', async () => {
  const tokenizer = await tinyTokenizer(byteFallbackFiles);
  expect(tokenizer.decode(tokenizer.encode('a b€ a'))).toBe('a b€ a');
});

it('takes named tokens from special_tokens_map.json where tokenizer_config.json has none', async () => {
  const { eos_token: eosToken, ...config } = byteLevelFiles['tokenizer_config.json'] as Record<string, unknown>;
  const tokenizer = await tinyTokenizer({
    ...byteLevelFiles,
    'tokenizer_config.json': config,
    'special_tokens_map.json': { eos_token: { content: eosToken } },
  });
  expect(tokenizer.eosToken).toBe(bytes.eosToken);
});

describe('what a tokenizer does not know', () => {
  it('is told of characters without a piece, and not of what is normalized', async () => {
    expect(lostCharacters(bytes, 'Ж ∫ 🚀 <|im_end|>')).toEqual([]);
    const words = await tinyTokenizer(wordFiles);
    expect(lostCharacters(words, 'hello ≤ ＡA')).toEqual(['≤']);
    expect(lostCharactersWarnings(words, ['hello', 'a ∫', 'a ∑∫'])).toEqual([
      'The tokenizer has no pieces for ∫ ∑: the model does not see them in 2 of the first 3 problems.',
    ]);
    expect(lostCharactersWarnings(bytes, ['∫'])).toEqual([]);
  });

  it('is told of marks of turns that are no tokens', async () => {
    expect(splitMarks(bytes)).toEqual([]);
    const foreign = await tinyTokenizer({ ...byteLevelFiles, 'chat_template.jinja': '<|user|>{{ messages[0].content }}<|im_end|><|eot_id|>' });
    expect(splitMarks(foreign)).toEqual(['<|user|>', '<|eot_id|>']);
    expect(splitMarksWarnings(splitMarks(foreign))[0]).toMatch(/^The chat template writes <\|user\|>, <\|eot_id\|>, and/u);
  });
});

describe('errors name the folder or file', () => {
  const withModel = (change: (model: { merges: unknown[]; vocab: Record<string, unknown> }) => object): Record<string, unknown> => {
    const tokenizer = byteLevelFiles['tokenizer.json'] as { model: { merges: unknown[]; vocab: Record<string, unknown> } };
    return { ...byteLevelFiles, 'tokenizer.json': { ...tokenizer, model: { ...tokenizer.model, ...change(tokenizer.model) } } };
  };
  const withConfig = (changes: object): Record<string, unknown> => ({
    ...byteLevelFiles,
    'tokenizer_config.json': { ...(byteLevelFiles['tokenizer_config.json'] as object), ...changes },
  });
  const without = (name: string): Record<string, unknown> => Object.fromEntries(Object.entries(byteLevelFiles).filter(([key]) => key !== name));
  it.each([
    ['tokenizer.notFound', without('tokenizer.json'), /has no tokenizer\.json/u],
    ['tokenizer.notFound', without('tokenizer_config.json'), /has no tokenizer_config\.json/u],
    ['tokenizer.invalid', { ...byteLevelFiles, 'tokenizer.json': '{"model":' }, /tokenizer\.json is broken/u],
    ['tokenizer.invalid', { ...byteLevelFiles, 'tokenizer.json': '[]' }, /not a JSON object/u],
    ['tokenizer.invalid', { ...byteLevelFiles, 'tokenizer.json': { model: {}, added_tokens: [{ id: 1 }] } }, /added_tokens\[0\]/u],
    ['tokenizer.unsupported', { ...byteLevelFiles, 'tokenizer.json': { model: { type: 'Strange' } } }, /tokenizer\.json uses something/u],
    ['tokenizer.invalid', withModel(({ merges }) => ({ merges: [...merges, 'x y'] })), /merge \d+ \(x y\) needs piece "xy"/u],
    ['tokenizer.invalid', withModel(({ merges }) => ({ merges: [...merges, ['h', '☃']] })), /needs piece "☃", which is not in its vocabulary/u],
    ['tokenizer.invalid', withModel(() => ({ merges: ['h e l'] })), /merge 0 is "h e l" and no pair/u],
    ['tokenizer.invalid', withModel(({ vocab }) => ({ vocab: { ...vocab, ß: '7' } })), /piece "ß" has "7" as its id/u],
    ['tokenizer.otherModel', withConfig({ eos_token: '</s>' }), /names "<\/s>" as its end/u],
    ['tokenizer.otherModel', withConfig({ added_tokens_decoder: { 300: { content: '<pad>' } } }), /token 300 is "<\|im_end\|>".* and "<pad>"/u],
    ['tokenizer.otherModel', { ...byteLevelFiles, 'generation_config.json': { eos_token_id: 151645 } }, /names 151645 as an end/u],
    ['tokenizer.otherModel', { ...byteLevelFiles, 'generation_config.json': { eos_token_id: 65 } }, /names 65 as an end/u],
    ['chatTemplate.invalid', { ...byteLevelFiles, 'chat_template.jinja': '{% for %}' }, /chat_template\.jinja does not parse/u],
  ])('%s', async (code, files, message) => {
    await expect(loadTokenizer(await writeFolder(files))).rejects.toMatchObject({ code, message: expect.stringMatching(message) as string });
  });

  it('of a template that leaves out the question', async () => {
    const empty = await tinyTokenizer({ ...byteLevelFiles, 'chat_template.jinja': '<|im_start|>user' });
    expect(() => empty.encodeConversation([{ role: 'user', content: 'x' }], 'answer')).toThrowError(/leaves out the user's message/u);
    const trimmed = await tinyTokenizer({ ...byteLevelFiles, 'chat_template.jinja': '{{ messages[0].content | trim }}' });
    expect(trimmed.decode(trimmed.encodeConversation([{ role: 'user', content: ' x <|im_end|>\n' }], 'answer'))).toBe('x <|im_end|>');
  });

  it('of a missing template when it is needed, and of one that refuses', async () => {
    const none = await tinyTokenizer({ ...byteLevelFiles, 'tokenizer_config.json': { eos_token: '<|im_end|>' } });
    expect(() => none.encodeConversation([], 'answer')).toThrowError(expect.objectContaining({ code: 'tokenizer.noChatTemplate' }) as Error);
    const strict = await tinyTokenizer({ ...byteLevelFiles, 'chat_template.jinja': `{{ raise_exception('no system') }}${chatMl}` });
    expect(() => strict.encodeConversation([{ role: 'system', content: 's' }], 'answer')).toThrowError(/no system/u);
  });
});

it.each(['a', '1', '{', ' ', '\0', '<|im_end|>', '🚀'])(
  'takes a long run of %j in a time that is not quadratic',
  (unit) => {
    const text = unit.repeat(100_000 / unit.length);
    expect(bytes.decode(bytes.encodeText(text))).toBe(text);
  },
  20_000,
);
