/** Qwen2 and Qwen2.5: bias on q, k and v only. */
import { decoderConfig } from '../configJson.ts';
import type { ModelFamily } from '../family.ts';

export const qwen2: ModelFamily = {
  name: 'qwen2',
  summary: 'Qwen2, Qwen2.5',
  parse: (json) => decoderConfig(json, { qkvBias: true, outputBias: false, mlpBias: false, qkNorm: false }),
};
