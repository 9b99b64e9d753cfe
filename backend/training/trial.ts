/** What the policy makes of a critique, outside of training: m refinements at once, graded and kept, never trained on. */
import { WorkbenchError } from '../core/errors.ts';
import type { Critique, Problem, Refinement, Rollout, TrialRecord, Verdict } from '../protocol/records.ts';
import type { JudgedRefinement, Trial } from '../protocol/views.ts';
import { grade } from './grading.ts';
import { record } from './recording.ts';
import { refinementOf } from './refine.ts';
import type { Run } from './run.ts';
import { sampleCompletions } from './sampling.ts';
import { seedAt } from './seeds.ts';

export interface TrialRequest {
  readonly critiqueId: string;
  /** Refinements (m). */
  readonly samples: number;
  /** Tokens sampled, of at most `total`. */
  readonly onProgress?: (done: number, total: number) => void;
}

/** A failed answer with the critique to refine it from. */
export interface TrialDraft {
  readonly problem: Problem;
  readonly rollout: Rollout;
  readonly critique: Pick<Critique, 'id' | 'text'>;
  readonly promptTokens: readonly number[];
}

export interface FinishedTrial {
  readonly record: TrialRecord;
  readonly refinements: readonly (JudgedRefinement & { readonly verdict: Verdict })[];
}

/**
 * Refines a critique's rollout `samples` times with the policy as it is, announced as `trialFinished`. Ends early with the run's signal. Throws
 * `critique.missing`, and `refinement.promptTooLong` when answer and critique do not fit the context.
 */
export async function runTrial(run: Run, { critiqueId, samples, onProgress }: TrialRequest): Promise<Trial> {
  const critique = run.store.critique(run.id, critiqueId);
  const rollout = critique === null ? undefined : run.store.attempt(run.id, critique.rolloutId)?.rollout;
  const problem = rollout === undefined ? null : run.store.problem(run.id, rollout.problemId);
  if (critique === null || rollout === undefined || problem === null) {
    throw new WorkbenchError({
      code: 'critique.missing',
      message: `Run ${run.id} has no critique ${critiqueId}.`,
      remedy: 'Open the rollout again and choose a critique that it shows.',
    });
  }
  const draft = { problem, rollout, critique, promptTokens: trialPrompt(run, problem, rollout, critique.text) };
  const [finished] = await sampleTrials(run, [draft], samples, onProgress);
  if (finished === undefined) throw new Error('a trial came to nothing');
  const verdicts = finished.refinements.map(({ verdict }) => verdict);
  const count = (status: Verdict['status']): number => verdicts.filter((verdict) => verdict.status === status).length;
  record(run, {
    refinements: finished.refinements.map(({ refinement }) => refinement),
    verdicts,
    trials: [finished.record],
    events: [
      {
        type: 'trialFinished',
        trialId: finished.record.id,
        critiqueId,
        rolloutId: rollout.id,
        right: count('right'),
        total: count('right') + count('wrong'),
      },
    ],
  });
  const trial = run.store.trial(run.id, finished.record.id);
  if (trial === null) throw new Error(`trial ${finished.record.id} vanished after it was written`);
  return trial;
}

/** Throws `refinement.promptTooLong`. */
export function trialPrompt(run: Run, problem: Problem, rollout: Rollout, critique: string): readonly number[] {
  const promptTokens = run.refinementPromptOf(problem, rollout, critique);
  if (promptTokens !== null) return promptTokens;
  throw new WorkbenchError({
    code: 'refinement.promptTooLong',
    message: `Question and critique of ${rollout.id} leave no room for an answer in the context of ${run.contextLength} tokens.`,
    remedy: 'Shorten the critique.',
  });
}

/** All in one call of the engine. Not yet recorded. Every draft's critique has an id of its own. */
export async function sampleTrials(
  run: Run,
  drafts: readonly TrialDraft[],
  samples: number,
  onProgress?: TrialRequest['onProgress'],
): Promise<FinishedTrial[]> {
  const { policyVersion } = await run.engine.describe();
  const step = run.store.run(run.id)?.lastStep ?? 0;
  const ids = drafts.map(({ critique }) => `${critique.id}/trial${run.store.countTrials(run.id, critique.id) + 1}`);
  const seeds = ids.map((id) => Array.from({ length: samples }, (_, i) => seedAt(run.config.seed, 'trial', id, i)));
  const total = drafts.length * samples * run.config.sampling.maxTokens;
  const { sequences } = await sampleCompletions(run, {
    prompts: drafts.map(({ promptTokens }) => promptTokens),
    seeds,
    ...(onProgress === undefined ? {} : { onProgress: (done: number) => onProgress(done, total) }),
  });
  const refinements = drafts.map(({ rollout, critique, promptTokens }, d) =>
    (sequences[d] ?? []).map((sequence, index): Refinement => {
      const place = { id: `${ids[d] as string}/${index}`, step, index, policyVersion, seed: seeds[d]?.[index] as number };
      return refinementOf(run, sequence, { ...place, promptTokens, critique, rollout });
    }),
  );
  const answers = drafts.flatMap(({ problem }, d) => (refinements[d] ?? []).map((answer) => ({ problem, answer })));
  // A verifier that fails says so in its verdict; notices are for what happens in training.
  const verdicts = await grade(run, answers, () => undefined);
  const verdictOf = new Map(verdicts.map((verdict) => [verdict.rolloutId, verdict]));
  return drafts.map(({ rollout, critique }, d) => {
    const own = refinements[d] ?? [];
    return {
      record: {
        id: ids[d] as string,
        runId: run.id,
        critiqueId: critique.id,
        rolloutId: rollout.id,
        problemId: rollout.problemId,
        policyVersion,
        createdAt: Date.now(),
        refinementIds: own.map(({ id }) => id),
      },
      refinements: own.map((refinement) => ({ refinement, verdict: verdictOf.get(refinement.id) as Verdict })),
    };
  });
}
