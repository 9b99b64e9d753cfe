/**
 * Which parameters a model has and how they lie in memory. Projections that read the same input are stored stacked in one array
 * (q, k, v), so that one matrix product serves them; the Hugging Face tensors are row ranges of it. Gate and up are not: what is wide costs
 * more to take apart, and to put together again in the backward pass, than the one product saves.
 */
import { WorkbenchError } from '../core/errors.ts';
import type { Shape } from '../graph/ir.ts';
import type { ModelConfig } from './config.ts';

/** A Hugging Face tensor as rows of a stored array. */
export interface ParameterPart {
  readonly name: string;
  /** [start, end) along axis 0 of the stored array. */
  readonly rows: readonly [number, number];
  readonly shape: Shape;
}

export interface ParameterSpec {
  /** Canonical name, e.g. `layers.0.qkv.weight`: the graph's input. */
  readonly name: string;
  readonly shape: Shape;
  readonly parts: readonly ParameterPart[];
  /** Whether weight decay applies: matrices yes, vectors no. */
  readonly decays: boolean;
  readonly trainable: boolean;
}

/** The projections that may have an adapter, by their Hugging Face names. */
export const loraTargets = ['q_proj', 'k_proj', 'v_proj', 'o_proj', 'gate_proj', 'up_proj', 'down_proj'] as const;

export type LoraTarget = (typeof loraTargets)[number];

/** A low-rank adapter (Hu et al. 2021): W x + (alpha / rank) B A x on the targeted projections. */
export interface LoraSpec {
  readonly rank: number;
  readonly alpha: number;
  readonly targets: readonly string[];
}

/**
 * Every parameter in the order of the forward pass, adapters after the layer they belong to. With an adapter the base is frozen.
 * Throws `lora.target` for a projection that there is not.
 */
export function parameterSpecs(config: ModelConfig, lora?: LoraSpec): readonly ParameterSpec[] {
  const { hiddenSize: d, intermediateSize: ff, headDim, vocabularySize } = config;
  const q = config.nHeads * headDim;
  const kv = config.nKvHeads * headDim;
  const trainable = lora === undefined;
  if (lora !== undefined) checkTargets(lora);
  const stored = (name: string, stacked: readonly (readonly [string, number])[], rest: Shape): ParameterSpec => {
    let row = 0;
    const parts = stacked.map(([partName, rows]): ParameterPart => {
      const part: ParameterPart = { name: partName, rows: [row, row + rows], shape: [rows, ...rest] };
      row += rows;
      return part;
    });
    return { name, shape: [row, ...rest], parts, decays: rest.length > 0, trainable };
  };
  const layer = (i: number): ParameterSpec[] => {
    const at = `layers.${i}`;
    const hf = `model.layers.${i}`;
    const qkv = (suffix: string): [string, number][] => [
      [`${hf}.self_attn.q_proj.${suffix}`, q],
      [`${hf}.self_attn.k_proj.${suffix}`, kv],
      [`${hf}.self_attn.v_proj.${suffix}`, kv],
    ];
    return [
      stored(`${at}.inputNorm`, [[`${hf}.input_layernorm.weight`, d]], []),
      stored(`${at}.qkv.weight`, qkv('weight'), [d]),
      ...(config.qkvBias ? [stored(`${at}.qkv.bias`, qkv('bias'), [])] : []),
      ...(config.qkNorm
        ? [
            stored(`${at}.qNorm`, [[`${hf}.self_attn.q_norm.weight`, headDim]], []),
            stored(`${at}.kNorm`, [[`${hf}.self_attn.k_norm.weight`, headDim]], []),
          ]
        : []),
      stored(`${at}.output.weight`, [[`${hf}.self_attn.o_proj.weight`, d]], [q]),
      ...(config.outputBias ? [stored(`${at}.output.bias`, [[`${hf}.self_attn.o_proj.bias`, d]], [])] : []),
      stored(`${at}.postNorm`, [[`${hf}.post_attention_layernorm.weight`, d]], []),
      stored(`${at}.gate.weight`, [[`${hf}.mlp.gate_proj.weight`, ff]], [d]),
      ...(config.mlpBias ? [stored(`${at}.gate.bias`, [[`${hf}.mlp.gate_proj.bias`, ff]], [])] : []),
      stored(`${at}.up.weight`, [[`${hf}.mlp.up_proj.weight`, ff]], [d]),
      ...(config.mlpBias ? [stored(`${at}.up.bias`, [[`${hf}.mlp.up_proj.bias`, ff]], [])] : []),
      stored(`${at}.down.weight`, [[`${hf}.mlp.down_proj.weight`, d]], [ff]),
      ...(config.mlpBias ? [stored(`${at}.down.bias`, [[`${hf}.mlp.down_proj.bias`, d]], [])] : []),
      ...(lora === undefined ? [] : adapters(config, lora, i)),
    ];
  };
  return [
    stored('embedding', [['model.embed_tokens.weight', vocabularySize]], [d]),
    ...Array.from({ length: config.nLayers }, (_, i) => layer(i)).flat(),
    stored('finalNorm', [['model.norm.weight', d]], []),
    ...(config.tiedEmbeddings ? [] : [stored('head', [['lm_head.weight', vocabularySize]], [d])]),
  ];
}

function checkTargets({ targets }: LoraSpec): void {
  const unknown = targets.filter((target) => !loraTargets.some((known) => known === target));
  if (targets.length > 0 && unknown.length === 0) return;
  throw new WorkbenchError({
    code: 'lora.target',
    message:
      targets.length === 0 ? 'The adapter targets no projection.' : `The adapter targets ${unknown.join(', ')}, which is no projection of the model.`,
    remedy: `Choose from ${loraTargets.join(', ')}.`,
  });
}

function adapters(config: ModelConfig, lora: LoraSpec, i: number): ParameterSpec[] {
  const { hiddenSize: d, intermediateSize: ff, nHeads, nKvHeads, headDim } = config;
  const sizes: Record<LoraTarget, { readonly block: string; readonly input: number; readonly output: number }> = {
    q_proj: { block: 'self_attn', input: d, output: nHeads * headDim },
    k_proj: { block: 'self_attn', input: d, output: nKvHeads * headDim },
    v_proj: { block: 'self_attn', input: d, output: nKvHeads * headDim },
    o_proj: { block: 'self_attn', input: nHeads * headDim, output: d },
    gate_proj: { block: 'mlp', input: d, output: ff },
    up_proj: { block: 'mlp', input: d, output: ff },
    down_proj: { block: 'mlp', input: ff, output: d },
  };
  return loraTargets
    .filter((target) => lora.targets.includes(target))
    .flatMap((target) => {
      const { block, input, output } = sizes[target];
      const hf = `base_model.model.model.layers.${i}.${block}.${target}`;
      const spec = (name: string, hfName: string, shape: readonly [number, number]): ParameterSpec => ({
        name: `layers.${i}.${target}.${name}`,
        shape,
        parts: [{ name: hfName, rows: [0, shape[0]], shape }],
        decays: true,
        trainable: true,
      });
      return [spec('loraA', `${hf}.lora_A.weight`, [lora.rank, input]), spec('loraB', `${hf}.lora_B.weight`, [output, lora.rank])];
    });
}
