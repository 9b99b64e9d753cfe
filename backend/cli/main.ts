/** The program: its commands, its help, and how a failure is shown. */
import { readFileSync } from 'node:fs';
import { Command, CommanderError } from 'commander';
import { WorkbenchError } from '../core/errors.ts';
import type { Entries } from '../training/policy.ts';
import { exitCodes, type CliContext, type CliOutput } from './command.ts';
import { commands } from './commands/index.ts';
import { harmless } from './terminalText.ts';

export interface ProgramFiles {
  readonly entries: Entries;
  readonly demoFolder: string;
  readonly packageFile: string;
}

/** Runs one command line; returns the exit code. Never throws for what a user did. */
export async function main(argv: readonly string[], files: ProgramFiles, output: CliOutput = standardOutput()): Promise<number> {
  const { version } = JSON.parse(readFileSync(files.packageFile, 'utf8')) as { version: string };
  const context: CliContext = { entries: files.entries, demoFolder: files.demoFolder, output, version };
  const program = new Command('critique-grpo')
    .description('Reinforcement learning of language models from rewards and from critiques in words.')
    .version(version)
    .exitOverride()
    .showHelpAfterError('(--help tells more)');
  for (const command of Object.values(commands)) {
    command.register(program.command(command.name).summary(command.summary).description(command.summary).exitOverride(), context);
  }
  program.addHelpText(
    'after',
    '\nExamples:\n  critique-grpo train --preset demo\n  critique-grpo compare --preset demo --algorithms grpo,dr-grpo,critique-grpo --seeds 3\n  critique-grpo doctor --preset demo',
  );
  try {
    await program.parseAsync(argv);
    return typeof process.exitCode === 'number' ? process.exitCode : exitCodes.done;
  } catch (error) {
    return report(error);
  }
}

function report(error: unknown): number {
  if (error instanceof CommanderError) return error.exitCode === 0 ? exitCodes.done : exitCodes.usage;
  // Ctrl-C while nothing had begun that could be kept.
  if (error instanceof Error && error.name === 'AbortError') {
    process.stderr.write('\ncritique-grpo: stopped before anything had begun.\n');
    return exitCodes.interrupted;
  }
  if (error instanceof WorkbenchError) {
    process.stderr.write(`\n${failureText(error)}\n`);
    return error.code.startsWith('config.') ? exitCodes.usage : exitCodes.failed;
  }
  const trace = error instanceof Error ? (error.stack ?? error.message) : String(error);
  process.stderr.write(`\ncritique-grpo: this should not happen; please report it.\n${harmlessLines(trace)}\n`);
  return exitCodes.failed;
}

/** An expected failure for the terminal. Its message may quote a data set, which must not steer the terminal. */
export function failureText({ message, code }: WorkbenchError): string {
  // Message and remedy are joined by a space, also where the message ends in a list.
  return `critique-grpo: ${harmlessLines(message.replace(/\n (?=\S)/g, '\n'))}\n(${code})`;
}

function harmlessLines(text: string): string {
  return text.split('\n').map(harmless).join('\n');
}

function standardOutput(): CliOutput {
  // Whoever read the output is gone (`| head`): end as quietly as any program in a pipe does. The engine ends with its owner.
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code === 'EPIPE') process.exit(exitCodes.pipeClosed);
    throw error;
  });
  const isTerminal = process.stdout.isTTY === true && process.env['TERM'] !== 'dumb';
  return {
    write: (text) => void process.stdout.write(text),
    isTerminal,
    hasColor: isTerminal && process.env['NO_COLOR'] === undefined,
    columns: () => process.stdout.columns || Number(process.env['COLUMNS']) || 80,
  };
}
