/** `critique-grpo serve`: a model or checkpoint at an OpenAI-compatible endpoint on this machine. */
import { stat } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import { basename, join } from 'node:path';
import type { Command } from 'commander';
import { WorkbenchError } from '../../core/errors.ts';
import { runConfigSchema, type RunConfig } from '../../protocol/runConfig.ts';
import { newToken } from '../../server/backendFile.ts';
import type { ServedModels } from '../../server/openaiEndpoint.ts';
import { openOpenaiServer } from '../../server/openaiServer.ts';
import { closePolicy, openPolicy, type Policy } from '../../training/policy.ts';
import { exitCodes, type CliCommand, type CliContext } from '../command.ts';
import { findCheckpoint, type FoundCheckpoint } from '../findCheckpoint.ts';
import { wholeNumber } from '../numberOptions.ts';
import { threadsOf, withProvider } from '../runArguments.ts';
import { interruptSignal } from '../session.ts';
import { harmless } from '../terminalText.ts';

interface ServeOptions {
  readonly port: string;
  readonly step?: string;
  readonly workspace: string;
  readonly threads: string;
  readonly provider?: string;
  readonly tokenEnvironment?: string;
}

export const serve: CliCommand = {
  name: 'serve',
  summary: 'Serve a model or checkpoint at an OpenAI-compatible endpoint on this machine.',
  register(command: Command, context: CliContext): void {
    command
      .argument('<modelOrRun>', 'a Hugging Face model folder or hf:// address, the id of a run, or "newest"')
      .option('--step <number>', 'which checkpoint of the run; the newest if left out')
      .option('--port <number>', '0 takes a free one', '0')
      .option('--token-environment <name>', 'the variable with the token that clients must send; one is made up and printed if left out')
      .option('--workspace <folder>', 'where runs are kept, under .critique-grpo', '.')
      .option('--threads <number>', 'processor threads of the engine', String(availableParallelism()))
      .option('--provider <name>', 'where the engine computes: auto, cpu, webgpu, cuda, dml or coreml')
      .addHelpText('after', '\nExamples:\n  critique-grpo serve newest --port 8000\n  critique-grpo serve path/to/model --token-environment MY_TOKEN')
      .action(async (what: string, options: ServeOptions) => {
        process.exitCode = await serveModel(what, options, context);
      });
  },
};

async function serveModel(what: string, options: ServeOptions, { entries, demoFolder, output }: CliContext): Promise<number> {
  const port = wholeNumber('--port', options.port);
  const token = tokenOf(options.tokenEnvironment);
  const { config: asked, checkpoint, id } = await subjectOf(what, options);
  const config = withProvider(asked, options.provider);
  const signal = interruptSignal(() => output.write('\nStopping.\n'));
  const policy = await openPolicy({ id, config, entries, demoFolder, threads: threadsOf(options), observer: {}, signal });
  try {
    if (checkpoint !== undefined) await policy.engine.loadState(checkpoint.folder);
    const onUnexpected = (error: unknown): void =>
      output.write(`! ${harmless(error instanceof Error ? (error.stack ?? error.message) : String(error))}\n`);
    const server = await openOpenaiServer({ models: onePolicy(id, policy), token, port, onUnexpected });
    const given = options.tokenEnvironment === undefined ? token : `the value of ${options.tokenEnvironment}`;
    const lines = ['', `Model    ${id}`, `Address  http://127.0.0.1:${server.port}/v1`, `Key      ${given}`, '', 'Ctrl-C ends it.', ''];
    output.write(lines.map(harmless).join('\n'));
    if (!signal.aborted) await new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }));
    await server.close();
    return exitCodes.interrupted;
  } finally {
    await closePolicy(policy);
  }
}

/** One after the other: an engine does one thing at a time. A dead engine is started anew for the next request. */
function onePolicy(id: string, policy: Policy): ServedModels {
  const createdAt = Date.now();
  let turn: Promise<unknown> = Promise.resolve();
  return {
    list: () => [{ id, createdAt }],
    ask(_model, signal, work) {
      const result = turn.then(() => {
        signal.throwIfAborted();
        return work({ ...policy, signal: AbortSignal.any([policy.signal, signal]) });
      });
      turn = result.catch(async (error: unknown) => {
        if (error instanceof WorkbenchError && error.code === 'engine.died') await policy.engine.reopen();
      });
      return result;
    },
  };
}

interface Subject {
  readonly config: RunConfig;
  readonly checkpoint: FoundCheckpoint | undefined;
  /** What the model is called. */
  readonly id: string;
}

async function subjectOf(what: string, { workspace, step }: ServeOptions): Promise<Subject> {
  const isModel = /^(?:demo:|hf:\/\/)/.test(what) || (await isFile(join(what, 'config.json'))) || (await isFile(join(what, 'adapter_config.json')));
  if (!isModel) {
    const checkpoint = await findCheckpoint(
      workspace,
      what === 'newest' ? undefined : what,
      step === undefined ? undefined : wholeNumber('--step', step),
    );
    return { config: checkpoint.config, checkpoint, id: checkpoint.runId };
  }
  if (step !== undefined) {
    throw new WorkbenchError({ code: 'config.invalid', message: `${what} is a model folder, which has no steps.`, remedy: 'Leave --step out.' });
  }
  // No data is read, and nothing is graded.
  const config = runConfigSchema.parse({ model: { path: what }, data: { train: 'none' }, verifier: 'exact' });
  return { config, checkpoint: undefined, id: basename(what.replace(/[\\/]+$/, '')) || what };
}

async function isFile(path: string): Promise<boolean> {
  return stat(path).then(
    (found) => found.isFile(),
    () => false,
  );
}

function tokenOf(variable: string | undefined): string {
  if (variable === undefined) return newToken();
  const token = process.env[variable];
  if (token !== undefined && token.length >= 8) return token;
  throw new WorkbenchError({
    code: 'token.missing',
    message: `The variable ${variable} holds ${token === undefined ? 'no token' : 'a token of fewer than 8 letters'}.`,
    remedy: 'Set it, or leave --token-environment out.',
  });
}
