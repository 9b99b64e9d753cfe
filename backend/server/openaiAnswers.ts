/** Answers in the forms of the OpenAI API: whole, or as a stream of chunks. */
import type { Choice, ChoiceToken, Completed } from './openaiSampling.ts';

export interface AnswerHead {
  readonly id: string;
  /** Unix seconds. */
  readonly created: number;
  readonly model: string;
}

export interface AnswerOptions {
  readonly withLogprobs: boolean;
  /** End a stream with a chunk of counts. */
  readonly withUsage: boolean;
}

/** One of the two forms. Chunks are made in the order opening, pieces, closing for each choice. */
export interface AnswerForm {
  /** Begins the id of an answer. */
  readonly prefix: string;
  readonly object: string;
  readonly chunkObject: string;
  choice(choice: Choice, options: AnswerOptions): object;
  /** Null where a choice begins with its first piece. */
  opening(index: number): object | null;
  /** `offset` characters of the choice came before. */
  piece(index: number, token: ChoiceToken, offset: number, options: AnswerOptions): object;
  closing(choice: Choice): object;
}

export const chatForm: AnswerForm = {
  prefix: 'chatcmpl',
  object: 'chat.completion',
  chunkObject: 'chat.completion.chunk',
  choice: ({ index, text, tokens, finish }, { withLogprobs }) => ({
    index,
    message: { role: 'assistant', content: text, refusal: null },
    logprobs: withLogprobs ? chatLogprobs(tokens) : null,
    finish_reason: finish,
  }),
  opening: (index) => ({ index, delta: { role: 'assistant', content: '' }, logprobs: null, finish_reason: null }),
  piece: (index, token, _offset, { withLogprobs }) => ({
    index,
    delta: { content: token.text },
    logprobs: withLogprobs ? chatLogprobs([token]) : null,
    finish_reason: null,
  }),
  closing: ({ index, finish }) => ({ index, delta: {}, logprobs: null, finish_reason: finish }),
};

export const completionForm: AnswerForm = {
  prefix: 'cmpl',
  object: 'text_completion',
  chunkObject: 'text_completion',
  choice: ({ index, text, tokens, finish }, { withLogprobs }) => ({
    index,
    text,
    logprobs: withLogprobs ? completionLogprobs(tokens, 0) : null,
    finish_reason: finish,
  }),
  opening: () => null,
  piece: (index, token, offset, { withLogprobs }) => ({
    index,
    text: token.text,
    logprobs: withLogprobs ? completionLogprobs([token], offset) : null,
    finish_reason: null,
  }),
  closing: ({ index, finish }) => ({ index, text: '', logprobs: null, finish_reason: finish }),
};

export function wholeAnswer(form: AnswerForm, head: AnswerHead, completed: Completed, options: AnswerOptions): object {
  return { ...head, object: form.object, choices: completed.choices.map((choice) => form.choice(choice, options)), usage: usageOf(completed) };
}

/** A stream of an answer: chunks for tokens as they come, then the rest of each choice, however much came before. */
export class AnswerStream {
  private readonly form: AnswerForm;
  private readonly head: AnswerHead;
  private readonly options: AnswerOptions;
  private readonly write: (chunk: object) => void;
  /** By choice: tokens and characters that were written. */
  private readonly written = new Map<number, { tokens: number; characters: number }>();

  constructor(form: AnswerForm, head: AnswerHead, options: AnswerOptions, write: (chunk: object) => void) {
    this.form = form;
    this.head = head;
    this.options = options;
    this.write = write;
  }

  /** Hears the tokens of one attempt. One made again (its engine died) says the same again, and what was written is passed over. */
  listener(): (index: number, token: ChoiceToken) => void {
    const heard = new Map<number, number>();
    return (index, token) => {
      const before = heard.get(index) ?? 0;
      heard.set(index, before + 1);
      if (before >= this.open(index).tokens) this.token(index, token);
    };
  }

  end(completed: Completed): void {
    for (const choice of completed.choices) {
      const { tokens } = this.open(choice.index);
      for (const token of choice.tokens.slice(tokens)) this.token(choice.index, token);
      this.writeChoice(this.form.closing(choice));
    }
    if (this.options.withUsage) this.write({ ...this.head, object: this.form.chunkObject, choices: [], usage: usageOf(completed) });
  }

  private token(index: number, token: ChoiceToken): void {
    const before = this.open(index);
    this.writeChoice(this.form.piece(index, token, before.characters, this.options));
    this.written.set(index, { tokens: before.tokens + 1, characters: before.characters + token.text.length });
  }

  private open(index: number): { readonly tokens: number; readonly characters: number } {
    const before = this.written.get(index);
    if (before !== undefined) return before;
    const opening = this.form.opening(index);
    if (opening !== null) this.writeChoice(opening);
    const none = { tokens: 0, characters: 0 };
    this.written.set(index, none);
    return none;
  }

  private writeChoice(choice: object): void {
    this.write({ ...this.head, object: this.form.chunkObject, choices: [choice], ...(this.options.withUsage ? { usage: null } : {}) });
  }
}

function chatLogprobs(tokens: readonly ChoiceToken[]): object {
  return {
    content: tokens.map(({ text, logprob }) => ({ token: text, logprob, bytes: [...Buffer.from(text)], top_logprobs: [] })),
    refusal: null,
  };
}

function completionLogprobs(tokens: readonly ChoiceToken[], start: number): object {
  let offset = start;
  const offsets = tokens.map(({ text }) => {
    const at = offset;
    offset += text.length;
    return at;
  });
  return {
    tokens: tokens.map(({ text }) => text),
    token_logprobs: tokens.map(({ logprob }) => logprob),
    top_logprobs: null,
    text_offset: offsets,
  };
}

function usageOf({ promptTokens, completionTokens }: Completed): object {
  return { prompt_tokens: promptTokens, completion_tokens: completionTokens, total_tokens: promptTokens + completionTokens };
}
