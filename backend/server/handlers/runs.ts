/** Requests about runs: planning, starting, steering and reading them. */
import { WorkbenchError } from '../../core/errors.ts';
import type { RunFacts, RunSummary, StepRange } from '../../protocol/views.ts';
import { evaluateNow } from '../../training/evaluateNow.ts';
import { planRun, presetViews } from '../../training/plan.ts';
import { resolveRunSource } from '../../training/runFile.ts';
import type { Handlers, RequestContext } from '../service.ts';

export const runHandlers = {
  'preset/list': () => presetViews(),
  'run/plan': ({ source }, { demoFolder }) => planRun(resolveRunSource(source), { demoFolder }),

  'run/start': async ({ source }, { host, signal }) => ({ runId: await host.start(resolveRunSource(source), signal) }),
  'run/resume': async ({ runId }, { host }) => {
    await host.resume(runId);
    return null;
  },
  'run/pause': ({ runId }, { host }) => {
    host.pause(runId);
    return null;
  },
  'run/stop': async ({ runId }, { host }) => {
    await host.stop(runId);
    return null;
  },
  'run/evaluate': ({ runId }, { host, signal }) => host.ask(runId, 'evaluating', signal, (run, step) => evaluateNow(run, step)),

  'run/list': (_params, context) => (context.stores.currentOrNull?.runSummaries() ?? []).map((facts) => withActivity(facts, context)),
  'run/get': ({ runId }, context) => {
    const facts = context.stores.current.runSummary(runId);
    if (facts === null) {
      throw new WorkbenchError({ code: 'run.missing', message: `The workspace has no run ${runId}.`, remedy: 'Choose one of the runs in the list.' });
    }
    return withActivity(facts, context);
  },
  'run/metricNames': ({ runId }, { stores }) => stores.current.metricNames(runId),
  'run/series': ({ runId, names, afterStep }, { stores }) => stores.current.series(runId, names, afterStep),
  'run/updates': ({ runId, afterStep }, { stores }) => stores.current.updates(runId, afterStep),
  'run/evaluations': ({ runId }, { stores }) => stores.current.evaluations(runId),
  'run/funnel': ({ runId, range }, { stores }) => stores.current.funnel(runId, range as StepRange | undefined),
  'run/recordedFailures': ({ runId }, { stores }) => stores.current.recordedFailures(runId),
  'run/news': ({ runId, limit }, { stores }) => stores.current.newsOf(runId, limit),
} as const satisfies Partial<Handlers>;

function withActivity(facts: RunFacts, { host }: RequestContext): RunSummary {
  return { ...facts, activity: host.activityOf(facts.id) };
}
