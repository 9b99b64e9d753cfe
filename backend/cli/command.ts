/** What a command of the command line is: one file in `commands/`, listed by the generated index. */
import type { Command } from 'commander';
import type { Entries } from '../training/policy.ts';

/** Where the program finds its parts and writes its text. */
export interface CliContext {
  readonly entries: Entries;
  readonly demoFolder: string;
  readonly output: CliOutput;
  readonly version: string;
}

/** A terminal, or a file or pipe that gets plain lines. */
export interface CliOutput {
  write(text: string): void;
  readonly isTerminal: boolean;
  readonly hasColor: boolean;
  columns(): number;
}

export interface CliCommand {
  readonly name: string;
  readonly summary: string;
  /** Declares arguments and options on its own subcommand and sets the action; the action's result is the exit code. */
  register(command: Command, context: CliContext): void;
}

/** Exit codes: 0 done, 1 failed, 2 wrong usage, 130 interrupted, 141 the reader of the output is gone. */
export const exitCodes = { done: 0, failed: 1, usage: 2, interrupted: 130, pipeClosed: 141 } as const;
