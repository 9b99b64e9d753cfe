/**
 * An endpoint as critics use it: asked within limits (concurrency, rate, budget), again where that may help, never twice for the same, and left
 * alone while it is out of order. Whatever goes wrong becomes the answer's `error`.
 */
import { createHash } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { messageOf } from '../core/errors.ts';
import type { CriticOptions } from '../protocol/criticConfig.ts';
import type { CriticPayment } from '../protocol/criticViews.ts';
import type { Message } from '../protocol/records.ts';
import { CircuitBreaker } from './circuitBreaker.ts';
import type { Answer, Generate } from './critic.ts';
import { EndpointError, type Endpoint, type EndpointReply, type EndpointRequest, type EndpointUsage } from './endpoint.ts';
import { Spending, type Settle, type Spent } from './spending.ts';

/** Answers that are kept by the hash of what was asked. */
export interface ReplyCache {
  get(hash: string): string | null;
  keep(hash: string, reply: string): void;
}

export interface OutsideModelOptions {
  readonly endpoint: Endpoint;
  readonly options: CriticOptions;
  readonly cache: ReplyCache;
  readonly spentBefore: Spent;
  /** Hears of each answer that was paid for, of use or not, before anybody has it. */
  readonly onPaid?: (payment: CriticPayment) => void;
  /** In ms, for tests. */
  readonly clock?: () => number;
  /** The first wait before another try; doubled with each. */
  readonly firstRetryMs?: number;
}

/** Who hears what happened, and until when there is time. */
export interface Occasion {
  readonly notice: (code: string, message: string) => void;
  readonly signal: AbortSignal;
  /** A study is told each time that the budget is used up; training, which goes on and on, once. Default `training`. */
  readonly purpose?: CriticPayment['purpose'];
}

/** A request on its way, and what its tries have taken so far. */
interface Errand {
  readonly request: EndpointRequest;
  /** Estimated. */
  readonly promptTokens: number;
  readonly paid: { promptTokens: number; completionTokens: number; cost: number };
}

type Used = EndpointUsage & { readonly text?: string };

const unpaid: Errand['paid'] = { promptTokens: 0, completionTokens: 0, cost: 0 };

/** A server that wants to be left alone for longer counts as one that is out of order. */
const longestWaitMs = 60_000;
/** Where an endpoint does not count tokens, and before it has: English text has about four letters a token. */
const lettersPerToken = 4;

export class OutsideModel {
  readonly endpoint: Endpoint;
  readonly spending: Spending;
  private readonly options: CriticOptions;
  private readonly cache: ReplyCache;
  private readonly breaker: CircuitBreaker;
  private readonly firstRetryMs: number;
  private readonly onPaid: (payment: CriticPayment) => void;
  private nextStart = 0;
  private hasToldTraining = false;
  private readonly toldStudies = new WeakSet<Occasion>();

  constructor({ endpoint, options, cache, spentBefore, onPaid = () => undefined, clock, firstRetryMs = 500 }: OutsideModelOptions) {
    this.endpoint = endpoint;
    this.options = options;
    this.cache = cache;
    this.spending = new Spending(options, spentBefore);
    this.breaker = new CircuitBreaker(clock);
    this.firstRetryMs = firstRetryMs;
    this.onPaid = onPaid;
  }

  /** Throws the signal's reason, and nothing else. */
  generateOn(occasion: Occasion): Generate {
    return async (conversations, _purpose, seeds, round = 0) => {
      const answers: Answer[] = [];
      let next = 0;
      const work = async (): Promise<void> => {
        for (let i = next++; i < conversations.length; i = next++) {
          answers[i] = await this.answer(conversations[i] as readonly Message[], seeds[i] ?? 0, round, occasion);
        }
      };
      await Promise.all(Array.from({ length: Math.min(this.options.concurrency, conversations.length) }, work));
      return answers;
    };
  }

  private async answer(messages: readonly Message[], seed: number, round: number, occasion: Occasion): Promise<Answer> {
    const { temperature, topP, maxTokens } = this.options;
    const request: EndpointRequest = { messages, temperature, topP, maxTokens, seed };
    const hash = this.hashOf(request, round);
    const kept = this.kept(hash);
    if (kept !== null) return { ...nothing, ...kept, isCached: true };

    const errand: Errand = { request, promptTokens: estimatedTokens(messages.map(({ content }) => content)), paid: { ...unpaid } };
    const { reply, error, attempts } = await this.ask(errand, occasion);
    if (reply === undefined) return { ...nothing, ...errand.paid, error, attempts };
    this.keep(hash, { text: reply.text, isCutOff: reply.isCutOff }, occasion);
    return { ...nothing, ...errand.paid, text: reply.text, isCutOff: reply.isCutOff, attempts };
  }

