/** From failed rollouts to critiques: which rollouts of a step are criticized, and what the critic says about them. */
import type { CallReport, Critic } from '../critics/critic.ts';
import { runCritic, type WrittenCritique } from '../critics/runCritic.ts';
import { messageOf } from '../core/errors.ts';
import type { Critique, CritiqueCall, Problem, Rollout, Verdict } from '../protocol/records.ts';
import { PolicyVoice } from './policyVoice.ts';
import { chooseRolloutsToCritique } from './refinementChoice.ts';
import type { Run } from './run.ts';
import { seedAt, streamAt } from './seeds.ts';
import type { StepScope } from './stepScope.ts';

/** A problem of the step with its rollouts. */
export interface Attempted {
  readonly problem: Problem;
  /** The prompt of the problem alone. */
  readonly promptTokens: readonly number[];
  readonly attempts: readonly { readonly rollout: Rollout; readonly verdict: Verdict }[];
}

export interface Critiqued {
  readonly problem: Problem;
  /** Of this step; of an earlier one where the critique is enlisted. */
  readonly rollout: Rollout;
  readonly critique: Critique;
  /** By a person, who told the run to learn from it. */
  readonly isEnlisted: boolean;
}

interface Chosen {
  readonly problem: Problem;
  readonly rollout: Rollout;
  readonly verdict: Verdict;
}

export interface CritiquedStep {
  /** The rollouts that got a critique. */
  readonly critiqued: Critiqued[];
  /** Of critics that ask a model: one for each rollout they were asked about. */
  readonly calls: CritiqueCall[];
  /** What a critic sampled from the policy. */
  readonly tokensSampled: number;
}

export async function writeCritiques(run: Run, scope: StepScope, attempted: readonly Attempted[]): Promise<CritiquedStep> {
  const chosen = attempted.flatMap(({ problem, attempts }): Chosen[] => {
    const rng = streamAt(run.config.seed, 'choice', scope.step, problem.id);
    const indices = chooseRolloutsToCritique(
      attempts.map(({ verdict }) => verdict.status),
      run.switches,
      rng,
    );
    return indices.flatMap((i) => (attempts[i] === undefined ? [] : [{ problem, ...attempts[i] }]));
  });
  run.observer.onPhase?.(scope.step, 'critique', 0, chosen.length);
  const { written, tokensSampled } = await scope.watch.time('critique', () => write(run, scope, chosen));
  return {
    critiqued: chosen.flatMap(({ problem, rollout }, i): Critiqued[] => {
      const critique = critiqueOf(run, rollout, written[i]);
      return critique === null ? [] : [{ problem, rollout, critique, isEnlisted: false }];
    }),
    calls: chosen.flatMap(({ rollout }, i) => callOf(run, scope, rollout, written[i]?.call ?? null)),
    tokensSampled,
  };
}

interface Written {
  readonly written: readonly WrittenCritique[];
  readonly tokensSampled: number;
}

async function write(run: Run, scope: StepScope, chosen: readonly Chosen[]): Promise<Written> {
  // What a model elsewhere said cannot be had again: a step made again after a resume takes it from the store.
  const recorded = run.critic.needs.model === undefined ? null : recordedCritiques(run, chosen);
  if (recorded !== null) return { written: recorded, tokensSampled: 0 };
  const voice = new PolicyVoice(run, run.critic.name, scope.notice);
  const seeds = chosen.map(({ rollout }) => seedAt(run.config.seed, 'critique', scope.step, rollout.problemId, rollout.index));
  try {
    const tools = await run.criticModels.toolsFor(run.critic, { notice: scope.notice, signal: run.signal });
    const { critiques, notices } = await runCritic(run.critic, chosen, { ...tools, generate: voice.generate, seeds });
    for (const { code, message } of notices) scope.notice(code, message);
    if (voice.failure === undefined) return { written: critiques, tokensSampled: voice.tokensSampled };
  } catch (error) {
    run.signal.throwIfAborted();
    // A critic's own deadline may look like an abort of the run.
    scope.notice('critic.failed', `The critic "${run.critic.name}" gave up: ${messageOf(error)}.`);
    if (voice.failure === undefined) return { written: chosen.map(() => silence(run.critic)), tokensSampled: voice.tokensSampled };
  }
  throw voice.failure;
}

/** Null unless the store knows how the critic was asked about every one of them, which it does of a step that is recorded. */
function recordedCritiques(run: Run, chosen: readonly Chosen[]): WrittenCritique[] | null {
  const found = chosen.flatMap(({ rollout }): WrittenCritique[] => {
    const [call] = run.store.critiqueCalls(run.id, { rolloutId: rollout.id });
    if (call === undefined) return [];
    const { text = null, author = run.critic.name } = run.store.critique(run.id, critiqueId(rollout)) ?? {};
    // A person's words are revisions of their own and never the critic's.
    const kind = call.fallback === null || call.fallback === 'human' ? run.critic.kind : call.fallback;
    return [{ text, author, kind, call }];
  });
  return found.length === chosen.length ? found : null;
}

function silence({ kind, name }: Critic): WrittenCritique {
  return { text: null, kind, author: name, call: null };
}

function critiqueId({ id }: Rollout): string {
  return `${id}/critique`;
}

function critiqueOf(run: Run, rollout: Rollout, written: WrittenCritique | undefined): Critique | null {
  if (written === undefined || written.text === null) return null;
  const { kind, author, text } = written;
  return { id: critiqueId(rollout), runId: run.id, rolloutId: rollout.id, kind, author, text, revision: 1, supersedes: null, createdAt: Date.now() };
}

function callOf(run: Run, { step }: StepScope, rollout: Rollout, call: CallReport | null): CritiqueCall[] {
  return call === null ? [] : [{ ...call, runId: run.id, rolloutId: rollout.id, step, critic: run.critic.name }];
}
