/** Finds out on a model of its own how a server adds up (`scale.ts`). Nothing is learned: the learning rate is 0. */
import type { TinkerClient } from './client.ts';
import { RemoteModel, type ModelSpec } from './remoteModel.ts';
import { probes, scaleOf, type GradientScale } from './scale.ts';
import { backwardDatum, forwardDatum } from './wire.ts';

const still = { learningRate: 0, beta1: 0.9, beta2: 0.95, epsilon: 1e-8, weightDecay: 0 };
/** The smallest ids there are in every vocabulary, after special tokens of some. */
const firstToken = 2;

export async function measureScale(client: TinkerClient, spec: ModelSpec, signal?: AbortSignal): Promise<GradientScale> {
  const model = await RemoteModel.create(client, spec, signal);
  try {
    const norms: (number | undefined)[] = [];
    for (const probe of [probes.alone, probes.among]) {
      const sequences = probe.map(({ targets }) => Int32Array.from({ length: targets + 1 }, (_, i) => firstToken + i));
      const logprobs = await model.forward(sequences.map(forwardDatum), signal);
      await model.forwardBackward(
        sequences.map((tokens, s) => backwardDatum(tokens, { logprobs: logprobs[s] ?? [], advantages: probe[s]?.advantages ?? [] })),
      );
      norms.push(await model.step(still));
    }
    return scaleOf(client.server, norms[0], norms[1]);
  } finally {
    await model.unload();
  }
}
