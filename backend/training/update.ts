/** From a step's groups to new weights: token sequences, loss, backward pass, one or more optimizer updates. */
import { lossProgram } from '../algorithms/algorithm.ts';
import { sum } from '../core/stats.ts';
import { buildSequences, completionSequence, splitUpdates, type CreditedGroup } from './batch.ts';
import type { CollectedGroup } from './formGroup.ts';
import { lossMetrics } from './lossMetrics.ts';
import type { Run } from './run.ts';
import { learningRateAt } from './schedule.ts';
import type { StepScope } from './stepScope.ts';

export interface Updated {
  readonly loss: number;
  readonly gradientNorm: number;
  readonly learningRate: number;
  readonly policyVersion: number;
  /** Optimizer updates made; a step in which nothing had a signal makes none. */
  readonly updates: number;
  readonly tokensTrained: number;
  readonly metrics: Readonly<Record<string, number>>;
}

export async function updatePolicy(run: Run, { step, policyVersion, watch }: StepScope, groups: readonly CollectedGroup[]): Promise<Updated> {
  const { config, switches, engine } = run;
  const program = lossProgram(run.algorithm, switches);
  const credited =
    switches.klCoefficient > 0 ? await watch.time('forward', () => addReferenceLogprobs(run, groups)) : groups.map((group) => creditedGroup(group));
  const results: Updated[] = [];
  let version = policyVersion;
  const parts = splitUpdates(credited, config.training.updatesPerStep);
  for (const [i, part] of parts.entries()) {
    const sequences = buildSequences(part, switches, config.sampling.maxTokens);
    if (sequences.length === 0) continue;
    const learningRate = learningRateAt(
      config.optimizer,
      (step - 1) * config.training.updatesPerStep + i,
      config.training.steps * config.training.updatesPerStep,
    );
    const result = await watch.time('update', async () => {
      const backward = await engine.forwardBackward(sequences, program, {
        // Once the weights have changed, the step is finished: it is dropped as a whole or not at all.
        ...(results.length === 0 ? { signal: run.signal } : {}),
        onProgress: (done) => run.observer.onPhase?.(step, 'update', done, sequences.length),
      });
      const { beta1, beta2, epsilon, weightDecay, gradientClip } = config.optimizer;
      const stepped = await engine.optimStep({ learningRate, beta1, beta2, epsilon, weightDecay, gradientClip });
      return { backward, ...stepped };
    });
    version = result.policyVersion;
    results.push({
      loss: result.backward.loss,
      gradientNorm: result.gradientNorm,
      learningRate,
      policyVersion: version,
      updates: 1,
      tokensTrained: result.backward.tokens,
      metrics: lossMetrics(result.backward.metrics),
    });
  }
  return merge(
    results,
    version,
    learningRateAt(config.optimizer, (step - 1) * config.training.updatesPerStep, config.training.steps * config.training.updatesPerStep),
  );
}

/** Means over the updates of a step; sums of what is counted. */
function merge(results: readonly Updated[], policyVersion: number, learningRate: number): Updated {
  const meanOf = (values: readonly number[]): number => (values.length === 0 ? 0 : sum(values) / values.length);
  const names = [...new Set(results.flatMap(({ metrics }) => Object.keys(metrics)))].sort();
  return {
    loss: meanOf(results.map((result) => result.loss)),
    gradientNorm: meanOf(results.map((result) => result.gradientNorm)),
    learningRate: results[0]?.learningRate ?? learningRate,
    policyVersion,
    updates: results.length,
    tokensTrained: sum(results.map((result) => result.tokensTrained)),
    metrics: Object.fromEntries(
      names.map((name) => [name, meanOf(results.flatMap(({ metrics }) => (metrics[name] === undefined ? [] : [metrics[name]])))]),
    ),
  };
}

function creditedGroup({ group, promptTokens, members }: CollectedGroup, references?: ReadonlyMap<string, Float32Array>): CreditedGroup {
  return { id: group.id, promptTokens, members: members.map((member) => ({ ...member, referenceLogprobs: references?.get(member.id) ?? null })) };
}

async function addReferenceLogprobs(run: Run, groups: readonly CollectedGroup[]): Promise<CreditedGroup[]> {
  const members = groups.flatMap(({ promptTokens, members: list }) =>
    list.map((member) => ({ id: member.id, sequence: completionSequence(member.promptTokens ?? promptTokens, member.tokens) })),
  );
  const { logprobs } = await run.engine.forward(
    members.map(({ sequence }) => sequence),
    { weights: 'reference', signal: run.signal },
  );
  const references = new Map(members.map(({ id }, i) => [id, logprobs[i] as Float32Array]));
  return groups.map((group) => creditedGroup(group, references));
}
