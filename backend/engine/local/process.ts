/** Entry of the engine's process: one model, one call at a time in the order they came. Dies with its owner. */
import { messageOf, WorkbenchError } from '../../core/errors.ts';
import type { CallOptions, ForwardSequence, LossProgram, OptimStepRequest, SampleRequest, TrainSequence, WeightsName } from '../contract.ts';
import { LocalEngine } from './localEngine.ts';
import { providerCheck } from './providerCheck.ts';
import { deviceLost } from './providerErrors.ts';
import { speedTrial } from './speedTrial.ts';
import type { FromEngine, ToEngine, WireError } from './messages.ts';

const running = new Map<number, AbortController>();
let engine: LocalEngine | undefined;
let queue: Promise<void> = Promise.resolve();

process.on('message', (message: ToEngine) => {
  if (message.type === 'abort') {
    running.get(message.id)?.abort();
    return;
  }
  const controller = new AbortController();
  running.set(message.id, controller);
  queue = queue.then(async () => {
    try {
      controller.signal.throwIfAborted();
      send({ type: 'result', id: message.id, value: await answer(message, controller.signal) });
    } catch (error) {
      if (error instanceof WorkbenchError && error.code === deviceLost) await endWithDevice(error);
      send({ type: 'error', id: message.id, error: toWire(error) });
    } finally {
      running.delete(message.id);
    }
  });
});

// Without its owner nobody can read results or stop it.
process.on('disconnect', () => process.exit(0));
// Ctrl-C reaches the whole process group; the owner decides when the engine ends.
process.on('SIGINT', () => undefined);

async function answer(message: Exclude<ToEngine, { type: 'abort' }>, signal: AbortSignal): Promise<unknown> {
  if (message.type === 'open') {
    engine = await LocalEngine.open(message.options);
    return engine.describe();
  }
  if (message.type === 'selfCheck') return providerCheck(message.options);
  if (message.type === 'speedTrial') return speedTrial(message.options);
  if (engine === undefined) throw new Error('no model is open');
  const options: CallOptions = {
    signal,
    onProgress: throttled((done) => send({ type: 'progress', id: message.id, done })),
    ...(message.wantsTokens ? { onTokens: (tokens) => send({ type: 'tokens', id: message.id, tokens }) } : {}),
  };
  const [first, second] = message.args;
  switch (message.method) {
    case 'describe':
      return engine.describe();
    case 'sample':
      return engine.sample(first as SampleRequest, options);
    case 'forward':
      return engine.forward(first as ForwardSequence[], { ...options, weights: (second as WeightsName | undefined) ?? 'policy' });
    case 'forwardBackward':
      return engine.forwardBackward(first as TrainSequence[], second as LossProgram, options);
    case 'optimStep':
      return engine.optimStep(first as OptimStepRequest);
    case 'saveState':
      return engine.saveState(first as string);
    case 'loadState':
      return engine.loadState(first as string);
    case 'exportWeights':
      return engine.exportWeights(first as string, second as 'merged' | 'adapter');
  }
}

/** Every tensor on a lost device is gone, and the runtime cannot open another: the owner starts a new process, as after any death. */
function endWithDevice(error: WorkbenchError): Promise<never> {
  return new Promise(() => process.stderr.write(`${error.message}\n`, () => process.exit(1)));
}

function send(message: FromEngine): void {
  if (process.connected) process.send?.(message);
}

function toWire(error: unknown): WireError {
  if (!(error instanceof Error)) return { name: 'Error', message: String(error) };
  const base = { name: error.name, message: messageOf(error), ...(error.stack === undefined ? {} : { stack: error.stack }) };
  return error instanceof WorkbenchError ? { ...base, code: error.code, remedy: error.remedy } : base;
}

/** Passes at most ten reports a second. */
function throttled(report: (done: number) => void): (done: number) => void {
  let last = 0;
  return (done) => {
    const now = Date.now();
    if (now - last < 100) return;
    last = now;
    report(done);
  };
}
