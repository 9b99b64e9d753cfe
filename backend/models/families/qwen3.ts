/** Qwen3: heads of 128 unless said otherwise, queries and keys are normalized per head; biases only where the configuration says so. */
import { decoderConfig } from '../configJson.ts';
import type { ModelFamily } from '../family.ts';

export const qwen3: ModelFamily = {
  name: 'qwen3',
  summary: 'Qwen3',
  parse: (json) => {
    const bias = json['attention_bias'] === true;
    return decoderConfig({ head_dim: 128, ...json }, { qkvBias: bias, outputBias: bias, mlpBias: false, qkNorm: true });
  },
};
