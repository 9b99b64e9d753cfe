/** Requests about experiments: grids of runs that the backend trains one after another. */
import { experimentTemplates, templateText } from '../../experiments/templates.ts';
import type { Handlers } from '../service.ts';

export const experimentHandlers = {
  'experiment/templates': () =>
    experimentTemplates.map((template) => ({ name: template.name, summary: template.summary, text: templateText(template) })),
  'experiment/list': (_params, { experiments }) => experiments.list(),
  'experiment/get': ({ id }, { experiments }) => experiments.get(id),
  'experiment/report': ({ id }, { experiments }) => experiments.report(id),
  'experiment/start': async ({ source }, { experiments, signal }) => ({ id: await experiments.start(source, signal) }),
  'experiment/pause': async ({ id }, { experiments }) => {
    await experiments.pause(id);
    return null;
  },
} as const satisfies Partial<Handlers>;
