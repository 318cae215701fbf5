import type { DeviceName } from './types';

/** Why a device does not compute here, and what to do. */
export interface Unavailable {
  readonly reason: string;
  readonly remedy: string;
}

/** What helps with any device. */
export const otherwise = 'Or use the device "auto".';

/** What to do about a device that does not work. */
export const remedies: Readonly<Record<DeviceName, string>> = {
  cpu: 'Use the device "cpu" or "auto".',
  cuda: `It needs an NVIDIA driver (580 or newer for CUDA 13, 525 for CUDA 12); "med-sa gpu install" fetches the rest. ${otherwise}`,
  webgpu: `It needs a GPU with a Vulkan, Direct3D 12 or Metal driver (on Linux also libvulkan1). ${otherwise}`,
  dml: `It needs a GPU with a Direct3D 12 driver. ${otherwise}`,
  coreml: `It needs macOS on Apple silicon. ${otherwise}`,
};
