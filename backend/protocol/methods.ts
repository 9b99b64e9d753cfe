/**
 * What client and backend say to each other: JSON-RPC 2.0 over one WebSocket. Parameters are checked on arrival by these schemas; results
 * are plain data of `views.ts` and `records.ts`.
 */
import { z } from 'zod';
import type { CriticPreview, CriticSpending, CriticView } from './criticViews.ts';
import type { Event } from './events.ts';
import type { ExperimentDetail, ExperimentReport, ExperimentTemplateView, ExperimentView } from './experimentViews.ts';
import type { Audit, Critique, CritiqueCall, Evaluation, Message, PersistentFailure, Problem, Update } from './records.ts';
import type { DataPreview } from './dataViews.ts';
import {
  rolloutFilterSchema,
  rolloutPageRequestSchema,
  stepRangeSchema,
  type Attempt,
  type CheckResult,
  type CounterfactualEntry,
  type CritiqueRevisionView,
  type CritiqueToReview,
  type Enlistment,
  type Funnel,
  type GroupDetail,
  type PresetView,
  type ProblemHistory,
  type Progress,
  type RolloutPage,
  type RunPlan,
  type RunSummary,
  type Series,
  type StandingFailure,
  type TokenDetail,
  type Trial,
} from './views.ts';
import type { DisagreementPage, RescoreReport, Rescoring, Settlement } from './verdictViews.ts';

/** Client and backend must agree on it; it grows with every change that one side would misread. */
export const protocolVersion = 1;

const none = z.strictObject({});
const ofRun = z.strictObject({ runId: z.string() });
const ofExperiment = z.strictObject({ id: z.string() });
const samples = z.number().int().min(1).max(64);

/** Where a run's settings come from: the text of a run file over a preset, over nothing. */
export const runSourceSchema = z.strictObject({
  preset: z.string().optional(),
  /** Text of a `*.cgrpo.json` file, comments allowed, and where it lies (relative paths in it are from there). */
  file: z.strictObject({ path: z.string(), text: z.string() }).optional(),
  /** Single settings by path, e.g. `{"training.steps": 20}`; they win over the file. */
  overrides: z.record(z.string(), z.json()).optional(),
});
export type RunSource = z.infer<typeof runSourceSchema>;

