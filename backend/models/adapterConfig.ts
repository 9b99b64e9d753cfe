/** `adapter_config.json` of PEFT folders: which low-rank adapter the weights beside it are, and of which model. */
import { join } from 'node:path';
import { WorkbenchError } from '../core/errors.ts';
import { loraTargets, type LoraSpec } from './parameters.ts';
import { readJson, writeJson } from './wholeFile.ts';

export const adapterFile = 'adapter_config.json';

export interface AdapterConfig {
  readonly lora: LoraSpec;
  /** As PEFT names it: a path, or owner/name on the hub. */
  readonly base: string;
  /** Of a base on the hub. */
  readonly revision: string | null;
}

/** What adapters may have beyond W + s B A on whole projections of every layer, and this engine has not. */
const unsupportedSwitches = [
  'alora_invocation_tokens',
  'alpha_pattern',
  'arrow_config',
  'exclude_modules',
  'fan_in_fan_out',
  'kasa_config',
  'layer_replication',
  'layers_to_transform',
  'lora_bias',
  'modules_to_save',
  'monteclora_config',
  'rank_pattern',
  'target_parameters',
  'trainable_token_indices',
  'use_bdlora',
  'use_dora',
  'use_qalora',
];

/** Initializations that leave the base's weights as they were; with others (pissa, olora, …) the adapter belongs to a changed base. */
const plainInitializations: readonly unknown[] = [undefined, null, true, false, 'gaussian', 'eva', 'orthogonal'];

const modules: Readonly<Record<string, readonly string[]>> = {
  self_attn: ['q_proj', 'k_proj', 'v_proj', 'o_proj'],
  mlp: ['gate_proj', 'up_proj', 'down_proj'],
};

/** As `peft` writes it. `base` is a path or a name on the hub. Throws `file.notWritten`. */
export async function writeAdapterConfig(path: string, { lora, base, revision }: AdapterConfig): Promise<void> {
  await writeJson(join(path, adapterFile), {
    peft_type: 'LORA',
    task_type: 'CAUSAL_LM',
    base_model_name_or_path: base,
    revision,
    r: lora.rank,
    lora_alpha: lora.alpha,
    lora_dropout: 0,
    target_modules: [...lora.targets].sort(),
    bias: 'none',
    fan_in_fan_out: false,
    inference_mode: true,
  });
}

/**
 * Dropout counts as 0: it changes training alone, and this engine has none. A rank-stabilized adapter (scale alpha / √rank) is given as
 * the plain one of the same arithmetic. Throws `adapter.config`, or `adapter.unsupported` for what would change the arithmetic unnoticed.
 */
export async function readAdapterConfig(path: string): Promise<AdapterConfig> {
  const file = join(path, adapterFile);
  const json = await readJson(file, 'adapter.config', 'Give the path of a folder that PEFT wrote.');
  const { peft_type: type, r, lora_alpha: alpha, target_modules: targetModules, bias = 'none', use_rslora: isStabilized } = json;
  const unsupported = [
    ...(type === 'LORA' ? [] : ['peft_type']),
    ...(bias === 'none' ? [] : ['bias']),
    ...(plainInitializations.includes(json['init_lora_weights']) ? [] : ['init_lora_weights']),
    ...unsupportedSwitches.filter((key) => isSet(json[key])),
  ];
  if (unsupported.length > 0) {
    throw new WorkbenchError({
      code: 'adapter.unsupported',
      message: `${file} asks for ${unsupported.map((key) => `"${key}": ${JSON.stringify(json[key])}`).join(', ')}, which this engine does not do.`,
      remedy: 'Use a plain LoRA adapter, or merge this one into its base model with PEFT.',
    });
  }
  const named: unknown = targetModules === 'all-linear' ? loraTargets : targetModules;
  if (!isSize(r) || typeof alpha !== 'number' || !(alpha > 0) || !Array.isArray(named)) {
    throw new WorkbenchError({
      code: 'adapter.config',
      message: `${file} is not usable: "r" is ${JSON.stringify(r)}, "lora_alpha" ${JSON.stringify(alpha)}, "target_modules" ${JSON.stringify(targetModules)}.`,
      remedy: 'The first two should be positive numbers, the last a list of projections.',
    });
  }
  const { base_model_name_or_path: base, revision } = json;
  return {
    lora: { rank: r, alpha: isStabilized === true ? alpha * Math.sqrt(r) : alpha, targets: named.map((name) => projectionOf(String(name))) },
    base: typeof base === 'string' ? base : '',
    revision: typeof revision === 'string' && revision !== '' ? revision : null,
  };
}

/** PEFT matches ends of module names, so `self_attn.q_proj` is `q_proj`. Other names are as they are; the model refuses them. */
function projectionOf(name: string): string {
  const [block = '', projection = ''] = name.split('.');
  return modules[block]?.includes(projection) === true ? projection : name;
}

/** A switch that is neither absent, null, false nor empty. */
function isSet(value: unknown): boolean {
  return value !== undefined && value !== null && value !== false && !(typeof value === 'object' && Object.keys(value).length === 0);
}

function isSize(value: unknown): value is number {
  return typeof value === 'number' && Number.isInteger(value) && value > 0;
}
