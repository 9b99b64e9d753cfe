/** Failures of a server elsewhere, in sentences that name it, the call and what to do. What the server itself says is hostile text. */
import { WorkbenchError } from '../../core/errors.ts';

/** Longest part of a server's own words in a message. */
const longestQuote = 300;

/** The words on one line without control characters, cut to a readable length. */
export function quoted(words: string): string {
  const line = words.replace(/[\u0000-\u001f\u007f-\u009f\u200b-\u200f\u2028-\u202e\u2066-\u2069\ufeff]+/g, ' ').trim();
  return line.length > longestQuote ? `${line.slice(0, longestQuote - 1)}…` : line;
}

/** The weights on the server are gone, or nobody knows what became of them: to be opened anew and loaded from the last checkpoint. */
export function lostError(server: string, call: string, why: string): WorkbenchError {
  return new WorkbenchError({
    code: 'engine.died',
    message: `The model on the Tinker server ${server} is lost: ${call} failed (${quoted(why)}).`,
    remedy: 'The run can be resumed from its last checkpoint, if the server still has it.',
  });
}

export function unreachableError(server: string, call: string, why: string, seconds: number): WorkbenchError {
  return new WorkbenchError({
    code: 'engine.unreachable',
    message: `The Tinker server ${server} did not answer ${call} within ${Math.round(seconds)} s (${quoted(why)}).`,
    remedy: 'Check that it runs and that engine.tinker.baseUrl is its address, then resume the run.',
  });
}

export function keyError(server: string, call: string, status: number, hasKey: boolean): WorkbenchError {
  return new WorkbenchError({
    code: 'engine.noAccess',
    message: `The Tinker server ${server} refused ${call} with status ${status}: ${hasKey ? 'it does not take the key in TINKER_API_KEY' : 'it wants a key'}.`,
    remedy: 'Put the server’s key into the environment variable TINKER_API_KEY of the process that trains.',
  });
}

export function refusedError(server: string, call: string, why: string): WorkbenchError {
  return new WorkbenchError({
    code: 'engine.refused',
    message: `The Tinker server ${server} refused ${call}: ${quoted(why)}.`,
    remedy: 'Change what it names in the run file, or look into the server’s log.',
  });
}

export function nonsenseError(server: string, call: string, what: string): WorkbenchError {
  return new WorkbenchError({
    code: 'engine.notTinker',
    message: `What ${server} answered to ${call} is not the Tinker protocol: ${quoted(what)}.`,
    remedy: 'Check engine.tinker.baseUrl: it is the address of the server itself, without /api/v1, and no proxy may answer in its place.',
  });
}

export function noNormError(server: string): WorkbenchError {
  return new WorkbenchError({
    code: 'engine.noGradientNorm',
    message: `The Tinker server ${server} tells no norm of the gradient, so that a gradient that is not finite would go unseen.`,
    remedy: 'Use a server that does, such as SkyRL.',
  });
}

export function requireFinite(values: readonly number[], what: string): void {
  if (values.every(Number.isFinite)) return;
  throw new WorkbenchError({
    code: 'engine.notFinite',
    message: `On the Tinker server, ${what} is not finite.`,
    remedy: 'Lower optimizer.learningRate; the run can be resumed from its last checkpoint, whose weights are from before.',
  });
}
