/** Requests about verdicts after the fact: where graders disagree, what a person says, and grading everything again. */
import type { DisagreementRequest, NewSettlement } from '../../store/verdictCourt.ts';
import { rescore } from '../../training/rescore.ts';
import type { Handlers } from '../service.ts';

export const verifierHandlers = {
  'verifier/disagreements': ({ runId, ...request }, { stores }) => stores.current.disagreements(runId, request as DisagreementRequest),
  'verifier/settle': (settlement, { stores }) => stores.writable.settleVerdict(settlement as NewSettlement),

  'run/rescorings': ({ runId }, { stores }) => stores.current.rescorings(runId),
  'run/rescore': ({ runId, verifier }, { stores, entries, outbox, signal }) =>
    stores.whileWriting((store) => {
      const { lastStep = 0, config } = store.run(runId) ?? {};
      return rescore(store, {
        runId,
        graderEntry: entries.grader,
        signal,
        ...(verifier === undefined ? {} : { verifier }),
        onProgress: (done, total) =>
          outbox.progress({ runId, activity: 'evaluating', step: lastStep ?? 0, steps: config?.training.steps ?? 0, phase: 'grade', done, total }),
      });
    }),
} as const satisfies Partial<Handlers>;
