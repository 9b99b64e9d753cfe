/** Where onnxruntime can run programs: its execution providers, what an engine may expect of each, and how one that is missing is had. */
import { existsSync } from 'node:fs';

/** `cpu` is everywhere; the others run on GPUs. */
export type ProviderName = 'cpu' | 'webgpu' | 'cuda' | 'dml' | 'coreml';

/** A provider for training and logprobs, and one for sampling. */
export interface Providers {
  readonly training: ProviderName;
  readonly sampling: ProviderName;
}

interface ProviderTraits {
  /** Platforms whose package of onnxruntime-node has it, or can be given it. */
  readonly platforms: readonly string[];
  /** For the session; the binding's own defaults where it is empty. */
  readonly options: Readonly<Record<string, unknown>>;
  /** Whether the binding lets tensors stay on the device between runs. Where it does not, weights travel in every run, so sampling stays on the CPU. */
  readonly keepsTensors: boolean;
  /** What it needs of a machine, as a sentence. */
  readonly needs: string;
}

const everywhere = ['linux-x64', 'linux-arm64', 'darwin-arm64', 'win32-x64', 'win32-arm64'];

export const providerTraits: Readonly<Record<ProviderName, ProviderTraits>> = {
  cpu: { platforms: everywhere, options: {}, keepsTensors: false, needs: '' },
  webgpu: {
    platforms: ['linux-x64', 'darwin-arm64', 'win32-x64', 'win32-arm64'],
    options: {},
    keepsTensors: true,
    needs:
      'WebGPU needs a GPU whose driver speaks Vulkan (Linux: the loader libvulkan1 and the driver of the GPU; `vulkaninfo --summary` must list it), Direct3D 12 or Metal.',
  },
  cuda: {
    platforms: ['linux-x64'],
    options: {},
    keepsTensors: false,
    needs:
      "CUDA needs an NVIDIA GPU with CUDA 12 and cuDNN 9 on the library path, and onnxruntime's CUDA libraries: in a checkout of this project, fetch them once with `ONNXRUNTIME_NODE_INSTALL=cuda12 node node_modules/onnxruntime-node/script/install.js` (the packaged extension does not carry that script).",
  },
  dml: {
    platforms: ['win32-x64', 'win32-arm64'],
    options: {},
    keepsTensors: false,
    needs: 'DirectML needs Windows 10 or newer and a GPU with a Direct3D 12 driver.',
  },
  // An ML program: the older form of Core ML computes in half precision.
  coreml: { platforms: ['darwin-arm64'], options: { coreMlFlags: 0x10 }, keepsTensors: false, needs: 'Core ML needs macOS on Apple silicon.' },
};

/** Those for GPUs that this platform's package can have, the one to try first at the head. */
export function gpuProviders(platform: string = process.platform, arch: string = process.arch): ProviderName[] {
  const order: readonly ProviderName[] = ['webgpu', 'cuda', 'dml', 'coreml'];
  return order.filter((name) => providerTraits[name].platforms.includes(`${platform}-${arch}`));
}

/** Where programs sample that train on `training`, unless told otherwise. */
export function samplingBeside(training: ProviderName): ProviderName {
  return providerTraits[training].keepsTensors ? training : 'cpu';
}

/** Whether there may be a GPU: Linux shows its devices as files, elsewhere only a trial tells. */
export function mayHaveGpu(platform: NodeJS.Platform = process.platform, exists: (path: string) => boolean = existsSync): boolean {
  return platform !== 'linux' || ['/dev/dri', '/dev/nvidiactl', '/dev/dxg', '/dev/kfd'].some((path) => exists(path));
}