/** Parameters of every request. */
export const requestSchemas = {
  /** The first request of a connection. */
  initialize: z.strictObject({
    protocolVersion: z.number().int(),
    client: z.string(),
    /** `languageModel`: it answers `languageModel/ask` notifications with the editor's own models. */
    capabilities: z.strictObject({ languageModel: z.boolean().optional() }).optional(),
  }),
  /** From now on, every event after `afterSeq` arrives as an `events` notification, the missed ones first. */
  'events/subscribe': z.strictObject({ afterSeq: z.number().int().min(0) }),

  'preset/list': none,
  'run/plan': z.strictObject({ source: runSourceSchema }),
  'run/start': z.strictObject({ source: runSourceSchema }),
  /** Goes on with a stopped run from its last checkpoint, or with a paused one. */
  'run/resume': ofRun,
  /** Between two steps; the policy stays loaded. */
  'run/pause': ofRun,
  /** Drops the step in progress and writes a checkpoint. */
  'run/stop': ofRun,
  /** Scores the policy on the held-out problems: between two steps while it trains, from its last checkpoint otherwise. */
  'run/evaluate': ofRun,
  'run/list': none,
  'run/get': ofRun,
  'run/metricNames': ofRun,
  'run/series': z.strictObject({ runId: z.string(), names: z.array(z.string()).max(200), afterStep: z.number().int().optional() }),
  'run/updates': z.strictObject({ runId: z.string(), afterStep: z.number().int().optional() }),
  'run/evaluations': ofRun,
  'run/funnel': z.strictObject({ runId: z.string(), range: stepRangeSchema.optional() }),
  'run/recordedFailures': ofRun,
  /** The newest events of a run but for finished groups and steps, oldest first. */
  'run/news': z.strictObject({ runId: z.string(), limit: z.number().int().min(1).max(1000) }),

  'rollout/page': rolloutPageRequestSchema,
  'rollout/count': z.strictObject({ runId: z.string(), filter: rolloutFilterSchema }),
  'rollout/get': z.strictObject({ runId: z.string(), rolloutId: z.string() }),
  /** `id` is that of a rollout or of a refinement. */
  'rollout/tokens': z.strictObject({ runId: z.string(), id: z.string(), withEntropy: z.boolean() }),
  'group/get': z.strictObject({ runId: z.string(), groupId: z.string() }),
  'problem/get': z.strictObject({ runId: z.string(), problemId: z.string() }),
  'problem/history': z.strictObject({ runId: z.string(), problemId: z.string() }),
  'failure/list': z.strictObject({ runId: z.string(), visits: z.number().int().min(1).optional() }),

  'critique/toReview': z.strictObject({ runId: z.string(), limit: z.number().int().min(1).max(1000).optional() }),
  /** Every revision of a rollout's critiques with its outcome, oldest first. */
  'critique/history': z.strictObject({ runId: z.string(), rolloutId: z.string() }),
  /** A human revision of critique `baseId`; fails with `critique.conflict` when that was revised meanwhile. */
  'critique/revise': z.strictObject({ runId: z.string(), baseId: z.string(), text: z.string().min(1).max(100_000), author: z.string().min(1) }),
  /** A first critique by a person, of a rollout that has none. */
  'critique/write': z.strictObject({ runId: z.string(), rolloutId: z.string(), text: z.string().min(1).max(100_000), author: z.string().min(1) }),
  /** m refinements of the policy of now from a critique, graded and kept. Served between two steps while the run trains. */
  'critique/refine': z.strictObject({ runId: z.string(), critiqueId: z.string(), samples }),
  /** From the next step on the run learns from this critique; the answer says from which. */
  'critique/enlist': z.strictObject({ runId: z.string(), critiqueId: z.string(), author: z.string().min(1) }),
  'critique/withdraw': z.strictObject({ runId: z.string(), critiqueId: z.string() }),
  /** The same failed answer under several critics, m refinements each. `critics`: `none`, or names of critics. */
  'critique/counterfactual': z.strictObject({
    runId: z.string(),
    rolloutId: z.string(),
    critics: z.array(z.string()).max(16),
    /** A text by hand, shown as the critic `human`. */
    humanText: z.string().max(100_000).optional(),
    samples,
  }),

  /** How critiques by a model came about: attempts, tokens, cost, disagreements, what stood in. Of one rollout, or of a range of steps. */
  'critic/calls': stepRangeSchema.extend({ runId: z.string(), rolloutId: z.string().optional() }),
  /** What critiques by a model have used in the whole run. */
  'critic/spending': ofRun,
  /** What was noticed about a rollout's critiques and the refinements that answer them. */
  'critique/audits': z.strictObject({ runId: z.string(), rolloutId: z.string() }),
  /** Every critic by the name that a run file has for it. */
  'critic/list': none,
  /** What a critic of these settings would be asked about a rollout, or about a made-up answer to the first problem of the data. Asks nobody. */
  'critic/preview': z.strictObject({ source: runSourceSchema, rollout: z.strictObject({ runId: z.string(), rolloutId: z.string() }).optional() }),
  /** A key of that name (`criticOptions.apiKeyEnvironment`) for as long as this backend lives. It is neither stored nor logged; null forgets it. */
  'critic/setKey': z.strictObject({
    name: z.string().regex(/^[A-Z][A-Z0-9_]*_API_KEY$/),
    key: z.string().min(1).max(4096).nullable(),
    /** `https://host:port` of the only server that may have it, whatever a run file says; any when left out. */
    origin: z.string().optional(),
  }),
  /** The answer to a `languageModel/ask`, or why there is none. Late answers are passed over. */
  'languageModel/answer': z.strictObject({
    id: z.string(),
    text: z.string().max(2_000_000).optional(),
    /** As the editor counts them, where it does. */
    promptTokens: z.number().int().min(0).optional(),
    completionTokens: z.number().int().min(0).optional(),
    error: z.strictObject({ message: z.string().max(2000), isPassing: z.boolean() }).optional(),
  }),

  /** Verdicts that another grader disagrees with: the run's own, or those of a rescoring. */
  'verifier/disagreements': z.strictObject({
    runId: z.string(),
    rescoringId: z.string().optional(),
    onlyOpen: z.boolean().optional(),
    limit: z.number().int().min(1).max(1000).optional(),
    offset: z.number().int().min(0).optional(),
  }),
  /** What a person says of a graded answer: kept beside the verdict, which stays as it is. */
  'verifier/settle': z.strictObject({
    runId: z.string(),
    rolloutId: z.string(),
    status: z.enum(['right', 'wrong']),
    author: z.string().min(1),
    note: z.string().max(10_000).optional(),
  }),
  /** Grades everything recorded again with the run's verifier, or another; the new verdicts are kept beside the old ones. */
  'run/rescore': z.strictObject({ runId: z.string(), verifier: z.string().optional() }),
  'run/rescorings': ofRun,

  /** Reads the data of a run file that need not be complete, and says what is in it. `verifiers`: tested on the gold answers, in place of the run's. */
  'data/preview': z.strictObject({
    source: runSourceSchema,
    verifiers: z.array(z.string()).max(16).optional(),
    examples: z.number().int().min(0).max(100).optional(),
  }),

  'experiment/list': none,
  /** Ready experiment files. */
  'experiment/templates': none,
  'experiment/get': ofExperiment,
  /** Tables and figures of what is done; the files in the experiment's folder are written after every run. */
  'experiment/report': ofExperiment,
  /** The text of an experiment file, or the id of one that was started before. Runs that are done are passed over. */
  'experiment/start': z.strictObject({
    source: z.union([z.strictObject({ file: z.strictObject({ path: z.string(), text: z.string() }) }), ofExperiment]),
  }),
  /** The run in progress writes a checkpoint; answered when all is quiet. */
  'experiment/pause': ofExperiment,

  'workspace/doctor': z.strictObject({ source: runSourceSchema }),
  /** Ends the backend after a checkpoint of the run in progress. */
  shutdown: none,
} as const satisfies Record<string, z.ZodType>;

