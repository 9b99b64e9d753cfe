/** What only running the engine can tell: that it computes right. */
import { join } from 'node:path';
import { EngineProcess } from '../engine/local/client.ts';
import { loadTokenizer } from '../text/tokenizer.ts';
import { completionSequence } from '../training/batch.ts';
import type { Check } from './doctorCheck.ts';

/** Largest difference of a logprob between the sampling and the training graph: float32, summed in another order. */
const agreement = 1e-3;

const remedy = 'Reinstall with npm ci. If it stays, please report the processor: its kernels compute wrongly.';

/** On the bundled model, so that a broken runtime is told from a broken model. */
export const engineCheck: Check = {
  name: 'engine',
  needs: [],
  async examine({ context, threads, signal }) {
    const model = join(context.demoFolder, 'model');
    const { encodeText, stopTokens } = await loadTokenizer(model);
    const prompt = encodeText('Ana has 20 shells.');
    const gradients = await EngineProcess.selfCheck({ entry: context.entries.engine, threads });
    if (!gradients.ok) {
      return {
        status: 'failed',
        detail: `A gradient is wrong by ${gradients.maxRelativeError.toExponential(0)} of its size, of ${gradients.worst}.`,
        remedy,
      };
    }
    const engine = await EngineProcess.open({
      entry: context.entries.engine,
      model,
      keepReference: false,
      threads,
      maxPositions: 64,
      microBatchTokens: 64,
      layerCheckpointing: false,
      maxRows: 4,
    });
    try {
      const request = { prompts: [prompt], seeds: [[1, 2]], maxTokens: 12, temperature: 1, topK: 0, topP: 1, stopTokens };
      const sampled = (await engine.sample(request, { signal })).sequences.flat();
      const { logprobs } = await engine.forward(
        sampled.map(({ tokens }) => completionSequence(prompt, tokens)),
        { signal },
      );
      const differences = sampled.flatMap((sequence, i) => [...sequence.logprobs].map((value, t) => Math.abs(value - (logprobs[i]?.[t] ?? NaN))));
      const largest = differences.reduce((most, value) => (value <= most ? most : value), 0);
      const { provider } = await engine.describe();
      if (largest <= agreement) {
        const facts = `gradients are right to ${gradients.maxRelativeError.toExponential(0)}, sampling and training agree to ${largest.toExponential(0)}`;
        return { status: 'ok', detail: `onnxruntime on ${provider}, ${threads} threads; ${facts}` };
      }
      return {
        status: 'failed',
        detail: `Sampling and training differ by ${largest} in a logprob; ${agreement} is allowed.`,
        remedy,
      };
    } finally {
      await engine.dispose();
    }
  },
};
