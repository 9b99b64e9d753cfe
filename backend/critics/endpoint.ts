/** A model that is not ours: one request, one answer. What is above it (budget, cache, retries) is in `outsideModel.ts`. */
import type { Message } from '../protocol/records.ts';

export interface EndpointRequest {
  readonly messages: readonly Message[];
  readonly temperature: number;
  readonly topP: number | null;
  readonly maxTokens: number;
  readonly seed: number;
}

export interface EndpointReply {
  readonly text: string;
  readonly isCutOff: boolean;
  /** Null where the endpoint does not tell. */
  readonly promptTokens: number | null;
  readonly completionTokens: number | null;
}

export interface Endpoint {
  /** As the endpoint calls the model. */
  readonly model: string;
  /** Where it is, as part of the key of the cache. */
  readonly place: string;
  /** Model and place for people; holds no secret. */
  readonly title: string;
  /** Throws `EndpointError`, or the signal's reason. */
  complete(request: EndpointRequest, signal: AbortSignal): Promise<EndpointReply>;
}

/** Tokens of a request and its answer; null where the endpoint does not tell. */
export type EndpointUsage = Pick<EndpointReply, 'promptTokens' | 'completionTokens'>;

interface EndpointErrorOptions {
  readonly isPassing: boolean;
  readonly retryAfter?: number | undefined;
  readonly used?: EndpointUsage;
  readonly cause?: unknown;
}

/** Why there was no usable answer, in words without secrets. */
export class EndpointError extends Error {
  /** The same request may succeed later. */
  readonly isPassing: boolean;
  /** How long the endpoint wants to be left alone, in seconds. */
  readonly retryAfter: number | undefined;
  /** What the answer took that is of no use; undefined where there was none. */
  readonly used: EndpointUsage | undefined;

  constructor(message: string, { isPassing, retryAfter, used, cause }: EndpointErrorOptions) {
    super(message, cause === undefined ? undefined : { cause });
    this.name = 'EndpointError';
    this.isPassing = isPassing;
    this.retryAfter = retryAfter;
    this.used = used;
  }
}
