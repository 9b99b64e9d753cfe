/** On which provider an engine trains and on which it samples, and what of the model lies on a device for it. */
import { collectGradients, dropGradients } from './accumulating.ts';
import { Device } from './device.ts';
import type { LocalEngineOptions } from './messages.ts';
import { providerTraits, samplingBeside, type ProviderName, type Providers } from './providers.ts';
import type { SessionOptions, Tensor } from './session.ts';

export type Use = keyof Providers;
type Feeds = Readonly<Record<string, Tensor>>;

export class Placement {
  private readonly threads: number;
  private readonly providers: Providers;
  /** Only one provider keeps tensors, so there is only one. */
  private readonly device: Device | undefined;

  constructor({
    threads,
    provider = 'cpu',
    samplingProvider = samplingBeside(provider),
  }: Pick<LocalEngineOptions, 'threads' | 'provider' | 'samplingProvider'>) {
    this.threads = threads;
    this.providers = { training: provider, sampling: samplingProvider };
    const keeping = [provider, samplingProvider].find((name) => providerTraits[name].keepsTensors);
    this.device = keeping === undefined ? undefined : new Device({ threads, provider: keeping });
  }

  /** `training` is what logprobs are computed on, too. */
  provider(use: Use): ProviderName {
    return this.providers[use];
  }

  get isSplit(): boolean {
    return this.providers.training !== this.providers.sampling;
  }

  sessionOptions(use: Use): SessionOptions {
    const device = this.deviceFor(use);
    return { threads: this.threads, provider: this.providers[use], ...(device === undefined ? {} : { device }) };
  }

  /** The device that programs of that use keep tensors on. */
  deviceFor(use: Use): Device | undefined {
    return providerTraits[this.providers[use]].keepsTensors ? this.device : undefined;
  }

  /** Parameters and tables as programs of that use take them: from the device where it keeps them. */
  async feeds(use: Use, tensors: Feeds): Promise<Feeds> {
    return (await this.deviceFor(use)?.twinsOf(tensors)) ?? tensors;
  }

  /** As `feeds`, with what `feeds` has not seen as it is. */
  knownFeeds(use: Use, tensors: Feeds): Feeds {
    return this.deviceFor(use)?.knownTwins(tensors) ?? tensors;
  }

  /** Call after the numbers in these tensors have changed. */
  changed(tensors: Iterable<Tensor>): void {
    this.device?.forget(tensors);
  }

  /** Makes the gradients complete. */
  async collectGradients(): Promise<void> {
    if (this.device !== undefined) await collectGradients(this.device);
  }

  dropGradients(): void {
    if (this.device !== undefined) dropGradients(this.device);
  }

  async dispose(): Promise<void> {
    this.dropGradients();
    await this.device?.dispose();
  }
}
