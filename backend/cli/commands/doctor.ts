/** `critique-grpo doctor`: examines a run before it starts, and says what to do about each fault. */
import { resolve } from 'node:path';
import type { Command } from 'commander';
import { resolveModel } from '../../training/sources.ts';
import { exitCodes, type CliCommand, type CliContext, type CliOutput } from '../command.ts';
import { runCheck, type Facts, type Finding, type Patient } from '../doctorCheck.ts';
import { checksFor } from '../doctorChecks.ts';
import { resultFile } from '../resultFile.ts';
import { addRunOptions, resolveRunConfig, threadsOf, type RunArguments } from '../runArguments.ts';
import { interruptSignal } from '../session.ts';
import { harmless, paintWith, wrap } from '../terminalText.ts';

interface DoctorOptions extends RunArguments {
  readonly model?: string;
  readonly data?: string;
  readonly json?: string;
}

export const doctor: CliCommand = {
  name: 'doctor',
  summary: 'Check model, data and machine before a run, and estimate how long it takes.',
  register(command: Command, context: CliContext): void {
    addRunOptions(command)
      .option('--model <folder>', 'a model folder, in place of that of the configuration')
      .option('--data <file>', 'training problems (JSONL, JSON, CSV or Parquet), in place of those of the configuration')
      .option('--json <file>', 'write the findings there')
      .addHelpText(
        'after',
        '\nExamples:\n  critique-grpo doctor --preset demo\n  critique-grpo doctor my.cgrpo.json\n  critique-grpo doctor --model path/to/model --data problems.jsonl',
      )
      .action(async (file: string | undefined, options: DoctorOptions) => {
        process.exitCode = await examine(file, options, context);
      });
  },
};

async function examine(file: string | undefined, options: DoctorOptions, context: CliContext): Promise<number> {
  const places = [
    // A folder is a model on this machine.
    ...(options.model === undefined ? [] : [`model.path=${JSON.stringify(options.model)}`, 'engine.tinker=null']),
    ...(options.data === undefined ? [] : [`data.train=${JSON.stringify(options.data)}`, 'data.heldOut=null']),
  ];
  const asked = await resolveRunConfig(file, { ...options, set: [...places, ...options.set] });
  const writeResult = await resultFile(options.json);
  const { output } = context;
  const signal = interruptSignal(() => output.write('\nStopping.\n'));
  // Where the run goes on with an adapter, its form counts. That there is no such model is the first check's finding.
  const { config } = await resolveModel(asked, { demoFolder: context.demoFolder, part: 'description', signal }).catch(() => ({ config: asked }));
  const patient: Patient = { config, context, workspace: resolve(options.workspace), threads: threadsOf(options), signal };
  const facts: Facts = {};
  const findings: (Finding & { readonly name: string })[] = [];
  const checks = checksFor(config);
  const nameWidth = Math.max(...checks.map(({ name }) => name.length));
  for (const check of checks) {
    if (output.isTerminal) output.write(`  ${check.name} …`);
    let finding: Finding;
    try {
      finding = await runCheck(check, patient, facts);
    } catch (error) {
      if (signal.aborted) return exitCodes.interrupted;
      throw error;
    }
    findings.push({ name: check.name, ...finding });
    output.write(`${output.isTerminal ? '\r\u001b[K' : ''}${findingLines(check.name, nameWidth, finding, output)}\n`);
  }
  const failed = findings.filter(({ status }) => status === 'failed').length;
  output.write(
    `\n${failed === 0 ? 'Nothing stands in the way of this run.' : `${failed} of ${checks.length} checks failed: this run would not work.`}\n`,
  );
  await writeResult({ isHealthy: failed === 0, findings, speed: facts.speed ?? null });
  return failed === 0 ? exitCodes.done : exitCodes.failed;
}

const marks: Readonly<Record<Finding['status'], string>> = { ok: '✓', warning: '!', failed: '✗', skipped: '–' };

/** One line, and one more for the remedy; on a terminal wrapped to its width. */
function findingLines(name: string, nameWidth: number, { status, detail, remedy }: Finding, output: CliOutput): string {
  const paint = paintWith(output.hasColor);
  const color = { ok: paint.good, warning: paint.accent, failed: paint.bad, skipped: paint.dim }[status];
  const indent = ' '.repeat(nameWidth + 4);
  const width = output.isTerminal ? Math.max(20, output.columns() - 1 - indent.length) : Infinity;
  const text = [detail, ...(remedy === undefined ? [] : [remedy])].flatMap((part) => wrap(harmless(part), width)).join(`\n${indent}`);
  return `${color(marks[status])} ${name.padEnd(nameWidth)}  ${text}`;
}
