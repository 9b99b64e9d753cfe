/** A step's data, with further problems in place of those that teach nothing (dynamic sampling; DAPO, Yu et al. 2025, §3.2). */
import type { Problem } from '../protocol/records.ts';
import { collectStep, type Collected } from './collect.ts';
import { withEnlisted } from './enlisted.ts';
import type { CollectedGroup } from './formGroup.ts';
import type { Run } from './run.ts';
import { streamAt } from './seeds.ts';
import type { StepScope } from './stepScope.ts';

export interface Sampled extends Collected {
  /** The groups to learn from: with dynamic sampling those with a signal, else all. The rest is kept and counted all the same. */
  readonly trained: readonly CollectedGroup[];
}

/**
 * Collects the drawn problems. While groups without a signal are among them, up to `dynamicSampling` times as many further problems are drawn as
 * are missing: no group with a signal is made in vain (DAPO draws whole batches and drops what is too much). Which problems come next is a
 * function of seed and step, so that a step made again has the same ones. When the rounds or the problems are used up, the step trains on
 * what it has.
 */
export async function collectWithSignal(run: Run, scope: StepScope, drawn: readonly Problem[]): Promise<Sampled> {
  const first = withEnlisted(run, scope.step, drawn);
  let collected = await collectStep(run, scope, first.problems, first.critiqued);
  const rounds = run.switches.dynamicSampling;
  if (rounds === 0) return { ...collected, trained: collected.groups };

  const seen = new Set(first.problems.map(({ id }) => id));
  const further = streamAt(run.config.seed, 'furtherProblems', scope.step).shuffle(run.trainProblems.filter(({ id }) => !seen.has(id)));
  for (let round = 0, at = 0; round < rounds; round++) {
    const missing = first.problems.length - collected.groups.filter(hasSignal).length;
    const next = further.slice(at, at + missing);
    if (next.length === 0) break;
    at += next.length;
    const ids = new Set(next.map(({ id }) => id));
    const { critiqued } = withEnlisted(run, scope.step, next);
    collected = merge(
      collected,
      await collectStep(
        run,
        scope,
        next,
        critiqued.filter(({ problem }) => ids.has(problem.id)),
      ),
    );
  }
  return { ...collected, trained: collected.groups.filter(hasSignal) };
}

/** Answers that differ in what their length costs, but not in what the verifier says, are none: DAPO asks whether they are right. */
function hasSignal({ group, verdictsTeach }: CollectedGroup): boolean {
  return !group.zeroSignal && verdictsTeach;
}

function merge(a: Collected, b: Collected): Collected {
  return {
    groups: [...a.groups, ...b.groups],
    rollouts: [...a.rollouts, ...b.rollouts],
    verdicts: [...a.verdicts, ...b.verdicts],
    critiques: [...a.critiques, ...b.critiques],
    critiqueCalls: [...a.critiqueCalls, ...b.critiqueCalls],
    refined: [...a.refined, ...b.refined],
    tokensSampled: a.tokensSampled + b.tokensSampled,
  };
}
