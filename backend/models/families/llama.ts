/** Llama 2 and 3, and models of the same form: no biases unless the configuration says so. */
import { decoderConfig } from '../configJson.ts';
import type { ModelFamily } from '../family.ts';

export const llama: ModelFamily = {
  name: 'llama',
  summary: 'Llama 3, Llama 2',
  parse: (json) => {
    const bias = json['attention_bias'] === true;
    return decoderConfig(json, { qkvBias: bias, outputBias: bias, mlpBias: json['mlp_bias'] === true, qkNorm: false });
  },
};
