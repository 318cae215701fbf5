import { compile, input, matMul } from '../graph';
import { messageOf, plainReason } from './errors';
import { sessionOptions, type Runtime } from './onnxRuntime';
import type { DeviceName } from './types';

export interface Unavailable {
  readonly reason: string;
  readonly remedy: string;
}

/**
 * Whether the device computes right here: one small matrix product with no way out to the CPU. Null when it does.
 * A broken driver can end the process: `devices.ts` therefore asks in a process that may end.
 */
export async function probeDevice(runtime: Runtime, device: DeviceName): Promise<Unavailable | null> {
  const supported = runtime.listSupportedBackends().map(({ name }) => name);
  if (!supported.includes(device)) {
    const builds = `this build for ${process.platform} ${process.arch} has ${supported.join(', ')}`;
    return { reason: `ONNX Runtime does not know it here (${builds})`, remedy: remedies.cpu };
  }
  if (device === 'cpu') return null;
  try {
    const product = await squareOnDevice(runtime, device, [1, 2, 3, 4]);
    if (product.join() === '7,10,15,22') return null;
    return { reason: `it computes wrong values ([1 2; 3 4]² = ${product.join(' ')})`, remedy: remedies[device] };
  } catch (error) {
    return { reason: plainReason(messageOf(error)), remedy: remedies[device] };
  }
}

/** x · x of a 2×2 matrix; the values are small integers, exact in any precision. */
async function squareOnDevice(runtime: Runtime, device: DeviceName, values: readonly number[]): Promise<number[]> {
  const x = input('x', [2, 2]);
  const model = compile('probe', { product: matMul(x, x) }).emit();
  const session = await runtime.InferenceSession.create(
    model,
    sessionOptions(device, { threads: 1, deviceOnly: true }),
  );
  try {
    const { product } = await session.run({ x: new runtime.Tensor('float32', Float32Array.from(values), [2, 2]) });
    return Array.from(product.data as Float32Array);
  } finally {
    await session.release();
  }
}

/** What to do about a device that does not work. */
export const remedies: Readonly<Record<DeviceName, string>> = {
  cpu: 'Use the device "cpu" or "auto".',
  cuda:
    'It needs an NVIDIA driver, CUDA 12, cuDNN 9 and the CUDA libraries of onnxruntime-node, which npm leaves out: ' +
    '"ONNXRUNTIME_NODE_INSTALL=cuda12 npm rebuild onnxruntime-node --ignore-scripts=false" fetches them. ' +
    'Or use the device "auto".',
  webgpu:
    'It needs a GPU with a Vulkan, Direct3D 12 or Metal driver (on Linux also libvulkan1). Or use the device "auto".',
  dml: 'It needs a GPU with a Direct3D 12 driver. Or use the device "auto".',
  coreml: 'It needs macOS on Apple silicon. Or use the device "auto".',
};
