/** A longer scripted run whose answers depend on the weights, and what it recorded as a trace that must not depend on who looked on. */
import type { Store } from '../../../backend/store/store.ts';
import type { Script } from '../../support/scriptedEngine.ts';
import { completionOf, problems, scriptedRun, type ScriptedRun, type ScriptedRunOptions } from '../../support/scriptedRun.ts';

/** A replay from other weights cannot pass for the same. */
export const weightyScript: Script = ({ weights, seed, index, prompt }) => {
  const i = Number(/has (\d+) beads/.exec(prompt)?.[1]) - 10;
  const draw = (parseInt(weights.slice(0, 6), 16) || 0) + seed;
  return completionOf('RWWWC'[draw % 5] as string, i, index);
};

export const liveConfig = {
  training: { steps: 6, problemsPerStep: 2 },
  switches: { nRollouts: 3, trigger: 'anyWrong' },
  evaluation: { every: 2 },
  checkpoint: { every: 2, keep: 2 },
} as const;

export function liveRun(options: Partial<ScriptedRunOptions> = {}): Promise<ScriptedRun> {
  return scriptedRun({ problems: problems(5), heldOut: problems(2), script: weightyScript, config: liveConfig, ...options });
}

/** Losses, tokens and credit of every step. */
export function traceOf(store: Store, runId = 'run'): unknown {
  const groupIds = store.eventsAfter(0, 10_000).flatMap(({ body }) => (body.type === 'groupFinished' ? [body.groupId] : []));
  return {
    updates: store.updates(runId).map(({ seconds: _, ...update }) => update),
    evaluations: store.evaluations(runId),
    groups: groupIds.sort().map((id) => {
      const detail = store.group(runId, id);
      const attempts = detail?.attempts.map(({ rollout, verdict, critiques, refinements }) => {
        const own = refinements.filter(({ refinement }) => refinement.id === `${rollout.id}/refinement`);
        return { rollout, verdict, critiques: critiques.filter(({ kind }) => kind !== 'human').map(({ text }) => text), own };
      });
      return { group: detail?.group, attempts, guests: detail?.guests.map(({ critique, ...guest }) => ({ ...guest, text: critique.text })) };
    }),
  };
}
