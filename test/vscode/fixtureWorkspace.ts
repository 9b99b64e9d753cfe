/** Workspaces for tests in the editor: few problems of the bundled demonstration, some of them out of the model's reach. */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { backendFileSchema } from '../../backend/protocol/methods.ts';
import type { RunConfigInput } from '../../backend/protocol/runConfig.ts';
import { repositoryRoot } from '../support/sourceTree.ts';

export const runFile = 'word-problems.cgrpo.json';

export interface WorkspaceOptions {
  readonly steps: number;
  /** Problems of ordinary levels, taken evenly from the demonstration's. */
  readonly nProblems: number;
  /** Problems that are too hard for the model. */
  readonly nHopeless: number;
  readonly evaluateEvery: number;
  /** Low: the model stays as weak as it is, and its failures stay too. */
  readonly learningRate: number;
}

/** A folder with problems and a run file that trains on them; a step takes about a second. */
export function makeWorkspace(folder: string, { steps, nProblems, nHopeless, evaluateEvery, learningRate }: WorkspaceOptions): string {
  mkdirSync(folder, { recursive: true });
  const config: RunConfigInput = {
    name: 'word-problems',
    model: { path: 'demo:model' },
    data: { train: 'train.jsonl', heldOut: 'heldOut.jsonl' },
    prompt: { refinement: 'conversation' },
    sampling: { temperature: 1, maxTokens: 72 },
    critic: 'stepLevel',
    algorithm: 'critique-grpo',
    switches: { trigger: 'anyWrong', critiquesPerProblem: 2 },
    optimizer: { learningRate, warmupSteps: 10, beta2: 0.98 },
    training: { steps, problemsPerStep: 8, microBatchTokens: 1024 },
    evaluation: { every: evaluateEvery, samples: 1, finalSamples: 1, failureAttempts: 1 },
    checkpoint: { every: 10, keep: 1 },
  };
  writeFileSync(join(folder, runFile), `// Few problems: made by a test.\n${JSON.stringify(config, null, 2)}\n`);
  writeFileSync(join(folder, 'train.jsonl'), [...evenly(demoLines('train'), nProblems), ...demoLines('trainHarder').slice(0, nHopeless)].join('\n'));
  writeFileSync(join(folder, 'heldOut.jsonl'), evenly(demoLines('heldOut'), 32).join('\n'));
  return folder;
}

/** The same with a run of three steps in its store. */
export function makeFixtureWorkspace(folder: string): string {
  makeWorkspace(folder, { steps: 3, nProblems: 4, nHopeless: 4, evaluateEvery: 2, learningRate: 2e-4 });
  const { status, stdout, stderr } = spawnSync(process.execPath, [join(repositoryRoot, 'dist/cli.js'), 'train', runFile], {
    cwd: folder,
    encoding: 'utf8',
  });
  if (status !== 0) throw new Error(`The fixture's run failed:\n${stdout}${stderr}`);
  return folder;
}

/** A backend outlives its window on purpose; a test leaves none behind. */
export function endBackendOf(folder: string): void {
  const path = join(folder, '.critique-grpo/backend.json');
  if (!existsSync(path)) return;
  const { pid } = backendFileSchema.parse(JSON.parse(readFileSync(path, 'utf8')));
  try {
    process.kill(pid, 'SIGTERM');
  } catch {
    // It has ended by itself.
  }
}

function demoLines(name: string): string[] {
  return readFileSync(join(repositoryRoot, 'media/demo', `${name}.jsonl`), 'utf8')
    .split('\n')
    .filter((line) => line !== '');
}

/** `count` of the lines, from all over the file. */
function evenly(lines: readonly string[], count: number): string[] {
  return lines.filter((_, i) => Math.floor((i * count) / lines.length) !== Math.floor(((i - 1) * count) / lines.length));
}