export type Method = keyof typeof requestSchemas;
export type Params<M extends Method> = z.input<(typeof requestSchemas)[M]>;

/** Result of every request. */
export interface Results {
  initialize: {
    readonly protocolVersion: number;
    readonly backendVersion: string;
    readonly workspace: string;
    readonly pid: number;
    readonly lastSeq: number;
    /** It was started for a workspace that is not trusted: nothing is run or written. */
    readonly isViewOnly: boolean;
  };
  'events/subscribe': { readonly lastSeq: number };
  'preset/list': readonly PresetView[];
  'run/plan': RunPlan;
  'run/start': { readonly runId: string };
  'run/resume': null;
  'run/pause': null;
  'run/stop': null;
  'run/evaluate': Evaluation;
  'run/list': readonly RunSummary[];
  'run/get': RunSummary;
  'run/metricNames': readonly string[];
  'run/series': Series;
  'run/updates': readonly Update[];
  'run/evaluations': readonly Evaluation[];
  'run/funnel': Funnel;
  'run/recordedFailures': readonly PersistentFailure[];
  'run/news': readonly Event[];
  'rollout/page': RolloutPage;
  'rollout/count': number;
  'rollout/get': Attempt;
  'rollout/tokens': TokenDetail;
  'group/get': GroupDetail;
  'problem/get': Problem;
  'problem/history': ProblemHistory;
  'failure/list': readonly StandingFailure[];
  'critique/toReview': readonly CritiqueToReview[];
  'critique/history': readonly CritiqueRevisionView[];
  'critique/revise': Critique;
  'critique/write': Critique;
  'critique/refine': Trial;
  'critique/enlist': Enlistment;
  'critique/withdraw': Enlistment;
  'critique/counterfactual': readonly CounterfactualEntry[];
  'critic/calls': readonly CritiqueCall[];
  'critic/spending': CriticSpending;
  'critique/audits': readonly Audit[];
  'critic/list': readonly CriticView[];
  'critic/preview': CriticPreview;
  'critic/setKey': null;
  'languageModel/answer': null;
  'verifier/disagreements': DisagreementPage;
  'verifier/settle': Settlement;
  'run/rescore': RescoreReport;
  'run/rescorings': readonly Rescoring[];
  'data/preview': DataPreview;
  'experiment/list': readonly ExperimentView[];
  'experiment/templates': readonly ExperimentTemplateView[];
  'experiment/get': ExperimentDetail;
  'experiment/report': ExperimentReport;
  'experiment/start': { readonly id: string };
  'experiment/pause': null;
  'workspace/doctor': readonly CheckResult[];
  shutdown: null;
}
export type Result<M extends Method> = Results[M];

/** What the backend tells without being asked. */
export interface Notifications {
  /** Kept events, in order, each once. */
  events: { readonly events: readonly Event[] };
  progress: Progress;
  /** A run's activity changed: lists should be read again. */
  runsChanged: { readonly runId: string };
  /** An experiment began, went on to another run, or ended: it should be read again. */
  experimentsChanged: { readonly id: string };
  /** A critic asks the editor's language models; sent to one client that said it can. Answer with `languageModel/answer`. */
  'languageModel/ask': {
    readonly id: string;
    /** A model's id or family as the editor knows it; null: the editor chooses. */
    readonly model: string | null;
    readonly messages: readonly Message[];
    readonly maxTokens: number;
    readonly temperature: number;
  };
  /** The answer is no longer wanted. */
  'languageModel/cancel': { readonly id: string };
}

/** `error.data` of a failed request. */
export const errorDataSchema = z.object({ code: z.string(), message: z.string(), remedy: z.string().nullable() });
export type ErrorData = z.infer<typeof errorDataSchema>;

/** Where a running backend is found: `.critique-grpo/backend.json`, readable by its owner only. */
export const backendFileSchema = z.object({
  port: z.number().int(),
  pid: z.number().int(),
  token: z.string(),
  protocolVersion: z.number().int(),
  startedAt: z.number(),
});
export type BackendFile = z.infer<typeof backendFileSchema>;

/** Path of the WebSocket's address: `ws://127.0.0.1:<port>/rpc`, with the header `Authorization: Bearer <token>`. */
export const socketPath = '/rpc';

/** Largest message either side accepts, in bytes. */
export const maxMessageBytes = 32 * 2 ** 20;
