/** Answers of a policy to prompts in the form of the OpenAI API: choices with texts, tokens and log-probabilities. */
import { randomInt } from 'node:crypto';
import { WorkbenchError } from '../core/errors.ts';
import { Rng } from '../core/rng.ts';
import type { Policy } from '../training/policy.ts';
import { sampleCompletions } from '../training/sampling.ts';
import { tokenTexts } from '../training/tokens.ts';

export interface Sampling {
  readonly n: number;
  /** Null: as many as the run samples, or as fit. */
  readonly maxTokens: number | null;
  readonly temperature: number;
  readonly topP: number;
  /** The same seed, prompt and weights give the same answer; null draws one. */
  readonly seed: number | null;
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

/** Throws `prompt.tooLong`. */
export async function completeAll(policy: SamplingPolicy, prompts: readonly (readonly number[])[], sampling: Sampling): Promise<Completed> {
  const longest = Math.max(...prompts.map(({ length }) => length));
  const room = policy.contextLength - longest;
  const maxTokens = sampling.maxTokens ?? Math.min(policy.config.sampling.maxTokens, room);
  if (room < 1 || maxTokens > room) throw tooLong(longest, maxTokens, policy.contextLength);
  const seed = sampling.seed ?? randomInt(2 ** 32);
  const seeds = prompts.map((_, p) => Array.from({ length: sampling.n }, (_unused, i) => Rng.of(seed >>> 0, 'openai', p, i).uint32()));
  const config = {
    ...policy.config,
    sampling: { ...policy.config.sampling, temperature: sampling.temperature, topP: sampling.topP, topK: 0, maxTokens },
  };
  const { sequences, tokensSampled } = await sampleCompletions({ ...policy, config }, { prompts, seeds });
  const stopTokens = new Set(policy.tokenizer.stopTokens);
  const choices = sequences.flat().map(({ tokens, logprobs, finish }, index): Choice => {
    const last = tokens.at(-1);
    const own = [...(finish === 'stop' && last !== undefined && stopTokens.has(last) ? tokens.slice(0, -1) : tokens)];
    const texts = tokenTexts(policy.tokenizer, own);
    const all = texts.map((text, t): ChoiceToken => ({ text, logprob: logprobs[t] as number }));
    return cutAtStop({ index, text: texts.join(''), tokens: all, finish }, sampling.stop);
  });
  return { choices, promptTokens: prompts.reduce((sum, { length }) => sum + length, 0), completionTokens: tokensSampled };
}

/** Up to the first of the stop texts, which is left out, as the API has it. */
export function cutAtStop(choice: Choice, stop: readonly string[]): Choice {
  const ends = stop.map((text) => choice.text.indexOf(text)).filter((at) => at >= 0);
  if (ends.length === 0) return choice;
  const end = Math.min(...ends);
  const tokens: ChoiceToken[] = [];
  let length = 0;
  for (const token of choice.tokens) {
    if (length >= end) break;
    tokens.push({ ...token, text: token.text.slice(0, end - length) });
    length += token.text.length;
  }
  return { ...choice, text: choice.text.slice(0, end), tokens, finish: 'stop' };
}

function tooLong(prompt: number, maxTokens: number, contextLength: number): WorkbenchError {
  return new WorkbenchError({
    code: 'prompt.tooLong',
    message: `A prompt of ${prompt} tokens and ${maxTokens} tokens of an answer exceed the model's context of ${contextLength}.`,
    remedy: 'Shorten the prompt or ask for fewer tokens.',
  });
}
