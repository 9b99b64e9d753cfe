/** Which GPU providers this machine has, whether they compute right, and whether they are faster than its processor. */
import { WorkbenchError } from '../core/errors.ts';
import { providerTraits, samplingBeside, type ProviderName } from '../engine/local/providers.ts';
import type { SpeedTrial } from '../engine/local/speedTrial.ts';
import { chooseProviders, faultOf, machineOf, providersText, type Machine } from '../training/engineProviders.ts';
import { engineOptionsOf } from '../training/policy.ts';
import type { Check, Facts, Finding, Patient } from './doctorCheck.ts';

export const gpuCheck: Check = {
  name: 'gpu',
  needs: [],
  examine(patient, facts) {
    const { config, context, threads } = patient;
    const own = { entry: context.entries.engine, model: facts.model?.path ?? '', threads, keepReference: false };
    return examineGpus(patient, facts, machineOf(engineOptionsOf(config, own)));
  },
};

/** What was found out about one provider. */
type Examined =
  | { readonly provider: ProviderName; readonly state: 'missing'; readonly why: string; readonly remedy: string }
  | { readonly provider: ProviderName; readonly state: 'wrong'; readonly why: string }
  | { readonly provider: ProviderName; readonly state: 'right'; readonly text: string };

/** A provider that the run asks for must be there and right; others only inform. */
export async function examineGpus({ config, signal }: Patient, facts: Facts, machine: Machine): Promise<Finding> {
  const { provider: asked } = config.engine;
  const here = `${process.platform}-${process.arch}`;
  if (machine.gpus.length === 0 && (asked === 'auto' || asked === 'cpu')) {
    return { status: 'ok', detail: `onnxruntime-node has no GPU provider for ${here}; the engine runs on the CPU` };
  }
  let ofCpu: Promise<SpeedTrial> | undefined;
  const remembered: Machine = { ...machine, speed: (provider) => (provider === 'cpu' ? (ofCpu ??= machine.speed('cpu')) : machine.speed(provider)) };
  const examined: Examined[] = [];
  for (const provider of machine.gpus) {
    signal.throwIfAborted();
    examined.push(await examineOne(provider, remembered, facts.model !== undefined));
  }
  const detail = examined.map((one) => `${one.provider}: ${one.state === 'right' ? one.text : one.why}`).join('; ');
  if (asked !== 'auto' && asked !== 'cpu') {
    const { training, sampling } = await chooseProviders(asked, machine);
    return { status: 'ok', detail: `the run computes on ${providersText({ training, sampling })}; ${detail}` };
  }
  const wrong = examined.filter(({ state }) => state === 'wrong');
  if (wrong.length > 0) return { status: 'warning', detail, remedy: "The engine does not use it. Update the GPU's driver." };
  if (examined.some(({ state }) => state === 'right')) return { status: 'ok', detail };
  const remedies = machine.mayHaveGpu ? examined.flatMap((one) => (one.state === 'missing' ? [one.remedy] : [])) : [];
  const why = machine.mayHaveGpu
    ? detail
    : `this machine shows no GPU; the engine runs on the CPU (for ${here} there are ${machine.gpus.join(', ')})`;
  return { status: 'ok', detail: why, ...(remedies.length === 0 ? {} : { remedy: remedies.join(' ') }) };
}

async function examineOne(provider: ProviderName, machine: Machine, hasModel: boolean): Promise<Examined> {
  try {
    const result = await machine.check(provider);
    const fault = faultOf(result);
    if (fault !== undefined) return { provider, state: 'wrong', why: `computes wrongly: ${fault}` };
    const repeats = result.repeats === false ? 'a second run differs in the last digits' : 'a second run gives the same bytes';
    const speed = hasModel ? await speedText(provider, machine) : '';
    return { provider, state: 'right', text: `right to ${result.maxRelativeError.toExponential(0)}, ${repeats}${speed}` };
  } catch (error) {
    if (!(error instanceof WorkbenchError)) throw error;
    const isMissing = error.code === 'engine.noProvider';
    const why = isMissing ? 'not on this machine' : error.message;
    return { provider, state: 'missing', why, remedy: isMissing ? providerTraits[provider].needs : error.remedy };
  }
}

async function speedText(provider: ProviderName, machine: Machine): Promise<string> {
  const [there, here] = [await machine.speed(provider), await machine.speed('cpu')];
  const times = (a: number, b: number): string => `${Number((a / b).toPrecision(2))}×`;
  const sampling = samplingBeside(provider) === provider ? ` and samples at ${times(there.sampled, here.sampled)}` : '';
  return `, trains at ${times(there.trained, here.trained)}${sampling} the speed of the CPU (two layers of this model)`;
}
