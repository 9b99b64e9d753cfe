/** Loads the reward function from the text of its file. */
import { register } from 'node:module';
import { pathToFileURL } from 'node:url';
import type { RewardInput } from './functionMessages.ts';
import type { PinnedModule } from './loadHooks.ts';
import { stripTypes, syntaxProblem } from './stripTypes.ts';

export type RewardFunction = (input: RewardInput) => unknown;

/** `hooks` is the bundle that exports those of `loadHooks.ts`. Throws what the file throws, and where it exports no function. */
export async function loadFunction(path: string, source: string, hooks: string): Promise<RewardFunction> {
  const text = /\.m?ts$/i.test(path) ? stripTypes(source) : source;
  const isModule = /\.(?:mjs|m?ts)$/i.test(path) || (!/\.cjs$/i.test(path) && /^\s*(?:export|import)\b/m.test(text));
  const { href: url } = pathToFileURL(path);
  register<PinnedModule>(hooks, { data: { url, format: isModule ? 'module' : 'commonjs', source: text } });
  try {
    return chosen((await import(url)) as Record<string, unknown>);
  } catch (error) {
    // Node does not say where in a module a syntax error is.
    const problem = error instanceof SyntaxError ? syntaxProblem(text) : undefined;
    throw problem === undefined ? error : new SyntaxError(problem);
  }
}

/** The default export, the one named `reward`, or the only function that is exported. */
function chosen(exported: Readonly<Record<string, unknown>>): RewardFunction {
  const { default: preferred } = exported;
  if (isFunction(preferred)) return preferred;
  // What a CommonJS module exports is its default.
  const named = typeof preferred === 'object' && preferred !== null ? (preferred as Readonly<Record<string, unknown>>) : exported;
  if (isFunction(named['reward'])) return named['reward'];
  const functions = Object.values(named).filter(isFunction);
  if (functions.length === 1 && functions[0] !== undefined) return functions[0];
  const what = functions.length === 0 ? 'no function' : `${functions.length} functions and no default`;
  throw new Error(`it exports ${what}: write "export default function (input) { … }"`);
}

function isFunction(value: unknown): value is RewardFunction {
  return typeof value === 'function';
}
