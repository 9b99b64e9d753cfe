/** Qwen2 and Qwen2.5: bias on q, k and v only; 32,768 positions unless said otherwise. */
import { decoderConfig } from '../configJson.ts';
import type { ModelFamily } from '../family.ts';

export const qwen2: ModelFamily = {
  name: 'qwen2',
  summary: 'Qwen2, Qwen2.5',
  parse: (json) => decoderConfig({ max_position_embeddings: 32_768, ...json }, { qkvBias: true, outputBias: false, mlpBias: false, qkNorm: false }),
};
