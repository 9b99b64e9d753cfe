/** `critique-grpo export-data`: what a run learned from words, as data sets for TRL and verl. */
import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { Option, type Command } from 'commander';
import { WorkbenchError } from '../../core/errors.ts';
import { lessonFormats, type LessonFormatName } from '../../exchange/lessonFormats.ts';
import { writeRows } from '../../exchange/writeRows.ts';
import { openStore } from '../../store/openStore.ts';
import type { VerdictChoice } from '../../store/standingVerdicts.ts';
import { exitCodes, type CliCommand, type CliContext } from '../command.ts';
import { findRuns } from '../findRun.ts';
import { verdictsOption } from '../verdictsOption.ts';

interface ExportDataOptions {
  readonly out: string;
  readonly as: LessonFormatName;
  readonly verdicts: VerdictChoice;
  readonly withoutHuman?: boolean;
  readonly withoutTrials?: boolean;
  readonly withoutFlagged?: boolean;
  readonly force?: boolean;
  readonly workspace: string;
}

const formats = Object.entries(lessonFormats).map(([name, { summary }]) => `  ${name.padEnd(14)} ${summary}`);

const dataRule = `Verdicts: an answer is right or wrong as a person settled it, else as the newest whole rescore judged it, else as the run did. Each row says which
of them it was: run, rescored or settled, and by which verifier or person.`;

export const exportData: CliCommand = {
  name: 'export-data',
  summary: 'Write failed answers, critiques and refinements as data sets for TRL and verl.',
  register(command: Command, context: CliContext): void {
    command
      .argument('[run...]', 'ids of runs; the newest run if left out')
      .requiredOption('--out <file>', 'where to write: *.jsonl or *.parquet')
      .addOption(new Option('--as <format>', 'see below').choices(Object.keys(lessonFormats)).default('triples'))
      .addOption(verdictsOption())
      .option('--without-human', 'leave out what was written by a person')
      .option('--without-trials', 'leave out refinements that were only tried, not part of training')
      .option('--without-flagged', 'leave out what the audit flagged: told answers, copies, cut off texts')
      .option('--force', 'write over a file that is there')
      .option('--workspace <folder>', 'where runs are kept, under .critique-grpo', '.')
      .addHelpText(
        'after',
        `\nFormats:\n${formats.join('\n')}\n\n${dataRule}\n\nExample:\n  critique-grpo export-data --as preferences --out preferences.parquet`,
      )
      .action(async (runs: readonly string[], options: ExportDataOptions) => {
        process.exitCode = await writeData(runs, options, context);
      });
  },
};

async function writeData(ids: readonly string[], options: ExportDataOptions, { output }: CliContext): Promise<number> {
  const out = resolve(options.out);
  if (existsSync(out) && options.force !== true) {
    throw new WorkbenchError({
      code: 'output.exists',
      message: `${out} is there already.`,
      remedy: 'Give another --out, or --force to write over it.',
    });
  }
  const store = openStore(resolve(options.workspace), { readOnly: true });
  try {
    const runs = findRuns(store, ids);
    const chosen = {
      verdicts: options.verdicts,
      withoutHuman: options.withoutHuman === true,
      withoutTrials: options.withoutTrials === true,
      withoutFlagged: options.withoutFlagged === true,
    };
    const format = lessonFormats[options.as];
    const count = await writeRows(
      out,
      format.columns,
      all(
        runs.map(
          ({ id }) =>
            () =>
              format.rows(store, id, chosen),
        ),
      ),
    );
    if (count === 0) {
      throw new WorkbenchError({
        code: 'export.empty',
        message: `There is nothing to write as ${options.as} in ${runs.map(({ id }) => id).join(', ')}.`,
        remedy: 'Choose a run with refinements, another --as, or leave out fewer.',
      });
    }
    output.write(`${count} rows of ${runs.map(({ id }) => id).join(', ')} are in ${out}.\n`);
  } finally {
    store.close();
  }
  return exitCodes.done;
}

function* all<T>(parts: readonly (() => Iterable<T>)[]): Generator<T> {
  for (const part of parts) yield* part();
}