  /** Each try has room of its own in the budget. */
  private async ask(
    errand: Errand,
    occasion: Occasion,
  ): Promise<{ readonly reply?: EndpointReply; readonly error: string; readonly attempts: number }> {
    const { request, promptTokens } = errand;
    const { signal, notice } = occasion;
    const { retries, timeoutSeconds } = this.options;
    const { endpoint, breaker } = this;
    const admission = breaker.admit();
    for (let attempts = 0; ;) {
      if (admission === 'no' || (breaker.isOpen && admission === 'yes')) {
        return { error: `${endpoint.title} is out of order and is left alone for a while`, attempts };
      }
      const settle = await this.spending.reserve(promptTokens, request.maxTokens);
      if (settle === undefined) {
        breaker.abandoned(admission);
        this.tellBudget(occasion, promptTokens + request.maxTokens);
        return { error: 'the budget of the run’s critic has no room for it', attempts };
      }
      let failure: EndpointError;
      let used: Used | undefined;
      try {
        await this.turn(signal);
        attempts += 1;
        const reply = await endpoint.complete(request, AbortSignal.any([signal, AbortSignal.timeout(timeoutSeconds * 1000)]));
        used = reply;
        if (breaker.succeeded()) notice('critic.recovered', `${endpoint.title} answers again.`);
        return { reply, error: '', attempts };
      } catch (error) {
        if (signal.aborted) breaker.abandoned(admission);
        signal.throwIfAborted();
        failure = failureOf(error, timeoutSeconds);
        used = failure.used;
      } finally {
        this.account(errand, settle, used, occasion);
      }
      const wait = Math.max(this.firstRetryMs * 2 ** (attempts - 1), (failure.retryAfter ?? 0) * 1000);
      if (!failure.isPassing || attempts > retries || wait > longestWaitMs) {
        if (breaker.failed(admission)) {
          notice(
            'critic.outage',
            `${endpoint.title} is left alone for a while, because it failed several times in a row: ${failure.message}. The run goes on without it.`,
          );
        }
        return { error: failure.message, attempts };
      }
      await pause(wait, signal, () => breaker.abandoned(admission));
    }
  }

  /** What a try took; undefined for nothing. */
  private account({ promptTokens, paid }: Errand, settle: Settle, used: Used | undefined, { purpose = 'training', notice }: Occasion): void {
    if (used === undefined) {
      settle(0, 0);
      return;
    }
    const prompt = used.promptTokens ?? promptTokens;
    const completion = used.completionTokens ?? estimatedTokens([used.text ?? '']);
    settle(prompt, completion);
    const cost = this.spending.costOf(prompt, completion);
    paid.promptTokens += prompt;
    paid.completionTokens += completion;
    paid.cost += cost;
    try {
      this.onPaid({ purpose, model: this.endpoint.model, promptTokens: prompt, completionTokens: completion, cost });
    } catch (error) {
      notice('critic.notAccounted', `What an answer of ${this.endpoint.model} took could not be recorded: ${messageOf(error)}`);
    }
  }

  /** Waits until the rate allows another request. */
  private async turn(signal: AbortSignal): Promise<void> {
    const { requestsPerMinute } = this.options;
    if (requestsPerMinute === null) return;
    const now = performance.now();
    const start = Math.max(now, this.nextStart);
    this.nextStart = start + 60_000 / requestsPerMinute;
    if (start > now) await pause(start - now, signal);
  }

  /** Seeds are no part of it: one answer a question is what a cache is for. */
  private hashOf({ messages, temperature, topP, maxTokens }: EndpointRequest, round: number): string {
    const { model, place } = this.endpoint;
    return createHash('sha256')
      .update(JSON.stringify([place, model, temperature, topP, maxTokens, round, messages.map(({ role, content }) => [role, content])]))
      .digest('hex');
  }

  private kept(hash: string): Pick<Answer, 'text' | 'isCutOff'> | null {
    if (!this.options.cache) return null;
    const kept = this.cache.get(hash);
    return kept === null ? null : (JSON.parse(kept) as Pick<Answer, 'text' | 'isCutOff'>);
  }

  private keep(hash: string, reply: Pick<Answer, 'text' | 'isCutOff'>, { notice }: Occasion): void {
    if (!this.options.cache) return;
    try {
      this.cache.keep(hash, JSON.stringify(reply));
    } catch (error) {
      notice('critic.notCached', `The answer of ${this.endpoint.model} could not be kept for another time: ${messageOf(error)}`);
    }
  }

  private tellBudget(occasion: Occasion, wanted: number): void {
    const isStudy = occasion.purpose === 'study';
    if (isStudy ? this.toldStudies.has(occasion) : this.hasToldTraining) return;
    if (isStudy) this.toldStudies.add(occasion);
    else this.hasToldTraining = true;
    const rest = isStudy ? 'It is the run’s, for training and studies together: criticOptions.budget.' : 'The run goes on without it.';
    occasion.notice('critic.budgetUsedUp', `${this.spending.refusal(this.endpoint.title, wanted)} ${rest}`);
  }
}

/** Throws the signal's reason, after `onAbort`. */
async function pause(ms: number, signal: AbortSignal, onAbort: () => void = () => undefined): Promise<void> {
  await sleep(ms, undefined, { signal }).catch(onAbort);
  signal.throwIfAborted();
}

export const nothing: Answer = {
  text: '',
  isCutOff: false,
  promptTokens: 0,
  completionTokens: 0,
  cost: 0,
  attempts: 0,
  isCached: false,
  error: null,
};

function failureOf(error: unknown, timeoutSeconds: number): EndpointError {
  if (error instanceof EndpointError) return error;
  const isTimeout = error instanceof Error && error.name === 'TimeoutError';
  return new EndpointError(isTimeout ? `no answer came within ${timeoutSeconds} s` : messageOf(error).replace(/\.$/, ''), { isPassing: true });
}

function estimatedTokens(texts: readonly string[]): number {
  return texts.reduce((sum, text) => sum + Math.ceil(text.length / lettersPerToken) + 4, 0);
}
