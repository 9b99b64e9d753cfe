/** Requests about critics: what they cost and said of themselves, what they would be asked, and who answers for the editor. */
import type { CritiqueCallFilter } from '../../store/criticQueries.ts';
import { criticViews } from '../../training/plan.ts';
import { previewCritique } from '../../training/previewCritique.ts';
import { resolveRunSource } from '../../training/runFile.ts';
import type { Handlers } from '../service.ts';

export const criticHandlers = {
  'critic/calls': ({ runId, ...filter }, { stores }) => stores.current.critiqueCalls(runId, filter as CritiqueCallFilter),
  'critic/spending': ({ runId }, { stores }) => stores.current.criticSpending(runId),
  'critique/audits': ({ runId, rolloutId }, { stores }) => stores.current.audits(runId, rolloutId),
  'critic/list': () => criticViews(),
  'critic/preview': ({ source, rollout }, { stores, demoFolder, signal }) =>
    previewCritique(resolveRunSource(source), {
      demoFolder,
      signal,
      ...(rollout === undefined ? {} : { recorded: { store: stores.current, ...rollout } }),
    }),
  'critic/setKey': ({ name, key, origin }, { keys }) => {
    keys.set(name, key, origin ?? null);
    return null;
  },
  'languageModel/answer': (answer, { editorModels }) => {
    editorModels.answer(answer);
    return null;
  },
} as const satisfies Partial<Handlers>;
