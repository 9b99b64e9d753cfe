/** What a new run file says: the settings that people change, each with what it means. */

export type RunFileKind = 'demonstration' | 'own';

interface Values {
  readonly model: string;
  readonly train: string;
  readonly heldOut: string;
  readonly suffix: string;
  readonly maxTokens: number;
  readonly learningRate: string;
  readonly steps: number;
  readonly problemsPerStep: number;
  readonly microBatchTokens: number;
  readonly every: number;
}

const values: Readonly<Record<RunFileKind, Values>> = {
  demonstration: {
    model: 'demo:model',
    train: 'demo:train.jsonl',
    heldOut: 'demo:heldOut.jsonl',
    suffix: '',
    maxTokens: 72,
    learningRate: '2e-4',
    steps: 160,
    problemsPerStep: 8,
    microBatchTokens: 1024,
    every: 20,
  },
  own: {
    model: 'path/to/a/model/folder',
    train: 'train.jsonl',
    heldOut: 'heldOut.jsonl',
    suffix: '\\nThink step by step. End with the answer in \\\\boxed{}.',
    maxTokens: 1024,
    learningRate: '1e-6',
    steps: 100,
    problemsPerStep: 8,
    microBatchTokens: 2048,
    every: 20,
  },
};

/** JSON with comments. */
export function runFileText(kind: RunFileKind, name: string): string {
  const v = values[kind];
  return `// A run of Critique-GRPO Workbench. Hover a setting to read what it means; what is left out has its default.
// Start it with the button in the title bar, or with "Critique-GRPO: Start Training".
{
  "name": ${JSON.stringify(name)},
  // The same seed gives the same bytes on the same machine.
  "seed": 0,

  "model": {
    // A Hugging Face folder of a Qwen2, Qwen3 or Llama model; paths are relative to this file, "demo:" is the bundled demonstration.
    "path": ${JSON.stringify(v.model)}
    // "lora": { "rank": 16, "alpha": 32 }
  },
  "data": {
    // One problem a line: {"id": "…", "prompt": "…", "answer": "…", "level": "…"}
    "train": ${JSON.stringify(v.train)},
    // Never trained on; pass@1 is measured on it. null for none.
    "heldOut": ${JSON.stringify(v.heldOut)}
  },
  "prompt": {
    // Appended to each question.
    "suffix": "${v.suffix}",
    // How the policy is asked for a refinement: as turns of a conversation, or in one instruction.
    "refinement": ${JSON.stringify(kind === 'demonstration' ? 'conversation' : 'instruction')}
  },
  "sampling": { "temperature": 1, "maxTokens": ${v.maxTokens} },

  // Who judges answers: numeric, exact.
  "verifier": "numeric",
  // Who criticizes failed answers: stepLevel (needs the demonstration's solutions), verdict, verdictAnswer, self.
  "critic": ${JSON.stringify(kind === 'demonstration' ? 'stepLevel' : 'verdictAnswer')},
  // critique-grpo, or a rival to compare with: grpo, dr-grpo, sft.
  "algorithm": "critique-grpo",
  // Where the algorithm's own settings are to differ; n rollouts and k refinements make a problem's group.
  "switches": { "nRollouts": 7, "kRefinements": 1, "trigger": "anyWrong" },

  "optimizer": { "learningRate": ${v.learningRate}, "warmupSteps": 10 },
  "training": {
    "steps": ${v.steps},
    "problemsPerStep": ${v.problemsPerStep},
    // Lower it, or turn on layerCheckpointing, when memory is short.
    "microBatchTokens": ${v.microBatchTokens}
  },
  "evaluation": { "every": ${v.every} },
  "checkpoint": { "every": ${v.every} }
}
`;
}
