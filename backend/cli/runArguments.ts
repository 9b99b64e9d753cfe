/** From what is written on the command line (preset, run file, single settings) to one complete run configuration. */
import { availableParallelism } from 'node:os';
import type { Command } from 'commander';
import { WorkbenchError } from '../core/errors.ts';
import { engineProviderSchema, type RunConfig } from '../protocol/runConfig.ts';
import { presets } from '../training/presets.ts';
import { readRunFile, resolveRunParts } from '../training/runFile.ts';

export interface RunArguments {
  readonly preset?: string;
  readonly seed?: string;
  readonly steps?: string;
  readonly algorithm?: string;
  readonly critic?: string;
  readonly provider?: string;
  readonly set: readonly string[];
  readonly workspace: string;
  readonly threads: string;
}

const optionDefaults: Readonly<Record<string, string>> = { workspace: '.', threads: String(availableParallelism()) };

/** Options that every command with a run has. */
export function addRunOptions(command: Command): Command {
  return command
    .argument('[file]', 'run file (*.cgrpo.json); comments are allowed')
    .option('--preset <name>', `start from a preset: ${Object.keys(presets).join(', ')}`)
    .option('--seed <number>', 'seed of everything random')
    .option('--steps <number>', 'training steps')
    .option('--algorithm <name>', 'e.g. grpo, dr-grpo, critique-grpo, sft')
    .option('--critic <name>', 'e.g. step-level, verdict, verdict-answer, self, resample')
    .option(
      '--set <key=value>',
      'any setting of the run file, e.g. optimizer.learningRate=1e-4 (repeatable)',
      (text: string, all: string[]) => [...all, text],
      [],
    )
    .option('--workspace <folder>', 'where runs are kept, under .critique-grpo', optionDefaults['workspace'])
    .option('--threads <number>', 'processor threads of the engine; a resumed run keeps its own', optionDefaults['threads'])
    .option('--provider <name>', 'where the engine computes: auto, cpu, webgpu, cuda, dml or coreml; a resumed run keeps its own');
}

/** The resolved configuration. Throws `config.…` naming the place in the file or the option. */
export async function resolveRunConfig(file: string | undefined, options: RunArguments): Promise<RunConfig> {
  return resolveRunParts({
    ...(options.preset === undefined ? {} : { preset: options.preset }),
    ...(file === undefined ? {} : { file: { path: file, text: await readRunFile(file) } }),
    overrides: overrides(options),
    remedy: 'Give a run file with "model" and "data", or --preset demo for the bundled demonstration.',
  });
}

export function threadsOf(options: Pick<RunArguments, 'threads'>): number {
  const threads = Number(options.threads);
  if (Number.isInteger(threads) && threads > 0) return threads;
  throw new WorkbenchError({ code: 'config.invalid', message: `--threads is "${options.threads}".`, remedy: 'Give a positive whole number.' });
}

/** The configuration with the provider that the command line names, if it names one. Throws `config.invalid`. */
export function withProvider(config: RunConfig, name: string | undefined): RunConfig {
  if (name === undefined) return config;
  const { data: provider } = engineProviderSchema.safeParse(name);
  if (provider !== undefined) return { ...config, engine: { ...config.engine, provider } };
  const remedy = `Choose one of: ${engineProviderSchema.options.join(', ')}.`;
  throw new WorkbenchError({ code: 'config.invalid', message: `--provider is "${name}".`, remedy });
}

function* overrides(options: RunArguments): Generator<[readonly string[], unknown]> {
  if (options.seed !== undefined) yield [['seed'], literal(options.seed)];
  if (options.steps !== undefined) yield [['training', 'steps'], literal(options.steps)];
  if (options.algorithm !== undefined) yield [['algorithm'], options.algorithm];
  if (options.critic !== undefined) yield [['critic'], options.critic];
  if (options.provider !== undefined) yield [['engine', 'provider'], options.provider];
  yield* settingOverrides(options.set);
}

/** The single settings of `--set`. Throws `config.invalid`. */
export function* settingOverrides(settings: readonly string[]): Generator<[readonly string[], unknown]> {
  for (const setting of settings) {
    const equals = setting.indexOf('=');
    if (equals < 1)
      throw new WorkbenchError({
        code: 'config.invalid',
        message: `--set ${setting} is not of the form key=value.`,
        remedy: 'Write for example --set optimizer.learningRate=1e-4.',
      });
    yield [setting.slice(0, equals).split('.'), literal(setting.slice(equals + 1))];
  }
}

/** Numbers, true, false, null and JSON lists as such; anything else is text. */
function literal(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return text;
  }
}

/**
 * How to write a command again, for reports and hints: values quoted where a shell would split them, what equals its default left out.
 * The argument comes first, then the options in the order given.
 */
export function commandLine(
  name: string,
  file: string | undefined,
  options: Readonly<Record<string, string | readonly string[] | undefined>>,
): string {
  const quoted = (text: string): string => (/^[\w./:=,@%+-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`);
  const parts = Object.entries(options).flatMap(([option, value]) => {
    if (value === undefined || value === optionDefaults[option]) return [];
    return (typeof value === 'string' ? [value] : value).map((single) => `--${option} ${quoted(single)}`);
  });
  return ['npx critique-grpo', name, ...(file === undefined ? [] : [quoted(file)]), ...parts].join(' ');
}
