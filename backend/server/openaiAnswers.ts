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

export const chatForm = {
  whole: (head: AnswerHead, completed: Completed, options: AnswerOptions) => ({
    ...head,
    object: 'chat.completion',
    choices: completed.choices.map(({ index, text, tokens, finish }) => ({
      index,
      message: { role: 'assistant', content: text, refusal: null },
      logprobs: options.withLogprobs ? chatLogprobs(tokens) : null,
      finish_reason: finish,
    })),
    usage: usageOf(completed),
  }),
  *chunks(head: AnswerHead, completed: Completed, options: AnswerOptions): Generator<object> {
    const chunk = (choices: readonly object[], rest: object = {}): object => ({
      ...head,
      object: 'chat.completion.chunk',
      choices,
      ...(options.withUsage ? { usage: null } : {}),
      ...rest,
    });
    for (const { index } of completed.choices) {
      yield chunk([{ index, delta: { role: 'assistant', content: '' }, logprobs: null, finish_reason: null }]);
    }
    for (const [choice, token] of interleaved(completed.choices)) {
      const logprobs = options.withLogprobs ? chatLogprobs([token]) : null;
      yield chunk([{ index: choice.index, delta: { content: token.text }, logprobs, finish_reason: null }]);
    }
    for (const { index, finish } of completed.choices) yield chunk([{ index, delta: {}, logprobs: null, finish_reason: finish }]);
    if (options.withUsage) yield chunk([], { usage: usageOf(completed) });
  },
} as const;

export const completionForm = {
  whole: (head: AnswerHead, completed: Completed, options: AnswerOptions) => ({
    ...head,
    object: 'text_completion',
    choices: completed.choices.map(({ index, text, tokens, finish }) => ({
      index,
      text,
      logprobs: options.withLogprobs ? completionLogprobs(tokens, 0) : null,
      finish_reason: finish,
    })),
    usage: usageOf(completed),
  }),
  *chunks(head: AnswerHead, completed: Completed, options: AnswerOptions): Generator<object> {
    const chunk = (choices: readonly object[], rest: object = {}): object => ({
      ...head,
      object: 'text_completion',
      choices,
      ...(options.withUsage ? { usage: null } : {}),
      ...rest,
    });
    const lengths = new Map<number, number>();
    for (const [{ index }, token] of interleaved(completed.choices)) {
      const at = lengths.get(index) ?? 0;
      lengths.set(index, at + token.text.length);
      yield chunk([{ index, text: token.text, logprobs: options.withLogprobs ? completionLogprobs([token], at) : null, finish_reason: null }]);
    }
    for (const { index, finish } of completed.choices) yield chunk([{ index, text: '', logprobs: null, finish_reason: finish }]);
    if (options.withUsage) yield chunk([], { usage: usageOf(completed) });
  },
} as const;

/** The tokens of all choices, the first of each, then the second of each, … */
function* interleaved(choices: readonly Choice[]): Generator<[Choice, ChoiceToken]> {
  const longest = Math.max(0, ...choices.map(({ tokens }) => tokens.length));
  for (let t = 0; t < longest; t++) {
    for (const choice of choices) {
      const token = choice.tokens[t];
      if (token !== undefined) yield [choice, token];
    }
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
