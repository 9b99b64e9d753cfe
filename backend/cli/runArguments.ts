/** From what is written on the command line (preset, run file, single settings) to one complete run configuration. */
import { readFile } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import type { Command } from 'commander';
import { getNodeValue, findNodeAtLocation, parseTree, printParseErrorCode, type ParseError } from 'jsonc-parser';
import { z } from 'zod';
import { messageOf, WorkbenchError } from '../core/errors.ts';
import { runConfigSchema, type RunConfig } from '../protocol/runConfig.ts';
import { presets, type Preset } from '../training/presets.ts';

export interface RunArguments {
  readonly preset?: string;
  readonly seed?: string;
  readonly steps?: string;
  readonly algorithm?: string;
  readonly critic?: string;
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
    .option('--threads <number>', 'processor threads of the engine', optionDefaults['threads']);
}

/** The resolved configuration. Throws `config.…` naming the place in the file or the option. */
export async function resolveRunConfig(file: string | undefined, options: RunArguments): Promise<RunConfig> {
  const base: Record<string, unknown> =
    options.preset === undefined ? {} : structuredClone(findPreset(options.preset).config as Record<string, unknown>);
  const written = file === undefined ? undefined : await readRunFile(file);
  const merged = written === undefined ? base : merge(base, written.value);
  for (const [path, value] of overrides(options)) assign(merged, path, value);
  if (merged['model'] === undefined || merged['data'] === undefined) {
    throw new WorkbenchError({
      code: 'config.incomplete',
      message: `The run names no ${merged['model'] === undefined ? 'model' : 'data'}.`,
      remedy: 'Give a run file with "model" and "data", or --preset demo for the bundled demonstration.',
    });
  }
  const parsed = runConfigSchema.safeParse(merged);
  if (parsed.success) return parsed.data;
  throw invalidConfig(parsed.error, file, written?.text);
}

export function threadsOf(options: Pick<RunArguments, 'threads'>): number {
  const threads = Number(options.threads);
  if (Number.isInteger(threads) && threads > 0) return threads;
  throw new WorkbenchError({ code: 'config.invalid', message: `--threads is "${options.threads}".`, remedy: 'Give a positive whole number.' });
}

function findPreset(name: string): Preset {
  const preset = (presets as Record<string, Preset>)[name];
  if (preset !== undefined) return preset;
  const list = Object.entries<Preset>(presets).map(([known, { summary }]) => `\n  ${known.padEnd(14)} ${summary}`);
  throw new WorkbenchError({
    code: 'config.unknownPreset',
    message: `There is no preset named "${name}".`,
    remedy: `Choose one of:${list.join('')}`,
  });
}

async function readRunFile(path: string): Promise<{ text: string; value: Record<string, unknown> }> {
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (error) {
    throw new WorkbenchError({
      code: 'config.notFound',
      message: `The run file ${path} cannot be read (${messageOf(error)}).`,
      remedy: 'Check the path.',
    });
  }
  const errors: ParseError[] = [];
  const tree = parseTree(text, errors, { allowTrailingComma: true });
  const [error] = errors;
  if (error !== undefined) throw invalidFile(`${path}:${lineAt(text, error.offset)}`, printParseErrorCode(error.error));
  const value: unknown = tree === undefined ? undefined : getNodeValue(tree);
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw invalidFile(path, 'it holds no JSON object');
  return { text, value: value as Record<string, unknown> };
}

function invalidFile(place: string, problem: string): WorkbenchError {
  return new WorkbenchError({ code: 'config.invalid', message: `${place}: ${problem}.`, remedy: 'Correct the run file.' });
}

function invalidConfig(error: z.ZodError, file: string | undefined, text: string | undefined): WorkbenchError {
  const tree = text === undefined ? undefined : parseTree(text, [], { allowTrailingComma: true });
  const lines = error.issues.flatMap(problemsOf).map(({ path, problem }) => {
    const node = tree === undefined ? undefined : findNodeAtLocation(tree, path);
    const place = node === undefined || text === undefined ? '' : `${file}:${lineAt(text, node.offset)} `;
    return `\n  ${place}${path.join('.') || 'the run'}: ${problem}`;
  });
  return new WorkbenchError({
    code: 'config.invalid',
    message: `The run's configuration is not valid:${lines.join('')}\n`,
    remedy: 'Correct the run file, the preset name or the --set options.',
  });
}

type Path = (string | number)[];

/** An issue about unknown keys is about the object they are in; people look for the keys. */
function problemsOf(issue: z.core.$ZodIssue): { path: Path; problem: string }[] {
  const path = issue.path as Path;
  if (issue.code !== 'unrecognized_keys') return [{ path, problem: issue.message }];
  const known = settingsAt(path);
  const problem = `there is no such setting${known.length === 0 ? '' : `; there are ${known.join(', ')}`}`;
  return issue.keys.map((key) => ({ path: [...path, key], problem }));
}

/** Names of the settings in the object at that place of a run file. */
function settingsAt(path: Path): string[] {
  const root = z.toJSONSchema(runConfigSchema, { io: 'input' });
  const isObject = ({ properties }: z.core.JSONSchema.JSONSchema): boolean => properties !== undefined;
  const at = path.reduce<z.core.JSONSchema.JSONSchema | undefined>((schema, key) => {
    const inner = schema?.properties?.[key];
    return typeof inner === 'object' ? [inner, ...(inner.anyOf ?? [])].find((form) => isObject(form)) : undefined;
  }, root);
  return Object.keys(at?.properties ?? {}).filter((name) => !name.startsWith('$'));
}

function lineAt(text: string, offset: number): number {
  return text.slice(0, offset).split('\n').length;
}

/** Deep merge of plain objects; everything else is replaced. */
function merge(base: Record<string, unknown>, over: Readonly<Record<string, unknown>>): Record<string, unknown> {
  const result = { ...base };
  for (const [key, value] of Object.entries(over)) {
    const old = result[key];
    result[key] = isPlain(old) && isPlain(value) ? merge(old, value) : value;
  }
  return result;
}

function isPlain(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function* overrides(options: RunArguments): Generator<[readonly string[], unknown]> {
  if (options.seed !== undefined) yield [['seed'], literal(options.seed)];
  if (options.steps !== undefined) yield [['training', 'steps'], literal(options.steps)];
  if (options.algorithm !== undefined) yield [['algorithm'], options.algorithm];
  if (options.critic !== undefined) yield [['critic'], options.critic];
  for (const setting of options.set) {
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

function assign(target: Record<string, unknown>, path: readonly string[], value: unknown): void {
  const [head, ...rest] = path;
  if (head === undefined) return;
  if (rest.length === 0) {
    target[head] = value;
    return;
  }
  const inner = isPlain(target[head]) ? { ...target[head] } : {};
  target[head] = inner;
  assign(inner, rest, value);
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
