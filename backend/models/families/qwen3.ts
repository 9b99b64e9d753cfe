/** Qwen3: heads of 128 and 32,768 positions unless said otherwise, queries and keys are normalized per head; biases only where the configuration says so. */
import { decoderConfig } from '../configJson.ts';
import type { ModelFamily } from '../family.ts';

export const qwen3: ModelFamily = {
  name: 'qwen3',
  summary: 'Qwen3',
  parse: (json) => {
    const bias = json['attention_bias'] === true;
    const defaults = { head_dim: 128, max_position_embeddings: 32_768 };
    return decoderConfig({ ...defaults, ...json }, { qkvBias: bias, outputBias: bias, mlpBias: false, qkNorm: true });
  },
};
