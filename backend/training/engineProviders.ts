/** Which provider a run computes on: what the run file asks for, or the GPU where it is there, right and faster. */
import { messageOf, WorkbenchError } from '../core/errors.ts';
import { EngineProcess, type EngineProcessOptions } from '../engine/local/client.ts';
import { gpuProviders, mayHaveGpu, samplingBeside, type ProviderName, type Providers } from '../engine/local/providers.ts';
import type { SelfCheckResult } from '../engine/local/selfCheck.ts';
import type { SpeedTrial } from '../engine/local/speedTrial.ts';
import type { RunConfig } from '../protocol/runConfig.ts';

export interface ProviderChoice extends Providers {
  /** Why, as a sentence; undefined where there was nothing to choose. */
  readonly reason?: string;
}

/** What is asked of a machine. */
export interface Machine {
  readonly mayHaveGpu: boolean;
  /** Those to try, in order. */
  readonly gpus: readonly ProviderName[];
  check(provider: ProviderName): Promise<SelfCheckResult>;
  /** With everything on that provider. */
  speed(provider: ProviderName): Promise<SpeedTrial>;
}

/** A GPU is taken where it is so much faster: a choice that hangs on noise would give other digits at the next start. */
const worthwhile = 1.5;

export const onCpu: Providers = { training: 'cpu', sampling: 'cpu' };

/** Throws `engine.noProvider` or `engine.wrongNumbers` for a provider that was asked for by name; `auto` never throws. */
export async function chooseProviders(asked: RunConfig['engine']['provider'], machine: Machine): Promise<ProviderChoice> {
  if (asked === 'cpu') return onCpu;
  if (asked === 'auto') return machine.mayHaveGpu ? chooseFastest(machine) : onCpu;
  const providers: Providers = { training: asked, sampling: samplingBeside(asked) };
  await requireRight(providers, machine);
  const unsteady = (await machine.check(asked)).repeats === false ? ` ${unsteadyText(asked)}` : '';
  return { ...providers, reason: `The engine runs on ${providersText(providers)}, as asked.${unsteady}` };
}

/** Throws `engine.noProvider` or `engine.wrongNumbers`. */
export async function requireRight({ training, sampling }: Providers, machine: Pick<Machine, 'check'>): Promise<void> {
  for (const provider of new Set([training, sampling])) {
    if (provider === 'cpu') continue;
    const fault = faultOf(await machine.check(provider));
    if (fault === undefined) continue;
    throw new WorkbenchError({
      code: 'engine.wrongNumbers',
      message: `${provider} computes wrongly on this machine: ${fault}.`,
      remedy: 'Update the GPU\'s driver, or set engine.provider to "cpu".',
    });
  }
}

/** `webgpu`, or `cuda, sampling on cpu`. */
export function providersText({ training, sampling }: Providers): string {
  return training === sampling ? training : `${training}, sampling on ${sampling}`;
}

/** What is wrong with a provider's numbers, with the op and the error; undefined if nothing is. */
export function faultOf({ ok, worst, maxRelativeError, op }: SelfCheckResult): string | undefined {
  if (ok) return undefined;
  return `${worst} is wrong by ${maxRelativeError.toExponential(0)} of its size${op === undefined ? '' : `; the first op that differs is ${op}`}`;
}

function unsteadyText(provider: ProviderName): string {
  return `On ${provider} a second run differs in the last digits, so a run that is resumed there may not repeat what is recorded.`;
}

async function chooseFastest(machine: Machine): Promise<ProviderChoice> {
  const refused: string[] = [];
  for (const provider of machine.gpus) {
    try {
      const result = await machine.check(provider);
      const fault = faultOf(result);
      if (fault === undefined && result.repeats !== false) return await compareWithCpu(provider, machine);
      refused.push(fault === undefined ? unsteadyText(provider) : `${provider} computes wrongly: ${fault}.`);
    } catch (error) {
      // That there is no such GPU is the usual case and not worth a word.
      if (error instanceof WorkbenchError && error.code === 'engine.noProvider') continue;
      refused.push(`${provider} cannot be used: ${messageOf(error)}`);
    }
  }
  return refused.length === 0 ? onCpu : { ...onCpu, reason: `The engine runs on the CPU. ${refused.join(' ')}` };
}

async function compareWithCpu(gpu: ProviderName, machine: Machine): Promise<ProviderChoice> {
  const [there, here] = [await machine.speed(gpu), await machine.speed('cpu')];
  const training = there.trained >= worthwhile * here.trained ? gpu : 'cpu';
  const sampling = samplingBeside(gpu) === gpu && there.sampled >= worthwhile * here.sampled ? gpu : 'cpu';
  const ratio = (a: number, b: number): string => `${(a / b).toFixed(1)} times`;
  const speeds = `at two layers of this model ${gpu} trains at ${ratio(there.trained, here.trained)} and samples at ${ratio(there.sampled, here.sampled)} the CPU's speed`;
  const place = training === 'cpu' && sampling === 'cpu' ? 'the CPU' : providersText({ training, sampling });
  return { training, sampling, reason: `The engine runs on ${place}: ${speeds}.` };
}

const checks = new Map<string, Promise<SelfCheckResult>>();

/** This machine; what its providers compute is checked once in this process. */
export function machineOf(engine: EngineProcessOptions): Machine {
  const { entry, threads } = engine;
  return {
    mayHaveGpu: mayHaveGpu(),
    gpus: gpuProviders(),
    check(provider) {
      const key = `${provider} ${threads} ${entry}`;
      const known = checks.get(key);
      if (known !== undefined) return known;
      const check = EngineProcess.selfCheck({ entry, threads, provider });
      checks.set(key, check);
      check.catch(() => checks.delete(key));
      return check;
    },
    speed: (provider) => EngineProcess.speedTrial({ ...engine, provider, samplingProvider: provider }),
  };
}
