/** Entry of the process of a reward function in JavaScript or TypeScript (`dist/rewardFunction.js`), which it loads and asks. */
import { basename } from 'node:path';
import { isMainThread } from 'node:worker_threads';
import { messageOf } from '../../core/errors.ts';
import type { FunctionReply, FunctionRequest, RewardInput } from './functionMessages.ts';
import { loadFunction, type RewardFunction } from './functionModule.ts';

// The same bundle is loaded once more, in the thread where modules are loaded.
export { initialize, load } from './loadHooks.ts';

const maxText = 2000;
let reward: RewardFunction | undefined;
let file = '';

if (isMainThread) serve();

function serve(): void {
  process.on('message', (request: FunctionRequest) => {
    void (request.type === 'load' ? open(request.path, request.source) : grade(request.id, request.input));
  });
  process.on('disconnect', () => process.exit());
  reply({ type: 'ready' });
}

function reply(message: FunctionReply): void {
  process.send?.(message);
}

async function open(path: string, source: string): Promise<void> {
  file = basename(path);
  try {
    reward = await loadFunction(path, source, import.meta.url);
    reply({ type: 'loaded' });
  } catch (error) {
    reply({ type: 'unloadable', reason: placed(error) });
  }
}

async function grade(id: number, input: RewardInput): Promise<void> {
  try {
    const value = await reward?.(input);
    reply(isSendable(value) ? { type: 'graded', id, value: sendable(value) } : { type: 'odd', id, text: inWords(value) });
  } catch (error) {
    reply({ type: 'threw', id, reason: placed(error) });
  }
}

function isSendable(value: unknown): boolean {
  if (typeof value === 'boolean') return true;
  if (typeof value === 'number') return Number.isFinite(value);
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return false;
  const { reward: inner, status } = value as Readonly<Record<string, unknown>>;
  return inner === undefined || inner === null ? status !== undefined : isSendable(inner) && typeof inner !== 'object';
}

function sendable(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value;
  const { reward: inner, status, reason, extracted } = value as Readonly<Record<string, unknown>>;
  const text = (given: unknown): string | undefined => (given === undefined || given === null ? undefined : shortened(String(given)));
  return { reward: inner, status, reason: text(reason), extracted: text(extracted) };
}

function inWords(value: unknown): string {
  if (typeof value === 'number' || value === undefined || value === null) return String(value);
  if (typeof value !== 'object') return `a ${typeof value}`;
  return Array.isArray(value) ? 'a list' : `an object with ${Object.keys(value).slice(0, 8).join(', ') || 'no keys'} and no finite "reward"`;
}

/** The error, and the line of the file that it came from. */
function placed(error: unknown): string {
  const stack = error instanceof Error ? (error.stack ?? '') : '';
  const at = stack.indexOf(`/${file}:`);
  const line = at < 0 ? undefined : /^\d+/.exec(stack.slice(at + file.length + 2))?.[0];
  const name = error instanceof Error && error.name !== 'Error' ? `${error.name}: ` : '';
  return shortened(`${name}${messageOf(error)}${line === undefined ? '' : ` (${file}:${line})`}`);
}

function shortened(text: string): string {
  return text.length <= maxText ? text : `${text.slice(0, maxText - 1)}…`;
}
