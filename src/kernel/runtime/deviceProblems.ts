import fs from 'node:fs';
import path from 'node:path';
import { providerFile } from '../gpu/needs';
import { cudaPlace } from './cudaRuntime';
import { plainReason } from './errors';
import { missingLibrary, openLibrary } from './nativeLibraries';
import { otherwise, remedies, type Unavailable } from './remedies';
import type { DeviceName } from './types';

/**
 * Why a device failed its trial, as precisely as this machine tells: the missing library by its name, a driver that is
 * missing or too old, no adapter. `message` is ONNX Runtime's own, which for a provider that does not load says only that.
 */
export function deviceProblem(device: DeviceName, message: string): Unavailable {
  if (device === 'cuda') return process.platform === 'linux' ? cudaProblem(message) : plain(device, message);
  if (device === 'webgpu' && /adapter/i.test(message)) return webgpuProblem(message);
  return plain(device, message);
}

const plain = (device: DeviceName, message: string): Unavailable => ({
  reason: plainReason(message),
  remedy: remedies[device],
});

function cudaProblem(message: string): Unavailable {
  const driver = openLibrary('libcuda.so.1');
  const { folder, cuda } = cudaPlace();
  const provider = path.join(folder, providerFile);
  const installed = fs.existsSync(provider);
  if (driver !== null) return noDriver(driver, installed);
  if (!installed) {
    const reason = `ONNX Runtime's CUDA provider (${providerFile}) is not installed`;
    return { reason, remedy: `"med-sa gpu install" fetches it (about 1.4 GB). ${otherwise}` };
  }
  return cudaFailure(message, cuda) ?? notLoaded(provider) ?? plain('cuda', message);
}

function noDriver(problem: string, installed: boolean): Unavailable {
  const missing = missingLibrary(problem);
  const reason =
    missing === null ? `the NVIDIA driver does not load (${problem})` : `the NVIDIA driver is missing (${missing})`;
  const rest = installed ? 'everything else is installed' : 'then "med-sa gpu install" fetches the rest';
  return { reason, remedy: `Install the driver of the NVIDIA GPU; ${rest}. ${otherwise}` };
}

/** CUDA's own errors (cudaError_t), by number or words. */
function cudaFailure(message: string, cuda: number | null): Unavailable | null {
  if (/driver version is insufficient|CUDA failure 35\b/i.test(message)) {
    const older = cuda === 13 ? 'or "med-sa gpu install --cuda 12" for an older one' : '';
    const reason = `the NVIDIA driver is too old${cuda === null ? '' : ` for CUDA ${cuda}`}`;
    return { reason, remedy: `Update the driver ${older}. ${otherwise}`.replace(' .', '.') };
  }
  if (/no CUDA-capable device|CUDA failure 100\b/i.test(message)) {
    const remedy = `Check it with nvidia-smi; in a container, the GPU must be passed in. ${otherwise}`;
    return { reason: 'the NVIDIA driver finds no GPU', remedy };
  }
  if (/no kernel image is available|CUDA failure 209\b/i.test(message)) {
    const remedy = `"med-sa gpu install --cuda 12" fetches a CUDA that still knows it. ${otherwise}`;
    return { reason: `the GPU is too old${cuda === null ? '' : ` for CUDA ${cuda}`}`, remedy };
  }
  return null;
}

/** Asks the loader what ONNX Runtime keeps to its log. */
function notLoaded(provider: string): Unavailable | null {
  const problem = openLibrary(provider);
  if (problem === null) return null;
  const missing = missingLibrary(problem);
  const reason = missing === null ? problem : `the library ${missing} is missing`;
  return { reason, remedy: `"med-sa gpu install" fetches what CUDA needs. ${otherwise}` };
}

function webgpuProblem(message: string): Unavailable {
  const loader = process.platform === 'linux' ? openLibrary('libvulkan.so.1') : null;
  if (loader !== null) {
    const reason = `the library ${missingLibrary(loader) ?? loader} is missing`;
    return { reason, remedy: `Install libvulkan1 and the Vulkan driver of the GPU. ${otherwise}` };
  }
  return {
    reason: `there is no adapter: no GPU with a driver answers (${plainReason(message)})`,
    remedy: remedies.webgpu,
  };
}
