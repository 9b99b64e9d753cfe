/** Entry of the backend: `backend.js --workspace <folder> [--view-only] [--threads <n>] [--idle-minutes <n>]`. */
import { readFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import type { Facts, Patient } from './cli/doctorCheck.ts';
import { messageOf, WorkbenchError } from './core/errors.ts';
import type { CheckResult } from './protocol/views.ts';
import { errorData } from './server/requestErrors.ts';
import { startBackend, type BackendOptions } from './server/startBackend.ts';

// In dist/ the bundles lie side by side; the demonstration is in media/ beside dist/.
const built = (name: string): string => fileURLToPath(new URL(name, import.meta.url));

const parts = { entries: { engine: built('engine.js'), grader: built('grader.js') }, demoFolder: built('../media/demo') };

/** Whoever started this process wants to know how that went. */
let isStarting = true;

/** One line of JSON on standard output, for whoever started this process. */
function say(line: object): void {
  process.stdout.write(`${JSON.stringify(line)}\n`);
}

const commandLine = {
  workspace: { type: 'string' },
  'view-only': { type: 'boolean', default: false },
  threads: { type: 'string', default: String(availableParallelism()) },
  'idle-minutes': { type: 'string', default: '10' },
} as const;

function parsed(argv: readonly string[]) {
  try {
    return parseArgs({ args: [...argv], options: commandLine }).values;
  } catch (error) {
    throw badOption(messageOf(error).replace(/\.$/, ''));
  }
}

function optionsOf(argv: readonly string[]): BackendOptions {
  const values = parsed(argv);
  if (values.workspace === undefined) throw badOption('--workspace is missing');
  const workspace = resolve(values.workspace);
  const threads = Number(values.threads);
  if (!Number.isInteger(threads) || threads < 1) throw badOption(`--threads is "${values.threads}", not a positive whole number`);
  const idleMinutes = Number(values['idle-minutes']);
  if (!(idleMinutes > 0)) throw badOption(`--idle-minutes is "${values['idle-minutes']}", not a positive number`);
  const { version } = JSON.parse(readFileSync(built('../package.json'), 'utf8')) as { version: string };
  return {
    workspace,
    isViewOnly: values['view-only'],
    threads,
    idleMinutes,
    version,
    ...parts,
    onLog: (line) => {
      // Later lines are in the log file alone, which is bounded.
      if (isStarting) process.stderr.write(line);
    },
    doctor: (config, signal, secretOf) => examine({ config, context: parts, workspace, threads, signal, secretOf }),
  };
}

/** The checks of the command line, but for whether someone writes the store: this process does. */
async function examine(patient: Patient): Promise<CheckResult[]> {
  const [{ runCheck }, { checksFor }] = await Promise.all([import('./cli/doctorCheck.ts'), import('./cli/doctorChecks.ts')]);
  const facts: Facts = {};
  const results: CheckResult[] = [];
  for (const check of checksFor(patient.config).filter(({ name }) => name !== 'store')) {
    const { status, detail, remedy } = await runCheck(check, patient, facts);
    results.push({ name: check.name, status, detail, remedy: remedy ?? null });
  }
  return results;
}

function badOption(problem: string): WorkbenchError {
  return new WorkbenchError({ code: 'option.invalid', message: `${problem}.`, remedy: 'Correct the command line.' });
}

async function main(): Promise<void> {
  const options = optionsOf(process.argv.slice(2));
  // Relative paths of a run are from the workspace.
  try {
    process.chdir(options.workspace);
  } catch (error) {
    throw new WorkbenchError({
      code: 'workspace.missing',
      message: `The folder ${options.workspace} cannot be opened (${messageOf(error)}).`,
      remedy: 'Open a folder that exists.',
    });
  }
  const backend = await startBackend(options);
  if (backend.kind === 'existing') {
    say({ ready: true, port: backend.port, pid: backend.pid, isExisting: true });
    return;
  }
  let exitCode = 0;
  for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) {
    let isSecond = false;
    process.on(signal, () => {
      if (isSecond) process.exit(1);
      isSecond = true;
      void backend.shutDown(`it was sent ${signal}`);
    });
  }
  process.on('unhandledRejection', (error) => backend.logError('a promise nobody waited for', error));
  process.on('uncaughtException', (error) => {
    backend.logError('an error nobody caught', error);
    exitCode = 1;
    void backend.shutDown('an error nobody caught');
  });
  say({ ready: true, port: backend.port, pid: process.pid });
  isStarting = false;
  await backend.ended;
  process.exit(exitCode);
}

process.setSourceMapsEnabled(true);
// Whoever started this process may be gone; its pipes then are, too.
for (const stream of [process.stdout, process.stderr]) stream.on('error', () => undefined);
try {
  await main();
} catch (error) {
  const data = error instanceof WorkbenchError ? errorData(error) : { code: 'internal.error', message: messageOf(error), remedy: null };
  say({ ready: false, error: data });
  if (!(error instanceof WorkbenchError)) process.stderr.write(`${error instanceof Error ? (error.stack ?? error.message) : messageOf(error)}\n`);
  process.exitCode = 1;
}
