/** Completions of the policy with the run's sampling settings. */
import { WorkbenchError } from '../core/errors.ts';
import type { CallOptions, SampleRequest, SampleResult } from '../engine/contract.ts';
import type { Run } from './run.ts';

export interface CompletionRequest {
  readonly prompts: readonly (readonly number[])[];
  /** For each prompt, one seed a completion. */
  readonly seeds: readonly (readonly number[])[];
  /** The run's own when left out. */
  readonly temperature?: number;
  readonly onProgress?: (tokens: number) => void;
  /** Hears every token when it is drawn. */
  readonly onTokens?: CallOptions['onTokens'];
}

/** Throws `engine.notFinite` when the weights are broken: nothing sampled from them is worth keeping, and no reward would ever say so. */
export async function sampleCompletions(
  run: Pick<Run, 'config' | 'engine' | 'tokenizer' | 'signal'>,
  { prompts, seeds, temperature, onProgress, onTokens }: CompletionRequest,
): Promise<SampleResult> {
  if (prompts.length === 0) return { sequences: [], tokensSampled: 0 };
  const { sampling } = run.config;
  const request: SampleRequest = {
    ...sampling,
    temperature: temperature ?? sampling.temperature,
    prompts,
    seeds,
    stopTokens: run.tokenizer.stopTokens,
  };
  const result = await run.engine.sample(request, {
    signal: run.signal,
    ...(onProgress === undefined ? {} : { onProgress }),
    ...(onTokens === undefined ? {} : { onTokens }),
  });
  requireFinite(result);
  return result;
}

function requireFinite({ sequences }: SampleResult): void {
  for (const [p, ofPrompt] of sequences.entries()) {
    for (const { logprobs } of ofPrompt) {
      const t = logprobs.findIndex((logprob) => !Number.isFinite(logprob));
      if (t < 0) continue;
      throw new WorkbenchError({
        code: 'engine.notFinite',
        message: `Token ${t + 1} of a completion of prompt ${p + 1} of ${sequences.length} was sampled with the logprob ${logprobs[t]}: the weights, or what they compute, are no longer finite.`,
        remedy:
          'Resume from an earlier checkpoint with a lower learning rate. In the first step, the model folder itself is broken: download it again.',
      });
    }
  }
}
