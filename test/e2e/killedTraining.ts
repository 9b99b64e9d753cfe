/** A training process of its own that is killed at a chosen moment. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { build } from 'esbuild';
import type { Event } from '../../backend/protocol/events.ts';
import { repositoryRoot } from '../support/sourceTree.ts';
import type { TrainingChildOptions, Said } from './trainingChild.ts';

/** Path of the program, made in that folder. One file starts in a third of the time that its sources take. */
export async function buildTrainingProgram(folder: string): Promise<string> {
  const program = join(folder, 'trainingChild.mjs');
  symlinkSync(join(repositoryRoot, 'node_modules'), join(folder, 'node_modules'));
  await build({
    entryPoints: [join(repositoryRoot, 'test/e2e/trainingChild.ts')],
    outfile: program,
    bundle: true,
    platform: 'node',
    target: 'node20',
    format: 'esm',
    mainFields: ['module', 'main'],
    external: ['onnxruntime-node', '@photostructure/sqlite'],
    banner: { js: "import { createRequire as createRequireOfBundle } from 'node:module'; const require = createRequireOfBundle(import.meta.url);" },
  });
  return program;
}

export interface Death {
  /** Told everything that the process says, and how many things it has said with it; true once: now. `start`: before it says anything. */
  readonly isDue: 'start' | ((said: Said, count: number) => boolean);
  readonly delayMs: number;
}

/** Resolves when the process is gone: killed, or at its own end when that came first. */
export async function runUntilKilled(
  program: string,
  options: TrainingChildOptions,
  { isDue, delayMs }: Death,
): Promise<{ heard: Event[]; isFinished: boolean }> {
  const child = spawn(process.execPath, [program, JSON.stringify(options)], { stdio: ['ignore', 'pipe', 'pipe'] });
  let complaints = '';
  child.stderr.on('data', (chunk: Buffer) => (complaints += chunk.toString()));
  const heard: Event[] = [];
  let count = 0;
  let isFinished = false;
  const killLater = async (): Promise<void> => {
    await sleep(delayMs);
    child.kill('SIGKILL');
  };
  if (isDue === 'start') void killLater();
  createInterface({ input: child.stdout }).on('line', (line) => {
    const said = JSON.parse(line) as Said;
    if ('events' in said) heard.push(...said.events);
    if ('reason' in said) isFinished = said.reason === 'finished';
    count += 1;
    if (isDue !== 'start' && isDue(said, count)) void killLater();
  });
  const [code, signal] = (await once(child, 'close')) as [number | null, string | null];
  if (code !== 0 && signal !== 'SIGKILL') throw new Error(`the training process failed: ${complaints}`);
  return { heard, isFinished };
}
