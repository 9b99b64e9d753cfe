/** Answers of a policy to prompts in the form of the OpenAI API: choices with texts, tokens and log-probabilities. */
import { WorkbenchError } from '../core/errors.ts';
import { Rng } from '../core/rng.ts';
import type { Policy } from '../training/policy.ts';
import { sampleCompletions } from '../training/sampling.ts';
import { liveTokenTexts, tokenTexts } from '../training/tokens.ts';

export interface Sampling {
  readonly n: number;
  /** Null: as many as the run samples, or as fit. */
  readonly maxTokens: number | null;
  readonly temperature: number;
  readonly topP: number;
  /** The same seed, prompt and weights give the same answer. */
  readonly seed: number;
  readonly stop: readonly string[];
}

export interface ChoiceToken {
  readonly text: string;
  /** At temperature 1, whatever it was sampled at. */
  readonly logprob: number;
}

export interface Choice {
  readonly index: number;
  readonly text: string;
  /** Without the end token; joined, their texts are `text`. */
  readonly tokens: readonly ChoiceToken[];
  readonly finish: 'stop' | 'length';
}

export interface Completed {
  /** `n` a prompt, in order. */
  readonly choices: readonly Choice[];
  readonly promptTokens: number;
  readonly completionTokens: number;
}

type SamplingPolicy = Pick<Policy, 'config' | 'contextLength' | 'engine' | 'signal' | 'tokenizer'>;

/**
 * `onToken` hears a choice's tokens in order as soon as it is certain that they belong to it; those that become certain at the end are only in the
 * result. Throws `prompt.tooLong`.
 */
export async function completeAll(
  policy: SamplingPolicy,
  prompts: readonly (readonly number[])[],
  sampling: Sampling,
  onToken?: (choice: number, token: ChoiceToken) => void,
): Promise<Completed> {
  const { n, temperature, topP, stop } = sampling;
  const longest = Math.max(...prompts.map(({ length }) => length));
  const room = policy.contextLength - longest;
  const maxTokens = sampling.maxTokens ?? Math.min(policy.config.sampling.maxTokens, room);
  if (room < 1 || maxTokens > room) throw tooLong(longest, maxTokens, policy.contextLength);
  const seeds = prompts.map((_, p) => Array.from({ length: n }, (_unused, i) => Rng.of(sampling.seed >>> 0, 'openai', p, i).uint32()));
  const config = { ...policy.config, sampling: { ...policy.config.sampling, temperature, topP, topK: 0, maxTokens } };
  const stopTokens = new Set(policy.tokenizer.stopTokens);
  const live = prompts.flatMap(
    (_, p) => seeds[p]?.map((_seed, i) => new LiveChoice(liveTokenTexts(policy.tokenizer), stop, p * n + i, onToken)) ?? [],
  );
  const { sequences, tokensSampled } = await sampleCompletions(
    { ...policy, config },
    {
      prompts,
      seeds,
      ...(onToken === undefined
        ? {}
        : {
            onTokens: (drawn) => {
              for (const { prompt, index, token, logprob } of drawn) if (!stopTokens.has(token)) live[prompt * n + index]?.push(token, logprob);
            },
          }),
    },
  );
  const choices = sequences.flat().map(({ tokens, logprobs, finish }, index): Choice => {
    const last = tokens.at(-1);
    const own = [...(finish === 'stop' && last !== undefined && stopTokens.has(last) ? tokens.slice(0, -1) : tokens)];
    const texts = tokenTexts(policy.tokenizer, own);
    const all = texts.map((text, t): ChoiceToken => ({ text, logprob: logprobs[t] as number }));
    return cutAtStop({ index, text: texts.join(''), tokens: all, finish }, stop);
  });
  return { choices, promptTokens: prompts.reduce((sum, { length }) => sum + length, 0), completionTokens: tokensSampled };
}

/** Up to the first of the stop texts, which is left out, as the API has it. */
export function cutAtStop(choice: Choice, stop: readonly string[]): Choice {
  const end = firstStop(choice.text, stop);
  if (end === null) return choice;
  const tokens: ChoiceToken[] = [];
  let length = 0;
  for (const token of choice.tokens) {
    if (length >= end) break;
    tokens.push({ ...token, text: token.text.slice(0, end - length) });
    length += token.text.length;
  }
  return { ...choice, text: choice.text.slice(0, end), tokens, finish: 'stop' };
}

/** A choice while it is sampled: holds back what may turn out to be the beginning of a stop text. */
class LiveChoice {
  private readonly textOf: (token: number) => string;
  private readonly stop: readonly string[];
  private readonly index: number;
  private readonly onToken: ((choice: number, token: ChoiceToken) => void) | undefined;
  private readonly held: ChoiceToken[] = [];
  private text = '';
  private given = 0;
  private isOver = false;

  constructor(textOf: LiveChoice['textOf'], stop: readonly string[], index: number, onToken: LiveChoice['onToken']) {
    this.textOf = textOf;
    this.stop = stop;
    this.index = index;
    this.onToken = onToken;
  }

  push(token: number, logprob: number): void {
    if (this.isOver) return;
    const text = this.textOf(token);
    this.held.push({ text, logprob });
    this.text += text;
    this.isOver = firstStop(this.text, this.stop) !== null;
    if (this.isOver) return;
    const certain = this.text.length - Math.max(0, ...this.stop.map(({ length }) => length - 1));
    // The newest token is held as well: the end may add to its text.
    while (this.held.length > 1 && this.given + (this.held[0]?.text.length ?? 0) <= certain) {
      const next = this.held.shift() as ChoiceToken;
      this.given += next.text.length;
      this.onToken?.(this.index, next);
    }
  }
}

function firstStop(text: string, stop: readonly string[]): number | null {
  const ends = stop.map((one) => text.indexOf(one)).filter((at) => at >= 0);
  return ends.length === 0 ? null : Math.min(...ends);
}

function tooLong(prompt: number, maxTokens: number, contextLength: number): WorkbenchError {
  return new WorkbenchError({
    code: 'prompt.tooLong',
    message: `A prompt of ${prompt} tokens and ${maxTokens} tokens of an answer exceed the model's context of ${contextLength}.`,
    remedy: 'Shorten the prompt or ask for fewer tokens.',
  });
}
