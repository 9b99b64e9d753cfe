/** From a preset, the text of a run file and single settings to one complete run configuration. */
import { readFile } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { getNodeValue, findNodeAtLocation, parseTree, printParseErrorCode, type ParseError } from 'jsonc-parser';
import { z } from 'zod';
import { messageOf, WorkbenchError } from '../core/errors.ts';
import type { RunSource } from '../protocol/methods.ts';
import { runConfigSchema, type RunConfig } from '../protocol/runConfig.ts';
import { presets, type Preset } from './presets.ts';

/** What a configuration is made of; each part wins over the one before. */
export interface RunParts {
  readonly preset?: string;
  /** Comments and trailing commas are fine. */
  readonly file?: { readonly path: string; readonly text: string };
  /** Single settings: where, and what. */
  readonly overrides?: Iterable<readonly [path: readonly string[], value: unknown]>;
  /** What to do when no model or data is named. */
  readonly remedy?: string;
}

/** The text of a run file. Throws `config.notFound`; `remedy` says where the path came from. */
export async function readRunFile(path: string, remedy = 'Check the path.'): Promise<string> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    throw new WorkbenchError({ code: 'config.notFound', message: `The run file ${path} cannot be read (${messageOf(error)}).`, remedy });
  }
}

/** The configuration that an editor asks for. Throws `config.…`. */
export function resolveRunSource({ preset, file, overrides = {} }: RunSource): RunConfig {
  return resolveRunParts({
    ...(preset === undefined ? {} : { preset }),
    ...(file === undefined ? {} : { file }),
    overrides: Object.entries(overrides).map(([path, value]) => [path.split('.'), value] as const),
  });
}

/** Relative paths in a run file are from the file's folder. Throws `config.…` naming the place in the file or the setting. */
export function resolveRunParts({ preset, file, overrides = [], remedy }: RunParts): RunConfig {
  const base: Record<string, unknown> = preset === undefined ? {} : structuredClone(findPreset(preset).config as Record<string, unknown>);
  const merged = file === undefined ? base : merge(base, withPathsFrom(dirname(resolve(file.path)), parseRunFile(file.path, file.text)));
  for (const [path, value] of overrides) assign(merged, path, value);
  if (merged['model'] === undefined || merged['data'] === undefined) {
    throw new WorkbenchError({
      code: 'config.incomplete',
      message: `The run names no ${merged['model'] === undefined ? 'model' : 'data'}.`,
      remedy: remedy ?? 'Give "model" and "data" in the run file, or choose the preset demo for the bundled demonstration.',
    });
  }
  const parsed = runConfigSchema.safeParse(merged);
  if (parsed.success) return parsed.data;
  throw invalidConfig(parsed.error, file?.path, file?.text);
}

function findPreset(name: string): Preset {
  const preset = (presets as Record<string, Preset>)[name];
  if (preset !== undefined) return preset;
  const width = Math.max(...Object.keys(presets).map((known) => known.length));
  const list = Object.entries<Preset>(presets).map(([known, { summary }]) => `\n  ${known.padEnd(width)}  ${summary}`);
  throw new WorkbenchError({
    code: 'config.unknownPreset',
    message: `There is no preset named "${name}".`,
    remedy: `Choose one of:${list.join('')}`,
  });
}

function parseRunFile(path: string, text: string): Record<string, unknown> {
  const errors: ParseError[] = [];
  const tree = parseTree(text, errors, { allowTrailingComma: true });
  const [error] = errors;
  if (error !== undefined) throw invalidFile(`${path}:${lineAt(text, error.offset)}`, printParseErrorCode(error.error));
  const value: unknown = tree === undefined ? undefined : getNodeValue(tree);
  if (!isPlain(value)) throw invalidFile(path, 'it holds no JSON object');
  return value;
}

/** Settings whose value is a path; those that may also be a name are paths when they end like a program. */
const pathSettings: readonly (readonly string[])[] = [
  ['model', 'path'],
  ['data', 'train'],
  ['data', 'heldOut'],
  ['verifier'],
  ['criticOptions', 'promptFile'],
  ['criticOptions', 'modelFolder'],
];
const program = /\.(?:[cm]?[jt]s|py)$/i;

/** The paths made absolute; those in the bundled demonstration or on a hub (`demo:`, `hf://`) and names stay as they are. */
export function withPathsFrom(folder: string, written: Record<string, unknown>): Record<string, unknown> {
  const located = structuredClone(written);
  for (const path of pathSettings) {
    const group = path.slice(0, -1).reduce<unknown>((at, key) => (isPlain(at) ? at[key] : undefined), located);
    const key = path.at(-1) as string;
    const value = isPlain(group) ? group[key] : undefined;
    const isPath = typeof value === 'string' && !/^(?:demo:|builtin:|[a-z]+:\/\/)/.test(value) && (path.length > 1 || program.test(value));
    if (isPlain(group) && isPath) group[key] = resolve(folder, value);
  }
  return located;
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
    remedy: 'Correct the run file, the preset name or the single settings (--set).',
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
