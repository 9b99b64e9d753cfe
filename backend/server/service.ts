/** What requests are served from: one object a backend, one context a request. */
import type { z } from 'zod';
import type { Method, requestSchemas, Result } from '../protocol/methods.ts';
import type { CheckResult } from '../protocol/views.ts';
import type { RunConfig } from '../protocol/runConfig.ts';
import type { Entries } from '../training/policy.ts';
import type { EditorModels } from './editorModels.ts';
import type { Experiments } from './experiments.ts';
import type { Keys } from './keys.ts';
import type { Log } from './log.ts';
import type { Outbox } from './outbox.ts';
import type { RunHost } from './runHost.ts';
import type { StoreAccess } from './storeAccess.ts';

export interface Service {
  readonly workspace: string;
  /** Of this program. */
  readonly version: string;
  readonly demoFolder: string;
  readonly entries: Entries;
  readonly isViewOnly: boolean;
  readonly stores: StoreAccess;
  readonly host: RunHost;
  readonly experiments: Experiments;
  readonly log: Log;
  readonly keys: Keys;
  readonly editorModels: EditorModels;
  readonly doctor: Doctor;
  /** Begins the orderly end; returns at once. */
  shutDown(): void;
}

/** Examines a run before it starts. */
export type Doctor = (config: RunConfig, signal: AbortSignal, secretOf: Keys['get']) => Promise<readonly CheckResult[]>;

export interface RequestContext extends Service {
  /** Aborted when the client cancels the request; not when it leaves. */
  readonly signal: AbortSignal;
  /** Of the client that asks. */
  readonly outbox: Outbox;
}

export type CheckedParams<M extends Method> = z.output<(typeof requestSchemas)[M]>;
export type Handler<M extends Method> = (params: CheckedParams<M>, context: RequestContext) => Promise<Result<M>> | Result<M>;
export type Handlers<M extends Method = Method> = { readonly [K in M]: Handler<K> };
