/** `critique-grpo doctor`: says before a run what would go wrong in it. */
import { writeFile } from 'node:fs/promises';
import type { Command } from 'commander';
import { readProblems } from '../../data/jsonl.ts';
import { closePolicy, openPolicy, resolveDemo, type Policy } from '../../training/policy.ts';
import { check, checkData, checkMemory, checkModel, checkNode, checkPolicy, checkSpeed, checkWorkspace, type CheckResult } from '../checks.ts';
import { exitCodes, type CliCommand, type CliContext } from '../command.ts';
import { addRunOptions, resolveRunConfig, threadsOf, type RunArguments } from '../runArguments.ts';
import { interruptSignal } from '../session.ts';
import { harmless, paintWith } from '../terminalText.ts';

interface DoctorOptions extends RunArguments {
  readonly json?: string;
}

export const doctor: CliCommand = {
  name: 'doctor',
  summary: 'Check machine, model, data and verifier before anything starts.',
  register(command: Command, context: CliContext): void {
    addRunOptions(command)
      .option('--json <file>', 'write the findings there')
      .addHelpText('after', '\nExamples:\n  critique-grpo doctor --preset demo\n  critique-grpo doctor my.cgrpo.json')
      .action(async (file: string | undefined, options: DoctorOptions) => {
        process.exitCode = await examine(file, options, context);
      });
  },
};

async function examine(file: string | undefined, options: DoctorOptions, context: CliContext): Promise<number> {
  const { demoFolder, output } = context;
  const paint = paintWith(output.hasColor);
  const results: CheckResult[] = [];
  const tell = async (found: Promise<CheckResult>): Promise<boolean> => {
    const result = await found;
    results.push(result);
    const mark = { ok: paint.good('✓'), warning: paint.accent('!'), failed: paint.bad('✗') }[result.status];
    output.write(`${mark} ${result.name.padEnd(10)} ${harmless(result.finding)}\n`);
    if (result.remedy !== undefined) output.write(`  ${' '.repeat(10)} ${harmless(result.remedy)}\n`);
    return result.status !== 'failed';
  };

  const config = await resolveRunConfig(file, options);
  await tell(checkNode());
  const isReadable = [await tell(checkModel(config, demoFolder)), await tell(checkData(config, demoFolder))].every(Boolean);
  if (isReadable) {
    await tell(checkMemory(config, demoFolder));
    const signal = interruptSignal(() => output.write('\nStopping.\n'));
    let policy: Policy | undefined;
    const open = check('engine', async () => {
      policy = await openPolicy({ id: 'doctor', config, entries: context.entries, demoFolder, threads: threadsOf(options), observer: {}, signal });
      const { parameters, provider, threads } = await policy.engine.describe();
      return `${parameters.toLocaleString('en-US')} parameters on ${provider}, ${threads} threads`;
    });
    if ((await tell(open)) && policy !== undefined) {
      const { problems } = await readProblems(resolveDemo(config.data.train, demoFolder), config.data);
      for (const found of checkPolicy(policy, problems)) await tell(found);
      await tell(checkSpeed(policy, problems));
      await closePolicy(policy);
    }
  }
  await tell(checkWorkspace(options.workspace));
  if (options.json !== undefined) await writeFile(options.json, `${JSON.stringify(results, null, 2)}\n`);
  const failed = results.filter(({ status }) => status === 'failed').length;
  output.write(failed === 0 ? '\nReady.\n' : `\n${failed} of ${results.length} checks failed.\n`);
  return failed === 0 ? exitCodes.done : exitCodes.failed;
}
