/** What onnxruntime and the drivers say when a GPU is missing, full or gone, in words that name a remedy. */
import { messageOf, WorkbenchError } from '../../core/errors.ts';
import { providerTraits, type ProviderName } from './providers.ts';

const anotherProvider = 'Or set engine.provider to "cpu".';

/** Codes of errors that end the engine's process: nothing on the device can be trusted or freed after them. */
export const deviceLost = 'engine.deviceLost';

/** An error of a session or run on a provider; one of the CPU's, and one that is a `WorkbenchError` already, stays as it is. */
export function providerError(error: unknown, provider: ProviderName): unknown {
  if (provider === 'cpu' || error instanceof WorkbenchError) return error;
  const said = firstLine(messageOf(error));
  const make = (code: string, message: string, remedy: string): WorkbenchError =>
    new WorkbenchError({ code, message: `${message} (${said}).`, remedy: `${remedy} ${anotherProvider}`, cause: error });
  if (isMissing(said)) return noProvider(provider, said, error);
  if (isFull(said)) {
    return make(
      'engine.outOfMemory',
      `The GPU has too little memory for this run on ${provider}`,
      'Lower training.microBatchTokens or sampling.maxTokens, turn on training.layerCheckpointing, or train an adapter (model.lora).',
    );
  }
  if (/device[^.]{0,30}(lost|removed|hung|destroyed)|DEVICE_(LOST|REMOVED|HUNG)|CUDA failure (700|719)/i.test(said)) {
    return make(
      deviceLost,
      `The GPU was lost while ${provider} computed`,
      'If it happens again, update its driver or leave the GPU to this run alone.',
    );
  }
  return make('engine.provider', `A run on ${provider} failed`, 'Run `critique-grpo doctor` to see what the provider can do.');
}

/** Throws nothing itself: the error for a provider that this machine or package does not have. */
export function noProvider(provider: ProviderName, why: string, cause?: unknown): WorkbenchError {
  const { needs, platforms } = providerTraits[provider];
  const here = `${process.platform}-${process.arch}`;
  const remedy = platforms.includes(here) ? needs : `${provider} is there on ${platforms.join(', ')} only.`;
  return new WorkbenchError({
    code: 'engine.noProvider',
    message: `This machine cannot run the engine on ${provider}: ${why.replace(/\.$/, '')}.`,
    remedy: `${remedy} ${anotherProvider}`,
    ...(cause === undefined ? {} : { cause }),
  });
}

/** A buffer that could not be had is first missed where it is used; one above the limit of the GPU is refused, or split into too many. */
function isFull(said: string): boolean {
  return /out of (device )?memory|OutOfMemory|OUT_OF_(DEVICE_)?MEMORY|failed to allocate|CUDA failure 2\b|Invalid Buffer.*previous error|exceeds the max buffer size|Too many storage buffers/i.test(
    said,
  );
}

function isMissing(said: string): boolean {
  return /no available backend|backend not found|supported adapters|get a WebGPU (adapter|device)|Failed to load (shared )?library|no CUDA-capable device|CUDA driver version|CUDA failure (35|100)|provider.*not (available|enabled)/i.test(
    said,
  );
}

/** The runtime's sentence without the source lines in front of it. */
function firstLine(text: string): string {
  const line = text.split('\n').find((part) => part.trim() !== '') ?? text;
  const sentence = /was false\. (.+)$/.exec(line)?.[1] ?? line.replace(/^.*?\.(?:cc|h|cpp):\d+ \S+ /, '');
  return sentence.trim().replace(/\.$/, '').slice(0, 400);
}
