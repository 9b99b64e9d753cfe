/** Configuration of the demonstration's model: a Qwen2-style decoder of 0.6M parameters. */
import { tokenIdOf } from './tokenizerFiles.ts';
import { vocabulary } from './vocabulary.ts';

/** `config.json`. */
export function modelConfig(): object {
  return {
    architectures: ['Qwen2ForCausalLM'],
    model_type: 'qwen2',
    vocab_size: vocabulary.length,
    hidden_size: 128,
    intermediate_size: 256,
    num_hidden_layers: 4,
    num_attention_heads: 4,
    num_key_value_heads: 2,
    hidden_act: 'silu',
    max_position_embeddings: 512,
    rope_theta: 10000,
    rms_norm_eps: 1e-6,
    initializer_range: 0.05,
    attention_dropout: 0,
    use_sliding_window: false,
    tie_word_embeddings: true,
    use_cache: true,
    torch_dtype: 'float32',
    pad_token_id: tokenIdOf('<pad>'),
    bos_token_id: null,
    eos_token_id: tokenIdOf('<eos>'),
  };
}

/** `generation_config.json`. An answer ends with `<eos>`, a critique that the model writes itself with `<r>`. */
export function generationConfig(): object {
  return {
    do_sample: true,
    temperature: 1,
    max_new_tokens: 64,
    pad_token_id: tokenIdOf('<pad>'),
    eos_token_id: [tokenIdOf('<eos>'), tokenIdOf('<r>')],
  };
}
