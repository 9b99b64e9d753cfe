/** What a new run file says: every setting that it has, with what it means above it. */

type Json = string | number | boolean | null | readonly Json[] | { readonly [key: string]: Json };
export type Settings = Readonly<Record<string, Json>>;

/** What a researcher fills in: model, data, prompt. */
export const ownSettings: Settings = {
  model: { path: 'path/to/a/model/folder' },
  data: { train: 'train.jsonl', heldOut: 'heldOut.jsonl' },
  prompt: { suffix: '\nThink step by step. End with the answer in \\boxed{}.', refinement: 'instruction' },
  sampling: { temperature: 1, maxTokens: 1024 },
  verifier: 'math',
  critic: 'verdictAnswer',
  algorithm: 'critique-grpo',
  switches: { nRollouts: 7, kRefinements: 1, trigger: 'anyWrong' },
  optimizer: { learningRate: 1e-6, warmupSteps: 10 },
  training: { steps: 100, problemsPerStep: 8, microBatchTokens: 2048 },
  evaluation: { every: 20 },
  checkpoint: { every: 20 },
};

const comments: Readonly<Record<string, readonly string[]>> = {
  seed: ['The same seed gives the same bytes on the same machine.'],
  'model.path': [
    'A Hugging Face folder of a Qwen2, Qwen3 or Llama model, or hf://owner/name. Paths are relative to this file; "demo:" is the demonstration.',
    'To train an adapter instead of all weights, add "lora": { "rank": 16, "alpha": 32 }.',
  ],
  'data.train': ['JSONL, CSV or Parquet. One problem a row: {"id": "…", "prompt": "…", "answer": "…", "level": "…"}; other layouts are recognized.'],
  'data.heldOut': ['Never trained on; pass@1 is measured on it. null for none.'],
  'prompt.suffix': ['Appended to each question.'],
  'prompt.refinement': ['How the policy is asked for a refinement: as turns of a "conversation", or in one "instruction".'],
  sampling: ['Of rollouts and refinements.'],
  verifier: ['Who judges answers: a name, or the path of a reward function of your own.'],
  critic: ['Who criticizes failed answers.'],
  algorithm: ['What trains the policy.'],
  switches: ['Where the algorithm is to differ from its own settings; n rollouts and k refinements make the group of a problem.'],
  optimizer: ['AdamW.'],
  'training.microBatchTokens': ['Lower it, or turn on layerCheckpointing, when memory is short.'],
  evaluation: ['On the held-out problems.'],
  checkpoint: ['A run goes on from its last checkpoint.'],
};

/** JSON with comments. */
export function runFileText(name: string, settings: Settings): string {
  const head = `// A run of Critique-GRPO Workbench. Hover a setting to read what it means; what is left out has its default.
// Start it with the button in the title bar, or with "Critique-GRPO: Start Training".
`;
  return `${head}${textOf({ name, seed: 0, ...settings }, '')}\n`;
}

/** `settings` over the others, group by group. */
export function withSettings(base: Settings, settings: Settings): Settings {
  const merged = Object.entries(settings).map(([key, value]) => {
    const old = base[key];
    return [key, isGroup(old) && isGroup(value) ? { ...old, ...value } : value] as const;
  });
  return { ...base, ...Object.fromEntries(merged) };
}

function textOf(group: Settings, path: string): string {
  const indent = '  '.repeat(path === '' ? 1 : path.split('.').length + 1);
  const entries = Object.entries(group).map(([key, value], i, all) => {
    const at = path === '' ? key : `${path}.${key}`;
    const said = (comments[at] ?? []).map((line) => `${indent}// ${line}\n`).join('');
    const text = isGroup(value) ? textOf(value, at) : JSON.stringify(value);
    return `${said}${indent}${JSON.stringify(key)}: ${text}${i < all.length - 1 ? ',' : ''}`;
  });
  return `{\n${entries.join('\n')}\n${indent.slice(2)}}`;
}

function isGroup(value: Json | undefined): value is Settings {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
