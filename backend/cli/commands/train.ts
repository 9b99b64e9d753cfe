/** `critique-grpo train`: one run from start to summary. */
import type { Command } from 'commander';
import type { Evaluation } from '../../protocol/records.ts';
import type { RunConfig } from '../../protocol/runConfig.ts';
import { openStore } from '../../store/openStore.ts';
import { exitCodes, type CliCommand, type CliContext } from '../command.ts';
import { resultFile } from '../resultFile.ts';
import { addRunOptions, commandLine, resolveRunConfig, threadsOf, type RunArguments } from '../runArguments.ts';
import { interruptSignal, runSession, type SessionResult } from '../session.ts';
import { createRunView } from '../liveView.ts';
import { summaryLines } from '../summary.ts';

interface TrainOptions extends RunArguments {
  readonly resume?: true | string;
  readonly json?: string;
}

export const train: CliCommand = {
  name: 'train',
  summary: 'Train a policy and watch it fail, be criticized and improve.',
  register(command: Command, context: CliContext): void {
    addRunOptions(command)
      .option('--resume [run]', 'go on with the newest unfinished run of this configuration, or with the named one')
      .option('--json <file>', 'write the result there')
      .addHelpText(
        'after',
        '\nExamples:\n  critique-grpo train --preset demo\n  critique-grpo train --preset demo --critic verdict --seed 1 --json result.json\n  critique-grpo train my.cgrpo.json --set optimizer.learningRate=5e-7 --resume',
      )
      .action(async (file: string | undefined, options: TrainOptions) => {
        process.exitCode = await trainOnce(file, options, context);
      });
  },
};

async function trainOnce(file: string | undefined, options: TrainOptions, context: CliContext): Promise<number> {
  const config = await resolveRunConfig(file, options);
  const writeResult = await resultFile(options.json);
  const view = createRunView(context.output, () => performance.now());
  const signal = interruptSignal(() => view.interrupting());
  let result: SessionResult;
  try {
    result = await runSession({
      context,
      config,
      workspace: options.workspace,
      threads: threadsOf(options),
      resume: options.resume ?? false,
      observer: view,
      signal,
      onOpen: ({ id, folder, isResumed }) => view.begin({ runId: id, config, isResumed, folder }),
    });
  } finally {
    view.end();
  }
  await writeResult(trainReport(config, result));
  const { hasColor } = context.output;
  const { preset, seed, steps, algorithm, critic, set, workspace, threads, provider } = options;
  const command = commandLine('train', file, { preset, seed, steps, algorithm, critic, set, workspace, threads, provider });
  const problemText = questionsOf(result, options.workspace);
  const lines = summaryLines(result, { config, problemText, command, hasColor, columns: context.output.columns() });
  context.output.write(`${lines.join('\n')}\n`);
  return result.reason === 'interrupted' ? exitCodes.interrupted : exitCodes.done;
}

/** The questions of the problems that still fail, as the run recorded them. */
function questionsOf({ runId, failuresAfter }: SessionResult, workspace: string): (problemId: string) => string {
  const store = openStore(workspace, { readOnly: true });
  try {
    const questions = new Map(failuresAfter.map(({ problemId }) => [problemId, store.problem(runId, problemId)?.prompt.at(-1)?.content]));
    return (id) => questions.get(id) ?? id;
  } finally {
    store.close();
  }
}

/** The result as `--json` writes it. */
export function trainReport(config: RunConfig, result: SessionResult) {
  const score = (evaluation: Evaluation | undefined) =>
    evaluation === undefined
      ? null
      : {
          passAt1: evaluation.all.passAt1,
          interval: evaluation.all.interval,
          byLevel: Object.fromEntries(Object.entries(evaluation.byLevel).map(([level, { passAt1 }]) => [level, passAt1])),
        };
  return {
    run: result.runId,
    reason: result.reason,
    step: result.step,
    algorithm: config.algorithm,
    critic: config.critic,
    seed: config.seed,
    before: score(result.before),
    after: score(result.after),
    persistentFailures: {
      before: result.failuresBefore.length,
      after: result.failuresAfter.length,
      remaining: result.failuresAfter.map(({ problemId, level, causes }) => ({ problemId, level, causes })),
    },
    tokens: { sampled: result.tokensSampled, trained: result.tokensTrained },
    updates: result.updates,
    seconds: Math.round(result.seconds * 10) / 10,
    peakRssMb: result.peakRssMb,
    ...(result.critic === undefined ? {} : { criticCalls: result.critic }),
  };
}
