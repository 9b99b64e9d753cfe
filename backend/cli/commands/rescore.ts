/** `critique-grpo rescore`: grades everything that a run recorded again, and says what would have been different. */
import { resolve } from 'node:path';
import type { Command } from 'commander';
import type { RescoredGroup, RescoreReport } from '../../protocol/verdictViews.ts';
import { openStore } from '../../store/openStore.ts';
import { rescore as rescoreRun } from '../../training/rescore.ts';
import { exitCodes, type CliCommand, type CliContext, type CliOutput } from '../command.ts';
import { resultFile } from '../resultFile.ts';
import { interruptSignal } from '../session.ts';
import { harmless } from '../terminalText.ts';

interface RescoreOptions {
  readonly verifier?: string;
  readonly workspace: string;
  readonly json?: string;
}

/** Changed answers and groups that are shown; a file gets all. */
const shown = 20;

export const rescore: CliCommand = {
  name: 'rescore',
  summary: 'Grade the history of a run again, beside the old verdicts, and list which groups would have been others.',
  register(command: Command, context: CliContext): void {
    command
      .argument('<run>', 'id of the run')
      .option('--verifier <name>', "name of a verifier, or the path of a reward function; the run's own if left out")
      .option('--json <file>', 'write the result there')
      .option('--workspace <folder>', 'where runs are kept, under .critique-grpo', '.')
      .addHelpText(
        'after',
        '\nExamples:\n  critique-grpo rescore critique-grpo-seed0 --verifier math\n  critique-grpo rescore my-run --verifier ./reward.py --json changes.json',
      )
      .action(async (run: string, options: RescoreOptions) => {
        process.exitCode = await rescoreHistory(run, options, context);
      });
  },
};

async function rescoreHistory(runId: string, options: RescoreOptions, { entries, output }: CliContext): Promise<number> {
  const writeResult = await resultFile(options.json);
  const signal = interruptSignal(() => output.write('\nStopping. What was graded is kept.\n'));
  const store = openStore(resolve(options.workspace));
  try {
    const report = await rescoreRun(store, {
      runId,
      graderEntry: entries.grader,
      signal,
      onProgress: progressOn(output),
      ...(options.verifier === undefined ? {} : { verifier: options.verifier }),
    });
    output.write(`${clearLine(output)}${reportLines(report).map(harmless).join('\n')}\n`);
    await writeResult(report);
    return exitCodes.done;
  } catch (error) {
    if (signal.aborted) return exitCodes.interrupted;
    throw error;
  } finally {
    store.close();
  }
}

function progressOn(output: CliOutput): (done: number, total: number) => void {
  const start = performance.now();
  return (done, total) => {
    if (!output.isTerminal) return;
    const seconds = (performance.now() - start) / 1000;
    const left = done === 0 ? '' : `, ${Math.ceil((seconds * (total - done)) / done)} s left`;
    output.write(`${clearLine(output)}${done.toLocaleString('en-US')} of ${total.toLocaleString('en-US')} answers graded${left}`);
  };
}

function clearLine(output: CliOutput): string {
  return output.isTerminal ? '\r\u001b[K' : '';
}

/** Counts old → new by status, changed answers, and groups that would have been others. */
export function reportLines({ id, runId, verifier, graded, counts, changed, groups, groupsTotal }: RescoreReport): string[] {
  const moved = counts.filter(({ before, after }) => before !== after);
  return [
    `Run ${runId}, ${id}: ${counted(graded, 'answer')} graded with ${verifier}.`,
    '',
    ...(moved.length === 0 ? ['Every answer keeps its status.'] : moved.map(({ before, after, count }) => `  ${before} → ${after}: ${count}`)),
    ...changed.slice(0, shown).map(({ rolloutId, before, after }) => {
      return `  ${rolloutId}: ${before.status} ${before.reward} → ${after.status} ${after.reward}  ${after.reason}`;
    }),
    ...more(changed.length, 'answer'),
    '',
    groups.length === 0
      ? `None of ${counted(groupsTotal, 'group')} would have been another.`
      : `${groups.length} of ${counted(groupsTotal, 'group')} would have been others:`,
    ...groups.slice(0, shown).map(groupLine),
    ...more(groups.length, 'group'),
  ];
}

function groupLine({ groupId, before, after, advantageChange }: RescoredGroup): string {
  const signal = before.zeroSignal === after.zeroSignal ? '' : after.zeroSignal ? ', would teach nothing' : ', would teach something';
  const kind = before.kind === after.kind ? before.kind : `${before.kind} → ${after.kind}`;
  return `  ${groupId}: ${kind}${signal}, advantages change by up to ${advantageChange.toPrecision(3)}`;
}

function more(total: number, noun: string): string[] {
  return total > shown ? [`  … and ${counted(total - shown, `more ${noun}`)}`] : [];
}

function counted(count: number, noun: string): string {
  return `${count.toLocaleString('en-US')} ${noun}${count === 1 ? '' : 's'}`;
}
