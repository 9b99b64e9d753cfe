/** Commands run in this process on a tiny model in a temporary folder, and what they wrote. */
import { cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Command } from 'commander';
import type { CliCommand, CliContext } from '../../../../backend/cli/command.ts';
import { resolveRunConfig } from '../../../../backend/cli/runArguments.ts';
import { runSession } from '../../../../backend/cli/session.ts';
import { readModelConfig, saveModelFolder } from '../../../../backend/models/folder.ts';
import { initializeParameters } from '../../../../backend/models/initialize.ts';

const atRoot = (path: string): string => fileURLToPath(new URL(`../../../../${path}`, import.meta.url));

export const demoFolder = atRoot('media/demo');
export const entries = { engine: atRoot('dist/engine.js'), grader: atRoot('dist/grader.js') };

export interface CommandResult {
  readonly exitCode: number | undefined;
  readonly text: string;
}

/** Rejects with what the command throws. The text is that of a file or pipe: no escape codes. */
export async function runCommand(command: CliCommand, args: readonly string[]): Promise<CommandResult> {
  let text = '';
  const output = { write: (part: string) => void (text += part), isTerminal: false, hasColor: false, columns: () => 80 };
  const context: CliContext = { entries, demoFolder, output, version: '0' };
  const program = new Command(command.name).exitOverride().configureOutput({ writeOut: output.write, writeErr: output.write });
  command.register(program, context);
  const before = process.exitCode;
  const listeners = { SIGINT: process.listeners('SIGINT'), SIGTERM: process.listeners('SIGTERM') };
  try {
    await program.parseAsync([...args], { from: 'user' });
    return { exitCode: process.exitCode as number | undefined, text };
  } finally {
    process.exitCode = before;
    for (const signal of ['SIGINT', 'SIGTERM'] as const) {
      for (const listener of process.listeners(signal)) if (!listeners[signal].includes(listener)) process.off(signal, listener);
    }
  }
}

export async function temporaryFolder(): Promise<{ readonly path: string; remove(): Promise<void> }> {
  const path = await mkdtemp(join(tmpdir(), 'cli-test-'));
  return { path, remove: () => rm(path, { recursive: true, force: true }) };
}

/** The demonstration's model with 2 layers of width 32 and random weights. */
export async function tinyModel(folder: string): Promise<string> {
  await cp(join(demoFolder, 'model'), folder, { recursive: true });
  const config = join(folder, 'config.json');
  const json = JSON.parse(await readFile(config, 'utf8')) as object;
  await writeFile(config, JSON.stringify({ ...json, hidden_size: 32, intermediate_size: 64, num_hidden_layers: 2 }));
  const model = await readModelConfig(folder);
  await saveModelFolder(folder, model, initializeParameters(model.config, 1));
  return folder;
}

/** The first rows of a data set of the demonstration. */
export async function fewProblems(file: string, count: number, set = 'heldOut.jsonl'): Promise<string> {
  const rows = (await readFile(join(demoFolder, set), 'utf8')).split('\n').slice(0, count);
  await writeFile(file, `${rows.join('\n')}\n`);
  return file;
}

/** Settings that make a run of the tiny model take a second. */
export function tinySettings(model: string, data: string): string[] {
  return [
    `model.path=${JSON.stringify(model)}`,
    `data.train=${JSON.stringify(data)}`,
    `data.heldOut=${JSON.stringify(data)}`,
    'sampling.maxTokens=8',
    'training.problemsPerStep=2',
    'evaluation.finalSamples=2',
    'evaluation.failureAttempts=1',
    'checkpoint.every=1',
    'optimizer.learningRate=1e-2',
  ];
}

/** Trains the tiny model for two steps; `sft`, so that its weights surely change. */
export async function trainTiny(workspace: string, settings: readonly string[]): Promise<string> {
  const set = [...settings, 'algorithm="sft"'];
  const config = await resolveRunConfig(undefined, { preset: 'demo', steps: '2', set, workspace, threads: '1' });
  const output = { write: () => undefined, isTerminal: false, hasColor: false, columns: () => 80 };
  const result = await runSession({
    context: { entries, demoFolder, output, version: '0' },
    config,
    workspace,
    threads: 1,
    resume: false,
    observer: {},
    signal: new AbortController().signal,
  });
  return result.runId;
}
